"""Where in Azure a custom resource may have anything read or written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id

if TYPE_CHECKING:
    from collections.abc import Iterable

_KINDS: Final = frozenset({"microsoft.resources/subscriptions", "microsoft.resources/resourcegroups"})


@dataclass(frozen=True, slots=True)
class Scopes:
    """Subscriptions and resource groups; whatever lies in one of them is inside."""

    ids: tuple[str, ...] | None
    """As the administrator wrote them; None lets in everything."""

    setting: str = ""
    """Where the administrator wrote them, such as `azure.allowedScopes`: advice names it."""

    @staticmethod
    def of(ids: Iterable[str], setting: str) -> Scopes:
        """Read the ids of a setting.

        Args:
            ids: of subscriptions and resource groups, such as `/subscriptions/s/resourceGroups/ml`.
            setting: its name, for the advice of who is refused.

        Raises:
            ValueError: when one is neither a subscription nor a resource group.
        """
        found = [resource_id(each) for each in ids]
        for each in found:
            if each.type not in _KINDS:
                raise ValueError(f"{setting}: {each} is neither a subscription nor a resource group")
        return Scopes(tuple(each.text for each in found), setting)

    def admit(self, path: str) -> None:
        """Let a resource, or a collection of resources, be asked for.

        Raises:
            AzureProblem: reason OutsideScope, when it lies in none of the scopes.
        """
        if self.ids is not None and not self._holds(path):
            raise self._outside(path)

    def admit_query(self, subscription: str) -> None:
        """Let Resource Graph be asked about a subscription of which at least one resource group is inside.

        It tells where to look only: what a row names is read by its id before it counts, and that is guarded.

        Raises:
            AzureProblem: reason OutsideScope, when no scope lies in the subscription.
        """
        known = {each.split("/")[2].lower() for each in self.ids or ()}
        if self.ids is not None and subscription.lower() not in known:
            raise self._outside(f"/subscriptions/{subscription}")

    def _holds(self, path: str) -> bool:
        parts = [unquote(part).lower() for part in path.split("/") if part]
        # Such parts lead elsewhere once the path is normalized on its way.
        if any(part in {".", ".."} or not part.isprintable() or set(part) & set("/\\?#") for part in parts):
            return False
        return any(
            parts[: len(scope)] == scope for scope in (each.lower().split("/")[1:] for each in self.ids or ())
        )

    def _outside(self, path: str) -> AzureProblem:
        """Tried again slowly: it heals when the setting changes, and refusing it costs Azure nothing."""
        return AzureProblem(
            reasons.OUTSIDE_SCOPE,
            f"{path} lies outside of what this custom resource may use: {', '.join(self.ids or ()) or 'nothing'}",
            f"Name a resource inside, or have an administrator add its subscription or resource group to"
            f" {self.setting}.",
            Retry.SLOW,
            Severity.USER,
        )


EVERYWHERE: Final = Scopes(None)

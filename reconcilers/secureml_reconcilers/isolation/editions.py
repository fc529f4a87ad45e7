"""The two editions that workspaces once had, and what each allowed (WS-ED-01 to WS-ED-09, ACR-ED-01).

There is one edition now, and every workspace made today calls itself Basic whatever was ordered. So this is
looked at only where the spec asks for it, for landscapes that are still described in those terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.isolation.body_values import list_in, text_in
from secureml_reconcilers.isolation.prerequisites import is_private
from secureml_reconcilers.isolation.services import CONTAINER_REGISTRY, KEY_VAULT, STORAGE
from secureml_reconcilers.isolation.stranded_computes import has_approved_endpoint
from secureml_reconcilers.isolation.workspace_context import named_by_workspace, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.services import Service
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_BOTH: Final = frozenset({"enterprise", "basic"})
_ENTERPRISE: Final = frozenset({"enterprise"})


@dataclass(frozen=True, slots=True)
class Situation:
    """What the matrix is about, as Azure shows it."""

    workspace_private: bool
    """The workspace has a private endpoint."""

    others: str
    """How account and vault are reached: `open`, `rules` of a network, or `endpoints`."""

    registry_private: bool
    own_keys: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix."""

    rules: tuple[str, ...]
    what: str
    editions: frozenset[str]
    workspace_private: bool | None = None
    """None where the row does not ask."""

    others: str = ""
    """Empty where the row does not ask."""

    registry_private: bool = False
    own_keys: bool = False

    def applies(self, found: Situation) -> bool:
        """Whether the workspace is in the situation of this row."""
        return (
            self.workspace_private in {None, found.workspace_private}
            and self.others in {"", found.others}
            and self.registry_private <= found.registry_private
            and self.own_keys <= found.own_keys
        )


MATRIX: Final = (
    Row(("WS-ED-01",), "nothing is private", _BOTH, workspace_private=False, others="open"),
    Row(("WS-ED-02",), "services admit a network", _BOTH, workspace_private=False, others="rules"),
    Row(("WS-ED-03",), "services have endpoints", _ENTERPRISE, workspace_private=False, others="endpoints"),
    Row(
        ("WS-ED-04",),
        "the workspace has an endpoint, services admit a network",
        _BOTH,
        workspace_private=True,
        others="rules",
    ),
    Row(
        ("WS-ED-05",),
        "workspace and services have endpoints",
        _ENTERPRISE,
        workspace_private=True,
        others="endpoints",
    ),
    Row(("WS-ED-06",), "the workspace alone has an endpoint", _BOTH, workspace_private=True, others="open"),
    Row(("WS-ED-07", "ACR-ED-01"), "the registry is private", _ENTERPRISE, registry_private=True),
    Row(("WS-ED-08",), "it is encrypted with keys of its owner", _ENTERPRISE, own_keys=True),
)


def editions(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """What the workspace's edition did not allow, a finding per row of the matrix; nothing without the switch."""
    if not context.spec.legacy_edition_checks:
        return
    body = workspace(context, azure)
    edition = text_in(body, "sku.name", text_in(body, "sku.tier")).lower()
    found = _situation(context, azure, body)
    yield Check(
        f"{context.workspace.name} names an edition",
        edition in _BOTH,
        reasons.EDITION_UNKNOWN,
        f"The workspace's SKU is {edition or 'not shown'}, which is neither of the two editions.",
        "Set spec.legacyEditionChecks to false: editions are gone, and Azure checks none.",
        ("WS-ED-09",),
        context.workspace,
        CheckLevel.ADVISORY,
    )
    yield from (
        _check(context, row, edition, holds=edition in row.editions or not row.applies(found)) for row in MATRIX
    )


def _check(context: WorkspaceContext, row: Row, edition: str, *, holds: bool) -> Check:
    return Check(
        f"edition of {context.workspace.name} where {row.what}",
        holds,
        reasons.EDITION_TOO_LOW,
        f"The workspace calls itself {edition or 'nothing'}, and where {row.what} that took"
        f" {' or '.join(sorted(row.editions)).title()}.",
        "Azure has one edition now. Set spec.legacyEditionChecks to false to hear no more of it.",
        row.rules,
        context.workspace,
        CheckLevel.ADVISORY,
    )


def _situation(context: WorkspaceContext, azure: View, body: Body) -> Situation:
    others = [_reached(_body_of(context, azure, service)) for service in (STORAGE, KEY_VAULT)]
    registry = _body_of(context, azure, CONTAINER_REGISTRY)
    return Situation(
        has_approved_endpoint(body),
        next((way for way in ("endpoints", "rules") if way in others), "open"),
        registry is not None and is_private(registry),
        text_in(body, "properties.encryption.status").lower() == "enabled",
    )


def _reached(body: Body | None) -> str:
    if body is not None and has_approved_endpoint(body):
        return "endpoints"
    return "rules" if list_in(body, "properties.networkAcls.virtualNetworkRules") else "open"


def _body_of(context: WorkspaceContext, azure: View, service: Service) -> Body | None:
    """None where the workspace names none, or it cannot be read, which its own aspect tells."""
    try:
        named = named_by_workspace(context, azure, service)
        return azure.get(named) if named is not None else None
    except AzureProblem:
        return None

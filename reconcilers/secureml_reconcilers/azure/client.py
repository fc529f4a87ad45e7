"""Azure Resource Manager: open everywhere, or through a door of one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secureml_reconcilers.azure.door import Door
from secureml_reconcilers.azure.scopes import EVERYWHERE, Scopes
from secureml_reconcilers.azure.sending import ArmRequest, Sender
from secureml_reconcilers.azure.throttle import Requester

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from secureml_reconcilers.azure.throttle import Throttle

__all__ = ["ArmClient", "ArmRequest"]


class ArmClient(Door):
    """The operator's connection to Azure; itself a door that is open everywhere and asks for nobody."""

    def __init__(
        self,
        clients: Mapping[str, Any],
        base_url: str,
        throttle: Throttle,
        on_request: Callable[[ArmRequest], None],
        ourselves: Container[str],
    ) -> None:
        """Wrap management clients that share one transport; see `connection.open_arm`."""
        super().__init__(Sender(clients, base_url, throttle, on_request), ourselves, None, EVERYWHERE)

    def within(self, requester: str, scopes: Scopes) -> Door:
        """Open a door for one pass.

        Args:
            requester: the custom resource; its next pass takes the place in the line for the budget that this one
                was given.
            scopes: where the pass may read and write.

        Returns:
            An `Arm`; used with `with`, it tells at the end that the pass is over.
        """
        return Door(self._sender, self._ourselves, Requester(requester), scopes)

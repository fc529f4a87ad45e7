"""Azure Resource Manager: open everywhere, or through a door of one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.azure.door import Door
from secureml_reconcilers.azure.scopes import EVERYWHERE, Scopes
from secureml_reconcilers.azure.sending import ArmRequest
from secureml_reconcilers.azure.throttle import Requester

if TYPE_CHECKING:
    from collections.abc import Container

    from secureml_reconcilers.azure.ml import MachineLearning
    from secureml_reconcilers.azure.sending import Sender

__all__ = ["ArmClient", "ArmRequest"]


class ArmClient(Door):
    """The operator's connection to Azure; itself a door that is open everywhere and asks for nobody."""

    def __init__(self, sender: Sender, ourselves: Container[str], ml: MachineLearning | None = None) -> None:
        """Wrap what `connection.open_arm` made."""
        super().__init__(sender, ourselves, None, EVERYWHERE, ml)

    def within(self, requester: str, scopes: Scopes) -> Door:
        """Open a door for one pass.

        Args:
            requester: the custom resource; its next pass takes the place in the line for the budget that this one
                was given.
            scopes: where the pass may read and write.

        Returns:
            An `Arm`; used with `with`, it tells at the end that the pass is over.
        """
        return Door(self._sender, self._ourselves, Requester(requester), scopes, self._ml)

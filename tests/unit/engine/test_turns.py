"""A pass acts and looks again a few times; what takes longer goes on in the next one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.unit.engine.building import GROUP, NOW, shown

from secureml_reconcilers.azure.arm import Accepted, NotFound
from secureml_reconcilers.engine.blocks import Aspect, Composition, Ensure
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.reconciler import TURNS, Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.view import View

ACCOUNTS = [GROUP.resource("Microsoft.Storage/storageAccounts", f"a{number}") for number in range(TURNS + 3)]


@dataclass
class Azure:
    """Makes everything at once."""

    made: set[str] = field(default_factory=set)

    async def read(self, target: ResourceId) -> Answer:
        """Show what was made."""
        return shown(target) if target.key in self.made else NotFound()

    async def write(self, _: str, target: ResourceId, *__: Any, **___: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Make it."""
        self.made.add(target.key)
        return Accepted(None, running=False)


class OneByOne:
    """A kind that makes one account after the other."""

    def declare(self, _: Mapping[str, Any], owner: str) -> Composition:
        """Each waits for the one before."""

        def blocks(view: View) -> Blocks:
            before: tuple[Ensure, ...] = ()
            for account in ACCOUNTS:
                view.answer(account)
                before = (Ensure(account, {}, "it is wanted", create={}, shared=True, after=before),)
                yield from before

        return Composition((Aspect("Made", blocks),), owner)


class Journal:
    """Nothing is kept."""

    async def announce(self, _: Status) -> None:
        """Take it."""


async def test_what_takes_more_turns_than_a_pass_has_goes_on_soon() -> None:
    """Eleven accounts, one after the other: the last three once waited for the resync, half an hour later."""
    azure = Azure()
    engine = Engine(OneByOne(), azure, clock=lambda: NOW, cluster="east")  # type: ignore[arg-type]
    request = ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, {})
    first = await engine.reconcile(request, Journal())
    assert len(azure.made) == TURNS
    assert first.requeue_after is not None
    assert first.requeue_after <= timedelta(seconds=1)
    second = await engine.reconcile(replace(request, status=first.status), Journal())
    assert (len(azure.made), second.requeue_after) == (len(ACCOUNTS), None)

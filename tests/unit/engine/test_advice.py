"""Advice is told when it is news, and not again because it could not be seen for a moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.unit.engine.building import ACCOUNT, NOW, fact, problem, shown

from secureml_reconcilers.azure.problem import Retry, Severity
from secureml_reconcilers.engine.blocks import Aspect, CheckLevel, Composition, Ensure
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Present
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.view import View

BUSY = problem("AzureBusy", retry=Retry.SOON, severity=Severity.NOBODY)


@dataclass
class Azure:
    """An account that lets others in."""

    lets_in: bool = True
    busy: bool = False
    state: str = "Succeeded"
    now: datetime = NOW

    async def read(self, target: ResourceId) -> Present:
        """Show it, or be busy."""
        if self.busy:
            raise BUSY
        return shown(target, self.state, properties={"letsIn": self.lets_in})


class Accounts:
    """A kind that has something to say of an account, once it has settled."""

    def declare(self, _: Mapping[str, Any], owner: str) -> Composition:
        """It exists, and should let nobody in."""

        def blocks(view: View) -> Blocks:
            body = view.get(ACCOUNT)
            yield Ensure(ACCOUNT, {}, "it is wanted")
            if body is not None and view.settled(ACCOUNT):
                yield fact(
                    "nobody else gets in", holds=not body["properties"]["letsIn"], level=CheckLevel.ADVISORY
                )

        return Composition((Aspect("Known", blocks),), owner)


class Journal:
    """Nothing is written."""

    async def announce(self, status: Status) -> None:
        """Fail."""
        raise AssertionError(status)


@dataclass
class Run:
    """One custom resource, pass after pass."""

    azure: Azure = field(default_factory=Azure)
    request: ReconcileRequest = field(
        default_factory=lambda: ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, {})
    )

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """The process remembers nothing; the status stands."""
        self.engine = Engine(Accounts(), self.azure, clock=lambda: self.azure.now, cluster="east")  # type: ignore[arg-type]

    async def told(self, **world: Any) -> bool:  # noqa: ANN401 - columns
        """Whether a pass warns of it, in a world that has changed a little."""
        for name, value in world.items():
            setattr(self.azure, name, value)
        outcome = await self.engine.reconcile(self.request, Journal())
        self.request = replace(self.request, status=outcome.status)
        self.azure.now += outcome.requeue_after or timedelta(minutes=30)
        return any(event.reason == "SkyGrey" for event in outcome.events)


async def test_what_could_not_be_read_for_a_moment_is_no_news_afterwards() -> None:
    """Every 503 of the account once brought the same warning, on a resource that is Ready."""
    run = Run()
    assert await run.told()
    for _ in range(3):
        assert not await run.told(busy=True)
        assert not await run.told(busy=True)
        assert not await run.told(busy=False)


async def test_neither_is_it_after_an_operation() -> None:
    """Of what Azure works on, nothing is said."""
    run = Run()
    assert await run.told()
    assert not await run.told(state="Updating")
    assert not await run.told(state="Succeeded")


async def test_nor_when_the_process_begins_in_the_midst_of_it() -> None:
    """What the status told is known."""
    run = Run()
    assert await run.told()
    run.restart()
    assert not await run.told(busy=True)
    assert not await run.told(busy=False)


async def test_what_was_first_hidden_is_news() -> None:
    """That it could not be read at first does not keep it from being told."""
    run = Run()
    assert not await run.told(busy=True)
    assert await run.told(busy=False)


async def test_what_was_mended_and_is_so_again_is_news() -> None:
    """Somebody let them in once more, and a busy moment in between changes nothing."""
    run = Run()
    assert await run.told()
    assert not await run.told(lets_in=False)
    assert not await run.told(busy=True)
    assert await run.told(busy=False, lets_in=True)

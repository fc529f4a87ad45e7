"""Advice is told when it is news, and not again because it could not be seen for a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.engine.building import ACCOUNT, fact, problem, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.problem import Retry, Severity
from secureml_reconcilers.engine.blocks import CheckLevel

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

BUSY = problem("AzureBusy", retry=Retry.SOON, severity=Severity.NOBODY)


def lets_nobody_in(view: View) -> Blocks:
    """An account that exists, and of which something is to be said once it has settled."""
    body = view.get(ACCOUNT)
    yield wants(fragment={})
    if body is not None and view.settled(ACCOUNT):
        yield fact("nobody else gets in", holds=not body["properties"]["letsIn"], level=CheckLevel.ADVISORY)


class Advised(Run):
    """A custom resource whose account lets others in."""

    def __init__(self) -> None:
        arm = FakeArm(FakeClock(), may_write=False).put(shown(ACCOUNT, properties={"letsIn": True}))
        super().__init__(Kind(lets_nobody_in), arm)

    async def told(self, *, busy: bool = False, lets_in: bool | None = None, state: str = "Succeeded") -> bool:
        """Whether a pass warns of it, in a world that has changed a little."""
        self.arm.unreadable = {ACCOUNT.key: BUSY} if busy else {}
        self.arm.set(ACCOUNT, provisioningState=state)
        if lets_in is not None:
            self.arm.set(ACCOUNT, letsIn=lets_in)
        return any(event.reason == "SkyGrey" for event in (await self.step()).events)


async def test_what_could_not_be_read_for_a_moment_is_no_news_afterwards() -> None:
    """Every 503 of the account once brought the same warning, on a resource that is Ready."""
    run = Advised()
    assert await run.told()
    for _ in range(3):
        assert not await run.told(busy=True)
        assert not await run.told(busy=True)
        assert not await run.told(busy=False)


async def test_neither_is_it_after_an_operation() -> None:
    """Of what Azure works on, nothing is said."""
    run = Advised()
    assert await run.told()
    assert not await run.told(state="Updating")
    assert not await run.told(state="Succeeded")


async def test_nor_when_the_process_begins_in_the_midst_of_it() -> None:
    """What the status told is known."""
    run = Advised()
    assert await run.told()
    run.restart()
    assert not await run.told(busy=True)
    assert not await run.told(busy=False)


async def test_what_was_first_hidden_is_news() -> None:
    """That it could not be read at first does not keep it from being told."""
    run = Advised()
    assert not await run.told(busy=True)
    assert await run.told(busy=False)


async def test_what_was_mended_and_is_so_again_is_news() -> None:
    """Somebody let them in once more, and a busy moment in between changes nothing."""
    run = Advised()
    assert await run.told()
    assert not await run.told(lets_in=False)
    assert not await run.told(busy=True)
    assert await run.told(busy=False, lets_in=True)

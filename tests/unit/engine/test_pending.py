"""What becomes true by itself is looked at often at first, and ever more rarely when it does not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.unit.engine.building import GROUP, LINK, VAULT, ZONE_GROUP, pending, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

if TYPE_CHECKING:
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

OTHERS = [GROUP.resource("Microsoft.Storage/storageAccounts", f"a{number}") for number in range(20)]
EVER = timedelta(days=1)


def azure(linked: timedelta, grouped: timedelta = timedelta(0)) -> FakeArm:
    """A link and a zone group that are done after so long, a closed vault, and twenty accounts."""
    arm = FakeArm(FakeClock())
    arm.put(*(shown(each, properties={"done": False}) for each in (LINK, ZONE_GROUP)))
    arm.put(*map(shown, OTHERS), shown(VAULT, properties={"publicNetworkAccess": "Disabled"}))

    def complete(_: str, target: ResourceId) -> None:
        for each, after in ((LINK, linked), (ZONE_GROUP, grouped)):
            if target == each and arm.clock.passed >= after:
                arm.set(each, done=True)

    arm.before = complete
    return arm


def is_done(view: View, target: ResourceId) -> bool:
    """Whether Azure shows that it is."""
    body = view.get(target)
    return body is not None and bool(body["properties"]["done"])


def linked_and_grouped(view: View) -> Blocks:
    """The vault is closed, the accounts exist, the link is completed, and then the group is."""
    view.ask(*OTHERS, VAULT)
    yield from (wants(account, fragment={}) for account in OTHERS)
    yield wants(VAULT)
    linked = is_done(view, LINK)
    yield pending("the link is completed", about=LINK, holds=linked)
    if linked:
        yield pending("the group is", about=ZONE_GROUP, holds=is_done(view, ZONE_GROUP))


async def looks(arm: FakeArm, until: timedelta, opened_at: timedelta | None = None) -> list[float]:
    """Seconds from pass to pass; somebody may open the vault in between."""
    run, waits = Run(Kind(linked_and_grouped, "Linked"), arm), []
    while run.clock.passed < until:
        if opened_at is not None and run.clock.passed >= opened_at:
            arm.set(VAULT, publicNetworkAccess="Enabled")
            opened_at = None
        result = await run.look()
        if result.requeue_after is None:
            break
        waits.append(result.requeue_after.total_seconds())
        run.clock.advance(result.requeue_after)
    return waits


async def test_what_stays_pending_is_looked_at_ever_more_rarely() -> None:
    """An endpoint may wait for days for its approval: every ten seconds all was once read anew."""
    arm = azure(EVER)
    waits = await looks(arm, timedelta(hours=1))
    assert waits[:12] == [10, 10, 10, 10, 10, 10, 30, 45, 67.5, 101.25, 151.875, 227.8125]
    assert set(waits[12:]) == {300}


async def test_looking_often_reads_what_it_is_about() -> None:
    """In the first minute the link is read at every look, all else twice at most after the first time."""
    arm = azure(EVER)
    await looks(arm, timedelta(minutes=1))
    counts = [arm.reads_of(each) for each in (LINK, OTHERS[0])]
    assert counts == [6, 2]


async def test_what_completes_in_time_is_seen_at_once() -> None:
    """Within ten seconds of it; and what is waited for next has a minute of its own."""
    arm = azure(timedelta(seconds=55), timedelta(seconds=105))
    assert await looks(arm, EVER) == [10] * 11


async def test_after_a_write_it_is_looked_at_often_again() -> None:
    """What was written may be what it waited for."""
    arm = azure(EVER)
    waits = await looks(arm, timedelta(minutes=20), opened_at=timedelta(minutes=8))
    after = waits.index(10, 6)
    assert waits[after : after + 7] == [10, 10, 10, 10, 10, 10, 30]

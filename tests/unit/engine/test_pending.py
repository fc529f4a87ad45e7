"""What becomes true by itself is looked at often at first, and ever more rarely when it does not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.unit.engine.building import GROUP, LINK, NOW, VAULT, ZONE_GROUP, pending, shown

from secureml_reconcilers.azure.arm import Accepted, Present
from secureml_reconcilers.engine.blocks import Aspect, Composition, Ensure
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.view import View

OTHERS = [GROUP.resource("Microsoft.Storage/storageAccounts", f"a{number}") for number in range(20)]
EVER = NOW + timedelta(days=1)


@dataclass
class Azure:
    """A link and a zone group that are done at their times, a vault that may be open, and twenty accounts."""

    done: dict[str, datetime]
    now: datetime = NOW
    opened: bool = False
    reads: list[tuple[str, datetime]] = field(default_factory=list)

    async def read(self, target: ResourceId) -> Present:
        """Show it."""
        self.reads.append((target.key, self.now))
        done = self.done.get(target.key, NOW) <= self.now
        return shown(
            target, properties={"done": done, "publicNetworkAccess": "Enabled" if self.opened else "Disabled"}
        )

    async def write(self, *_: Any, **__: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Close the vault."""
        self.opened = False
        return Accepted(None, running=False)


def is_done(view: View, target: ResourceId) -> bool:
    """Whether Azure shows that it is."""
    body = view.get(target)
    return body is not None and bool(body["properties"]["done"])


class Linked:
    """A kind that waits for a link, and then for a zone group."""

    def declare(self, _: Mapping[str, Any], owner: str) -> Composition:
        """The vault is closed, the accounts exist, the link is completed, and then the group is."""

        def blocks(view: View) -> Blocks:
            view.ask(*OTHERS, VAULT)
            yield from (Ensure(account, {}, "it is wanted") for account in OTHERS)
            yield Ensure(VAULT, {"properties": {"publicNetworkAccess": "Disabled"}}, "it is open")
            linked = is_done(view, LINK)
            yield pending("the link is completed", about=LINK, holds=linked)
            if linked:
                yield pending("the group is", about=ZONE_GROUP, holds=is_done(view, ZONE_GROUP))

        return Composition((Aspect("Linked", blocks),), owner)


class Journal:
    """Nothing is kept."""

    async def announce(self, _: Status) -> None:
        """Take it."""


async def looks(azure: Azure, until: datetime, opened_at: datetime | None = None) -> list[float]:
    """Seconds from pass to pass; somebody may open the vault in between."""
    engine = Engine(Linked(), azure, clock=lambda: azure.now, cluster="east")  # type: ignore[arg-type]
    request, waits = ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, {}), []
    while azure.now < until:
        if opened_at is not None and azure.now >= opened_at:
            azure.opened, opened_at = True, None
        outcome = await engine.reconcile(request, Journal())
        request = replace(request, status=outcome.status)
        if outcome.requeue_after is None:
            break
        waits.append(outcome.requeue_after.total_seconds())
        azure.now += outcome.requeue_after
    return waits


async def test_what_stays_pending_is_looked_at_ever_more_rarely() -> None:
    """An endpoint may wait for days for its approval: every ten seconds all was once read anew."""
    azure = Azure({LINK.key: EVER})
    waits = await looks(azure, NOW + timedelta(hours=1))
    assert waits[:12] == [10, 10, 10, 10, 10, 10, 30, 45, 67.5, 101.25, 151.875, 227.8125]
    assert set(waits[12:]) == {300}


async def test_looking_often_reads_what_it_is_about() -> None:
    """In the first minute the link is read at every look, all else twice at most after the first time."""
    azure = Azure({LINK.key: EVER})
    await looks(azure, NOW + timedelta(minutes=1))
    counts = [sum(1 for key, _ in azure.reads if key == each.key) for each in (LINK, OTHERS[0])]
    assert counts == [6, 2]


async def test_what_completes_in_time_is_seen_at_once() -> None:
    """Within ten seconds of it; and what is waited for next has a minute of its own."""
    azure = Azure({LINK.key: NOW + timedelta(seconds=55), ZONE_GROUP.key: NOW + timedelta(seconds=105)})
    assert await looks(azure, EVER) == [10] * 11


async def test_after_a_write_it_is_looked_at_often_again() -> None:
    """What was written may be what it waited for."""
    azure = Azure({LINK.key: EVER})
    waits = await looks(azure, NOW + timedelta(minutes=20), opened_at=NOW + timedelta(minutes=8))
    after = waits.index(10, 6)
    assert waits[after : after + 7] == [10, 10, 10, 10, 10, 10, 30]

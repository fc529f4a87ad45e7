"""What one custom resource writes while another one reads, and what both would make."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, GROUP, LINK, ZONE, problem, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.arm import NotFound
from secureml_reconcilers.engine import intervals
from secureml_reconcilers.engine.blocks import Claim, EnsureAbsent
from secureml_reconcilers.engine.ownership_tags import user_tag, users
from secureml_reconcilers.engine.values import Entries

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

OURS, THEIRS = "east/team-a/fraud", "east/team-a/churn"
MARK = {"managed-by": "secureml-operator", "secureml-owner": OURS}
MADE = {"inventory": [{"id": ENDPOINT.text, "kind": "Resource"}]}


def gone_unless_used(view: View) -> Blocks:
    """The endpoint goes when nobody else uses it."""
    if not users(view.get(ENDPOINT) or {}) - {OURS}:
        yield EnsureAbsent(ENDPOINT, "nobody uses it")


def used(view: View) -> Blocks:
    """The endpoint carries the name of who uses it."""
    view.get(ENDPOINT)
    yield wants(ENDPOINT, fragment={"tags": {user_tag(THEIRS): THEIRS}})


@pytest.mark.parametrize("passes", [timedelta(0), timedelta(seconds=2)], ids=["at one instant", "2 s later"])
async def test_a_reading_that_was_on_its_way_while_another_wrote_is_made_again(passes: timedelta) -> None:
    """It showed an endpoint that nobody uses; before it came in, another custom resource put its name there.

    Whatever the clock says: the answer was asked for before the write was answered, so it may lack the name.
    """
    arm = FakeArm(FakeClock()).put(shown(ENDPOINT, tags=MARK, etag="W/0"))
    goes = Run(Kind(gone_unless_used), arm, deleting=True, status=MADE)
    stays = Run(Kind(used), arm, name="churn", ledger=goes.ledger)

    async def let_the_other_write(verb: str, target: ResourceId) -> None:
        arm.after = None
        assert (verb, target) == ("GET", ENDPOINT)
        await stays.look()
        arm.clock.advance(passes)

    arm.after = let_the_other_write
    result = await goes.look()
    assert arm.written() == [f"PUT {ENDPOINT.short}"]
    assert result.released
    assert "but for 1 resource that stays" in goes.results[-1].events[-1].message


def lets_in(address: str) -> Callable[[View], Blocks]:
    """Once a link is made, this address is let into an account that several use."""
    rules = {"properties": {"networkAcls": {"ipRules": Entries("value", ({"value": address},))}}}

    def blocks(view: View) -> Blocks:
        view.ask(LINK, ACCOUNT)
        link = wants(LINK, fragment={}, create={}, shared=True)
        yield link
        yield wants(ACCOUNT, fragment=rules, create={}, shared=True, after=(link,))

    return blocks


async def test_what_another_wrote_while_it_was_looked_at_once_more_is_not_written_over() -> None:
    """Azure replaces rules as a whole; while an account is read just before its write, another writes to it.

    What comes in then lacks the other's address. Believed, it would take that out again.
    """
    arm = FakeArm(FakeClock(), takes={LINK.key: timedelta(seconds=37)})
    arm.put(shown(ACCOUNT, tags=MARK, properties={"networkAcls": {"ipRules": []}}))
    ours = Run(Kind(lets_in("203.0.113.7")), arm)
    theirs = Run(Kind(lets_in("203.0.113.8")), arm, name="churn", ledger=ours.ledger)
    await ours.step()

    async def let_the_other_write(verb: str, target: ResourceId) -> None:
        if (verb, target) == ("GET", ACCOUNT):
            arm.after = None
            await theirs.look()
            arm.clock.advance(timedelta(seconds=2))

    arm.after = let_the_other_write
    for _ in range(3):
        await ours.step()
    assert sorted(each["value"] for each in arm.get(ACCOUNT, "networkAcls")["ipRules"]) == [
        "203.0.113.7",
        "203.0.113.8",
    ]
    assert len(arm.written_at(ACCOUNT)) == 2


def claims(target: ResourceId) -> Callable[[View], Blocks]:
    """An endpoint of this name is made for the account, if it does not show one yet."""

    def blocks(view: View) -> Blocks:
        body = view.get(ACCOUNT) or {}
        if not body.get("properties", {}).get("connected"):
            yield wants(target, fragment={}, create={}, claim=Claim("a way", ACCOUNT))

    return blocks


def two_that_would_make_one(takes: dict[str, timedelta]) -> tuple[FakeArm, Run, Run]:
    """Two custom resources that are about to make an endpoint for one account, under different names."""
    arm = FakeArm(FakeClock(), takes=takes).put(shown(ACCOUNT))
    other = GROUP.resource("Microsoft.Network/privateEndpoints", "other")
    first = Run(Kind(claims(ENDPOINT)), arm)
    return arm, first, Run(Kind(claims(other)), arm, name="churn", ledger=first.ledger)


async def test_who_finds_a_claim_taken_comes_back_soon() -> None:
    """Nothing else was to be done: without a time to come again it would wait half an hour for the resync."""
    arm, first, second = two_that_would_make_one({ENDPOINT.key: timedelta(seconds=45)})
    await first.look()
    result = await second.look()
    assert arm.written() == [f"PUT {ENDPOINT.short}"]
    assert result.requeue_after == intervals.PENDING


async def test_who_found_a_claim_taken_uses_what_was_made() -> None:
    """As soon as it is there; the account, which shows it, is read again."""
    arm, first, second = two_that_would_make_one({ENDPOINT.key: timedelta(seconds=45)})
    await first.look()
    await second.look()
    arm.set(ACCOUNT, connected=True)
    await first.settle()
    assert (await second.look()).requeue_after is None
    assert arm.written() == [f"PUT {ENDPOINT.short}"]


async def test_who_found_a_claim_taken_makes_it_when_nothing_came_of_it() -> None:
    """Azure refused the first one's after all; the second is not kept waiting by that."""
    arm, first, second = two_that_would_make_one({ENDPOINT.key: timedelta(seconds=45)})
    arm.fails = {ENDPOINT.key: problem("OperationFailed")}
    await first.look()
    await second.look()
    arm.clock.advance(timedelta(seconds=46))
    await first.look()
    await second.look()
    assert arm.written()[:1] == [f"PUT {ENDPOINT.short}"]
    assert "PUT privateEndpoints/other" in arm.written()


def exists(view: View) -> Blocks:
    """A zone that several use."""
    view.answer(ZONE)
    yield wants(ZONE, fragment={}, create={}, shared=True)


async def test_what_another_is_making_is_waited_for() -> None:
    """The second finds it running though nothing is to be seen of it yet, and writes nothing."""
    arm = FakeArm(FakeClock(), takes={ZONE.key: timedelta(seconds=37)})
    first = Run(Kind(exists), arm)
    second = Run(Kind(exists), arm, name="churn", ledger=first.ledger)
    await first.look()
    assert await arm.read(ZONE) == NotFound()
    result = await second.look()
    assert arm.written() == [f"PUT {ZONE.short}"]
    assert result.requeue_after == timedelta(seconds=37)
    assert second.condition("Known")["reason"] == "Progressing"


async def test_how_an_operation_failed_holds_for_all_and_a_refusal_for_one() -> None:
    """A second one neither repeats at once what just failed, nor waits for what only the first may not."""
    arm = FakeArm(FakeClock(), refuses={ZONE.key: problem("DeniedByPolicy")})
    first = Run(Kind(exists), arm)
    second = Run(Kind(exists), arm, name="churn", ledger=first.ledger)
    await first.look()
    arm.refuses, arm.fails, arm.takes = {}, {ZONE.key: problem("Failed")}, {ZONE.key: timedelta(seconds=37)}
    await second.look()
    assert arm.written() == [f"PUT {ZONE.short}"]
    arm.clock.advance(timedelta(seconds=37))
    await second.look()
    assert len(arm.writes) == 1
    await first.look()
    assert len(arm.writes) == 1

"""Azure takes one write at a time in a network, and a write that was merged into an older etag is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import NETWORK, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.engine.gather_all import gather_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

SUBNETS = [NETWORK.child("subnets", name) for name in ("a", "b", "c", "d")]
POLICIES = {"properties": {"privateEndpointNetworkPolicies": "Disabled"}}


def network(takes: float | None) -> FakeArm:
    """A network that answers 429 to a second write, and 412 to one that is merged into what was."""
    arm = FakeArm(FakeClock(), one_at_a_time=True)
    arm.put(shown(NETWORK, etag="W/0"))
    arm.put(
        *(
            shown(each, etag="W/0", properties={"addressPrefix": f"10.0.{n}.0/24"})
            for n, each in enumerate(SUBNETS)
        )
    )
    if takes is not None:
        arm.takes = {SUBNETS[0].type: timedelta(seconds=takes)}
    return arm


def ruled(*subnets: ResourceId) -> Callable[[View], Blocks]:
    """These subnets have no policies for endpoints."""

    def blocks(view: View) -> Blocks:
        view.ask(*subnets)
        yield from (wants(each, fragment=POLICIES) for each in subnets)

    return blocks


LASTS = pytest.mark.parametrize(
    "takes", [None, 2, 20], ids=["done at once", "done at the first look", "done after several looks"]
)


@pytest.mark.rules(met="OPS-04")
@LASTS
async def test_four_subnets_of_one_network_are_written_one_after_the_other(takes: float | None) -> None:
    """All four were sent at once: one was taken, three were answered 429 or 412, told as failures and repeated."""
    arm = network(takes)
    run = Run(Kind(ruled(*SUBNETS), "Ruled"), arm)
    await run.settle(within=timedelta(minutes=5))
    assert sorted(arm.written()) == sorted(f"PUT {each.short}" for each in SUBNETS)
    assert arm.turned_away == []
    assert [arm.get(each, "privateEndpointNetworkPolicies") for each in SUBNETS] == ["Disabled"] * 4
    assert [arm.get(each, "addressPrefix") for each in SUBNETS] == [f"10.0.{n}.0/24" for n in range(4)]
    assert run.events("Warning") == []


async def test_what_waits_for_another_write_says_so() -> None:
    """It was said that Azure works on it, or why it was refused."""
    arm = network(20)
    parts = {name: ruled(each) for name, each in zip("ABCD", SUBNETS, strict=True)}
    run = Run(Kind(parts=parts), arm)
    await run.look()
    done = "Azure is done with virtualNetworks/ml/subnets/a, for it takes one write at a time there"
    first, *others = (run.condition(name) for name in "ABCD")
    assert (first["reason"], first["message"]) == (
        "Progressing",
        "Azure is working on virtualNetworks/ml/subnets/a; it goes on by itself.",
    )
    assert [(each["status"], each["reason"], each["message"]) for each in others] == [
        (
            "False",
            "Waiting",
            f"virtualNetworks/ml/subnets/{name} waits until {done}.",
        )
        for name in "bcd"
    ]


@LASTS
async def test_two_custom_resources_that_write_in_one_network_take_turns(takes: float | None) -> None:
    """Their passes run at once, and each looks again soon though only the other one's write runs."""
    arm = network(takes)
    ours = Run(Kind(ruled(*SUBNETS[:2]), "Ruled"), arm)
    theirs = Run(Kind(ruled(*SUBNETS[2:]), "Ruled"), arm, name="churn", ledger=ours.ledger)

    async def look(run: Run) -> None:
        await run.look()

    while arm.clock.passed < timedelta(minutes=5):
        await gather_all(look(ours), look(theirs))
        waits = [run.results[-1].requeue_after for run in (ours, theirs)]
        asked = [wait for wait in waits if wait is not None]
        if not asked:
            break
        arm.clock.advance(min(asked))
    assert sorted(arm.written()) == sorted(f"PUT {each.short}" for each in SUBNETS)
    assert arm.turned_away == []
    assert [run.condition("Ruled")["status"] for run in (ours, theirs)] == ["True", "True"]
    assert arm.clock.passed < timedelta(minutes=5)


@pytest.mark.rules(violated="OPS-04")
async def test_somebody_else_s_write_there_is_lived_with() -> None:
    """Another tool writes in the network just then: 429, and it is repeated."""
    arm = network(2)
    run = Run(Kind(ruled(SUBNETS[0]), "Ruled"), arm)
    await arm.write("PUT", SUBNETS[3], {"properties": {}})
    await run.settle(within=timedelta(minutes=5))
    assert set(arm.turned_away) == {f"429 PUT {SUBNETS[0].short}"}
    assert len(arm.turned_away) <= 2
    assert run.condition("Ruled")["status"] == "True"

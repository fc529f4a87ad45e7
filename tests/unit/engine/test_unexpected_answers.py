"""Azure shows something in a way that this version does not understand: one part stops, all else goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, GROUP, VAULT, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

OPEN = {"publicNetworkAccess": "Enabled"}
OTHER = GROUP.resource("Microsoft.Network/privateEndpoints", "other")


def closed_once_it_says_so(target: ResourceId) -> Callable[[View], Blocks]:
    """The resource is closed, if the first of its rules is understood."""

    def blocks(view: View) -> Blocks:
        body = view.get(target) or {}
        int(body["properties"]["rules"][0]["port"])
        yield wants(target)

    return blocks


def run(properties: dict[str, Any]) -> Run:
    """A custom resource that closes an account and a vault; this is how Azure shows the account."""
    arm = FakeArm(FakeClock())
    arm.put(shown(ACCOUNT, properties=properties), shown(VAULT, properties={**OPEN, "rules": [{"port": "1"}]}))
    parts = {"AccountClosed": closed_once_it_says_so(ACCOUNT), "VaultClosed": closed_once_it_says_so(VAULT)}
    return Run(Kind(parts=parts), arm)


SHOWN = [
    pytest.param({**OPEN}, "KeyError", id="a property is missing"),
    pytest.param({**OPEN, "rules": [{"port": "any"}]}, "ValueError", id="a text is no number"),
    pytest.param({**OPEN, "rules": None}, "TypeError", id="nothing stands where a list was"),
    pytest.param({**OPEN, "rules": []}, "IndexError", id="a list is empty"),
]


@pytest.mark.parametrize(("properties", "name"), SHOWN)
async def test_what_is_not_understood_stops_its_own_part(properties: dict[str, Any], name: str) -> None:
    """Every pass ended as a bug: the vault stayed open, and the status told nothing."""
    driven = run(properties)
    result = await driven.look()
    told = driven.condition("AccountClosed")
    assert (told["status"], told["reason"]) == ("Unknown", "UnexpectedAnswer")
    assert ACCOUNT.text in told["message"]
    assert f"({name})" in told["message"]
    assert driven.arm.written() == [f"PATCH {VAULT.short}"]
    assert driven.condition("VaultClosed")["status"] == "True"
    assert result.requeue_after is not None
    assert [event.reason for event in driven.events("Warning")] == ["UnexpectedAnswer"]


async def test_once_it_is_understood_it_goes_on() -> None:
    """Somebody puts the account right, and it is closed within minutes."""
    driven = run({**OPEN})
    for _ in range(3):
        await driven.step()
    driven.arm.set(ACCOUNT, rules=[{"port": "1"}])
    await driven.settle(within=timedelta(minutes=5))
    assert driven.condition("Ready")["status"] == "True"
    assert driven.arm.get(ACCOUNT, "publicNetworkAccess") == "Disabled"


def both_closed(view: View) -> Blocks:
    """Account and vault are closed."""
    view.ask(ACCOUNT, VAULT)
    yield from (wants(ACCOUNT), wants(VAULT))


async def test_a_property_of_another_shape_is_told_and_not_written_over() -> None:
    """The vault beside it, in the same aspect, is closed."""
    arm = FakeArm(FakeClock())
    arm.put(shown(ACCOUNT, properties={"publicNetworkAccess": {"now": "Enabled"}}), shown(VAULT, properties=OPEN))
    driven = Run(Kind(both_closed, "Closed"), arm)
    await driven.look()
    told = driven.condition("Closed")
    assert arm.written() == [f"PATCH {VAULT.short}"]
    assert (told["status"], told["reason"]) == ("Unknown", "UnexpectedAnswer")
    assert "properties.publicNetworkAccess is {'now': 'Enabled'}" in told["message"]


@pytest.mark.parametrize("properties", [None, "text", ["a"], 7], ids=["null", "a text", "a list", "a number"])
async def test_properties_that_are_none_of_ours_end_no_pass(properties: object) -> None:
    """Of the account nothing can be told; the vault is closed all the same."""
    driven = run({})
    driven.arm.bodies[ACCOUNT.key]["properties"] = properties
    await driven.look()
    assert driven.condition("AccountClosed")["reason"] == "UnexpectedAnswer"
    assert driven.arm.written() == [f"PATCH {VAULT.short}"]


def endpoints_are_there(view: View) -> Blocks:
    """Two endpoints exist, which one listing of their group answers for, and the vault is closed."""
    view.ask(VAULT)
    yield from (wants(ENDPOINT, fragment={}), wants(OTHER, fragment={}), wants(VAULT))


@pytest.mark.parametrize("properties", ["text", ["a"], 7], ids=["a text", "a list", "a number"])
async def test_an_element_of_a_listing_without_properties_ends_no_pass(properties: object) -> None:
    """A read of it is refused at the door; out of a listing it comes to the engine, and every pass is a bug."""
    arm = FakeArm(FakeClock()).put(shown(ENDPOINT), shown(OTHER), shown(VAULT, properties=OPEN))
    arm.bodies[ENDPOINT.key]["properties"] = properties
    driven = Run(Kind(endpoints_are_there, "Closed"), arm)
    await driven.look()
    assert len(arm.lists) == 1
    assert driven.condition("Closed")["reason"] == "UnexpectedAnswer"
    assert arm.written() == [f"PATCH {VAULT.short}"]

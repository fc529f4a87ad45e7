"""What was made, or added to a list of others, is listed before it is written and forgotten when it is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, OWNER, ZONE_GROUP, problem, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.assessment import Action
from secureml_reconcilers.engine.blocks import EnsureAbsent
from secureml_reconcilers.engine.inventory import Inventory
from secureml_reconcilers.engine.status_limits import INVENTORY
from secureml_reconcilers.engine.values import Entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.view import View

RULES = "properties.networkAcls.ipRules"
THEIRS = {"value": "198.51.100.1", "action": "Allow"}


def lets_in(spec: Mapping[str, Any]) -> Callable[[View], Blocks]:
    """These addresses are let into an account that is not ours."""
    items = tuple({"value": address} for address in spec["addresses"])

    def blocks(view: View) -> Blocks:
        view.get(ACCOUNT)
        yield wants(fragment={"properties": {"networkAcls": {"ipRules": Entries("value", items)}}})

    return blocks


def entry(address: str, at: str = "2026-01-01T12:00:00Z") -> dict[str, str]:
    """An address as the inventory lists it."""
    return {"id": ACCOUNT.text, "kind": "Entry", "path": RULES, "entry": address, "createdAt": at}


def letting_in(
    *addresses: str, shows: tuple[Mapping[str, str], ...] = (THEIRS,), status: Status | None = None
) -> Run:
    """A custom resource that lets these addresses in; the account lets in what it shows already."""
    arm = FakeArm(FakeClock()).put(shown(ACCOUNT, properties={"networkAcls": {"ipRules": list(shows)}}))
    return Run(Kind(by_spec=lets_in, condition="LetIn"), arm, spec={"addresses": addresses}, status=status)


def rules(run: Run) -> list[str]:
    """Who gets in."""
    return [each["value"] for each in run.arm.get(ACCOUNT, "networkAcls")["ipRules"]]


async def test_an_entry_is_listed_before_it_is_added() -> None:
    """A crash after the write, and nobody knew that the operator had let somebody in."""
    run, listed = letting_in("203.0.113.7"), []

    def look_back(verb: str, _: object) -> None:
        if verb == "PATCH":
            listed.extend(run.journal.announced[-1]["inventory"])

    run.arm.before = look_back
    await run.settle()
    assert listed == [entry("203.0.113.7")]
    assert run.request.status["inventory"] == [entry("203.0.113.7")]
    assert rules(run) == ["198.51.100.1", "203.0.113.7"]


THERE = [  # who gets in already                               what is listed then
    pytest.param((THEIRS, {"value": "203.0.113.7"}), None, id="all that is wanted: nothing is written"),
    pytest.param((THEIRS, {"value": "203.0.113.7/32"}), None, id="the same, as Azure likes to show it"),
]


@pytest.mark.parametrize(("shows", "listed"), THERE)
async def test_what_was_there_before_is_not_ours(shows: tuple[Mapping[str, str], ...], listed: object) -> None:
    """It is not taken out either when the spec drops it."""
    run = letting_in("203.0.113.7", shows=shows)
    await run.settle()
    assert (run.arm.writes, run.request.status.get("inventory")) == ([], listed)
    run.edit(spec={"addresses": ()}, generation=2)
    await run.settle()
    assert run.arm.writes == []


async def test_of_two_that_are_wanted_only_the_added_one_is_listed() -> None:
    """One write may add one entry and leave another as it was."""
    run = letting_in("198.51.100.1", "203.0.113.7")
    await run.settle()
    assert run.request.status["inventory"] == [entry("203.0.113.7")]


async def test_an_entry_that_the_spec_drops_is_taken_out_again() -> None:
    """It stayed for ever: the operator let in who was not declared any more."""
    run = letting_in("203.0.113.7", "203.0.113.8")
    await run.settle()
    run.edit(spec={"addresses": ("203.0.113.8",)}, generation=2)
    await run.settle()
    assert rules(run) == ["198.51.100.1", "203.0.113.8"]
    assert run.request.status["inventory"] == [entry("203.0.113.8")]


async def test_an_entry_is_taken_out_after_a_restart_too() -> None:
    """The status is all that is known of it."""
    run = letting_in(shows=(THEIRS, {"value": "203.0.113.7"}), status={"inventory": [entry("203.0.113.7")]})
    await run.settle()
    assert rules(run) == ["198.51.100.1"]
    assert "inventory" not in run.request.status


async def test_an_entry_stays_listed_until_it_is_seen_gone() -> None:
    """Azure refuses to take it out for now."""
    run = letting_in("203.0.113.7")
    await run.settle()
    run.arm.refuses = {ACCOUNT.key: problem("Locked")}
    run.edit(spec={"addresses": ()}, generation=2)
    await run.look()
    assert run.request.status["inventory"] == [entry("203.0.113.7")]
    run.arm.refuses = {}
    await run.settle()
    assert (rules(run), "inventory" in run.request.status) == (["198.51.100.1"], False)


async def test_an_entry_that_somebody_else_took_out_is_forgotten() -> None:
    """Nothing is written for it."""
    run = letting_in("203.0.113.7")
    await run.settle()
    run.arm.set(ACCOUNT, networkAcls={"ipRules": [THEIRS]})
    run.edit(spec={"addresses": ()}, generation=2)
    await run.settle()
    assert (len(run.arm.writes), "inventory" in run.request.status) == (1, False)


async def test_what_observes_lists_nothing() -> None:
    """Nothing is added, so nothing is ours."""
    run = letting_in("203.0.113.7")
    run.kind.enforce = False
    await run.settle()
    assert (run.arm.writes, "inventory" in run.request.status) == ([], False)


KNOWN = [  # the list, by what its entries are known, theirs, ours, what the inventory says of ours
    pytest.param("virtualNetworkRules", "id", {"id": "/v/1"}, {"id": "/v/2"}, {"by": "id"}, id="by an id"),
    pytest.param("ipAllowlist", "", "198.51.100.1", "203.0.113.7", {"by": "itself"}, id="texts by themselves"),
]


@pytest.mark.parametrize(("name", "by", "theirs", "ours", "said"), KNOWN)
async def test_an_entry_is_known_by_what_its_list_has(
    name: str, by: str, theirs: dict[str, str] | str, ours: dict[str, str] | str, said: dict[str, str]
) -> None:
    """It was never taken out again: the status said nothing of a subnet's rule."""
    asked = [ours]

    def blocks(view: View) -> Blocks:
        view.get(ACCOUNT)
        yield wants(fragment={"properties": {name: Entries(by, tuple(asked))}}, part="let-in")
        yield wants()

    arm = FakeArm(FakeClock()).put(shown(ACCOUNT, properties={name: [theirs]}))
    run = Run(Kind(blocks, "LetIn"), arm)
    await run.settle()
    value = ours if isinstance(ours, str) else ours[by]
    listed = {"id": ACCOUNT.text, "kind": "Entry", "path": f"properties.{name}", "entry": value}
    assert run.request.status["inventory"] == [{**listed, **said, "createdAt": "2026-01-01T12:00:00Z"}]
    assert run.arm.get(ACCOUNT, name) == [theirs, ours]
    assert run.arm.get(ACCOUNT, "publicNetworkAccess") == "Disabled", (
        "another part asks for no entry, and drops none"
    )
    run.restart()
    await run.settle()
    assert run.arm.get(ACCOUNT, name) == [theirs, ours]
    asked.clear()
    run.edit(generation=2)
    await run.settle()
    assert (run.arm.get(ACCOUNT, name), "inventory" in run.request.status) == ([theirs], False)


async def test_a_lasting_entry_is_nobodys_to_take_out() -> None:
    """A service endpoint of a subnet: other accounts may have come to lean on it."""
    asked = [{"service": "Microsoft.Storage"}]

    def blocks(view: View) -> Blocks:
        view.get(ACCOUNT)
        yield wants(fragment={"properties": {"serviceEndpoints": Entries("service", tuple(asked), lasting=True)}})

    run = Run(Kind(blocks, "LetIn"), FakeArm(FakeClock()).put(shown(ACCOUNT)))
    await run.settle()
    asked.clear()
    run.edit(generation=2)
    await run.settle()
    assert run.arm.get(ACCOUNT, "serviceEndpoints") == [{"service": "Microsoft.Storage"}]
    assert "inventory" not in run.request.status


# -- resources --------------------------------------------------------------------------------------


def gone(view: View) -> Blocks:
    """An endpoint goes, and its zone group just before."""
    view.ask(ENDPOINT, ZONE_GROUP)
    group = EnsureAbsent(ZONE_GROUP, "its endpoint goes")
    yield group
    yield EnsureAbsent(ENDPOINT, "nobody needs it", after=(group,))


def leaving() -> Run:
    """A custom resource that is deleted with its endpoint, which takes 45 seconds."""
    owner = {"managed-by": "secureml-operator", "secureml-owner": "east/team-a/fraud"}
    arm = FakeArm(FakeClock()).put(shown(ENDPOINT, tags=owner), shown(ZONE_GROUP))
    listed = [{"id": each.text, "kind": "Resource"} for each in (ENDPOINT, ZONE_GROUP)]
    return Run(Kind(gone), arm, deleting=True, status={"inventory": listed})


async def test_what_was_removed_is_forgotten() -> None:
    """The inventory is what must be answered for: an entry that stays would be asked for in every status."""
    run = leaving()
    result = await run.settle()
    assert run.arm.written() == [f"DELETE {ZONE_GROUP.short}", f"DELETE {ENDPOINT.short}"]
    assert result.released
    assert "inventory" not in run.request.status


async def test_what_something_that_must_go_hangs_on_is_kept_until_then() -> None:
    """The group is gone, and the endpoint not yet: by the group's entry it is known what comes before it."""
    run = leaving()
    run.arm.takes = {ENDPOINT.key: timedelta(minutes=1)}
    await run.look()
    assert [each["id"] for each in run.request.status["inventory"]] == [ENDPOINT.text, ZONE_GROUP.text]
    await run.settle()
    assert "inventory" not in run.request.status


def gone_as_listed(inventory: tuple[str, ...]) -> Callable[[View], Blocks]:
    """What is listed goes, children before their parents; what is gone already is waited for by nobody."""

    def blocks(view: View) -> Blocks:
        targets = sorted(map(resource_id, inventory), key=lambda each: -len(each.text))
        view.ask(*targets)
        before: tuple[EnsureAbsent, ...] = ()
        for target in targets:
            block = EnsureAbsent(target, "nobody needs it", after=before)
            before = (block,) if view.get(target) is not None else ()
            yield block

    return blocks


async def test_what_is_seen_gone_before_its_look_is_due_is_still_followed_to_its_end() -> None:
    """A pass came for another reason between two looks, and read that the group is gone.

    The group left the inventory, and with it what the pass follows, while its deletion still counted as running:
    nobody looked at that any more, and the endpoint waited for it for ever.
    """
    run = leaving()
    run.kind.by_inventory = gone_as_listed
    run.arm.takes = {ZONE_GROUP.key: timedelta(seconds=6)}
    await run.step()
    assert run.clock.passed == timedelta(seconds=5)
    await run.look()
    run.clock.advance(timedelta(seconds=2))
    await run.look()
    await run.go_on(within=timedelta(minutes=10))
    assert run.arm.written() == [f"DELETE {ZONE_GROUP.short}", f"DELETE {ENDPOINT.short}"]


def test_what_gets_our_name_needs_room_in_the_list_as_much_as_what_is_made() -> None:
    """With one place left, the tag took it, and an endpoint was made that no inventory named."""
    named = Action("Update", wants(ENDPOINT), "PUT", {"tags": {"secureml-user-a": OWNER}})
    made = Action("Create", wants(ZONE_GROUP, create={}), "PUT", {})
    closed = Action("Update", wants(ACCOUNT), "PATCH", {"properties": {}})
    full = Inventory({f"/subscriptions/s/{number}": {} for number in range(INVENTORY - 1)})
    assert full.without_room([named, made, closed], OWNER) == [ZONE_GROUP]
    full.note_announced(named, OWNER, datetime(2026, 1, 1, tzinfo=UTC))
    assert full.without_room([made, closed], OWNER) == [ZONE_GROUP]

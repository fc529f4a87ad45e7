"""Everything that the operator owns, one property after the other: what others change is repaired, theirs stays.

The properties are taken from what the composition asks for of a landscape that has converged, so a new one is
tried as soon as it is owned.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.integration.driving import _ALICE, Driver, World, drive
from tests.integration.engine import alice

from arm_emulator.model import Caller
from secureml_reconcilers.engine import assessment, exposure
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.compare import differences
from secureml_reconcilers.engine.values import Entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.engine.evaluation import Evaluation

OTHERWISE: Final[Mapping[str, Any]] = {
    "publicNetworkAccess": "Enabled",
    "defaultAction": "Allow",
    "bypass": "None",
    "networkRuleBypassOptions": "None",
    "resolutionPolicy": "Default",
}
"""What somebody would write in place of ours, where Azure takes certain words only."""

FIXED: Final = (("properties", "virtualNetwork", "id"),)
"""What nobody can change once it is made: the network of a link."""

TAG: Final = ("costCenter", "42")
RULE: Final = {"value": "20.1.2.3", "action": "Allow"}

SPECS: Final[Mapping[str, Mapping[str, Any]]] = {
    "plain": {},
    "more of everything": {
        "storage": {"subResources": ["blob", "file", "queue", "table"], "allowedIPRanges": ["20.9.9.0/24"]},
        "keyVault": {"allowedIPRanges": ["20.9.9.0/24"]},
        "containerRegistry": {"allowedIPRanges": ["20.9.9.0/24"]},
    },
}


@dataclass(frozen=True)
class Owned:
    """One property that is ours."""

    block: Ensure
    path: tuple[str, ...]
    wanted: Any

    def __str__(self) -> str:
        """As a failure names it."""
        return f"{self.block.id.short} {'.'.join(self.path)}"


def leaves(fragment: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - JSON
    """Every property of a fragment, with the steps that lead to it."""
    if isinstance(fragment, dict):
        for name, inside in fragment.items():
            yield from leaves(inside, (*path, name))
    else:
        yield path, fragment


def owned(evaluation: Evaluation) -> list[Owned]:
    """Each property once, whoever else asks for it."""
    found = {
        (block.id.key, path): Owned(block, path, wanted)
        for block in evaluation.blocks()
        if isinstance(block, Ensure)
        for path, wanted in leaves(block.fragment)
        if path not in FIXED
    }
    return list(found.values())


def changed(body: Mapping[str, Any], each: Owned) -> dict[str, Any]:
    """A document in which somebody has changed one property, and put something of their own beside it."""
    document = deepcopy(dict(body))
    document["tags"] = {**(document.get("tags") or {}), TAG[0]: TAG[1]} if "tags" in document else None
    if document["tags"] is None:
        del document["tags"]
    inside = document
    for step in each.path[:-1]:
        inside = inside[step]
    last, present = each.path[-1], inside.get(each.path[-1])
    if isinstance(each.wanted, Entries):
        ours = {str(item.get(each.wanted.by)) if not isinstance(item, str) else item for item in each.wanted.items}
        inside[last] = [one for one in present if str(one.get(each.wanted.by)) not in ours]
        inside[last] += [RULE] if last == "ipRules" else []
    elif isinstance(present, bool):
        inside[last] = not present
    else:
        inside[last] = OTHERWISE.get(last, "somebody-else")
    return document


def theirs(body: Mapping[str, Any], each: Owned) -> list[str]:
    """What was put beside the property and is gone."""
    gone = [] if "tags" not in body or body["tags"].get(TAG[0]) == TAG[1] else [f"the tag {TAG[0]}"]
    if isinstance(each.wanted, Entries) and each.path[-1] == "ipRules":
        rules = body["properties"][each.path[-2]]["ipRules"]
        shown = [one["value"].removesuffix("/32") for one in rules]  # a vault adds it
        gone += [] if RULE["value"] in shown else ["the address of others"]
    return gone


async def tried(driver: Driver, world: World, each: Owned) -> list[str]:
    """What is wrong after somebody has changed this property and the next resync has come."""
    ctx = world.emulator.ctx
    before = ctx.find(each.block.id.text)
    assert before is not None
    person = Caller(_ALICE.client_id, _ALICE.object_id, _ALICE.name, _ALICE.name, "User")
    document = changed(before.body, each)
    if not differences(document, each.block.fragment):
        return [f"{each}: the change is none"]
    ctx.commit(before.id, document, caller=person)
    try:
        await driver.resync()
    except TimeoutError as problem:
        return [f"{each}: {problem}"[:500]]
    found = ctx.find(each.block.id.text)
    body = found.body if found is not None else {}
    wrong = [f"{each}: {one}" for one in map(str, differences(body, each.block.fragment))]
    wrong += [f"{each}: {one} is gone" for one in theirs(body, each)]
    if driver.condition("Ready")["status"] != "True":
        wrong.append(f"{each}: {driver.condition('Ready')['message']}")
    return wrong


async def converged(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[Driver, list[Owned]]:
    """A resource that is Ready, and everything that is owned for it."""
    seen: list[Evaluation] = []
    real = exposure.exposures

    def spied(evaluation: Evaluation, *rest: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
        seen.append(evaluation)
        return real(evaluation, *rest)

    monkeypatch.setattr(exposure, "exposures", spied)
    driver = drive(world, world.spec(**SPECS[name]))
    await driver.settle()
    return driver, owned(seen[-1])


@pytest.mark.parametrize("name", SPECS)
async def test_what_is_ours_is_repaired_and_what_is_theirs_stays(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One change after the other, each found at the next resync."""
    driver, every = await converged(world, monkeypatch, name)
    assert [one for each in every for one in await tried(driver, world, each)] == []
    kinds = {each.block.id.type for each in every}
    assert {alice.STORAGE.lower(), alice.ENDPOINT.lower(), alice.GROUP.lower(), alice.LINK.lower()} <= kinds


async def test_a_property_that_nobody_repairs_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator finds no difference in anything."""
    driver, every = await converged(world, monkeypatch, "plain")
    bypass = next(each for each in every if each.path[-1] == "bypass")
    monkeypatch.setattr(assessment, "differences", lambda *_: [])
    (wrong,) = await tried(driver, world, bypass)
    assert "bypass is 'None'" in wrong


async def test_a_neighbour_that_goes_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall is written without the addresses that nobody declared."""
    driver, every = await converged(world, monkeypatch, "more of everything")
    accounts = [each for each in every if each.block.id.type == alice.STORAGE.lower()]
    rules = next(each for each in accounts if each.path[-1] == "ipRules")
    real = assessment.narrow_patch

    def forgetful(observed: Any, *rest: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
        known = deepcopy(observed)
        known["properties"]["networkAcls"]["ipRules"] = []
        return real(known, *rest)

    monkeypatch.setattr(assessment, "narrow_patch", forgetful)
    assert await tried(driver, world, rules) == [f"{rules}: the address of others is gone"]

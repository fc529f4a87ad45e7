"""The workspace's own settings: one PATCH each, repaired when somebody changes them, and left alone unasked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import drive, new_engine
from tests.integration.engine import alice
from tests.integration.engine.calls import last, names, writes

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from tests.integration.driving import World

PREVIEW = "2024-10-01-preview"


def settings(world: World) -> dict[str, Any]:
    """A spec that speaks of every setting."""
    return {
        "storage": {"datastoreAuth": "Identity"},
        "publicAccess": {"workspace": "Enabled", "allowedIPRanges": ["203.0.113.7"]},
        "workspaceSettings": {
            "v1LegacyMode": True,
            "serverlessCompute": {
                "subnetID": landscape.subnet_id(world.subscription, "training"),
                "noPublicIP": True,
            },
        },
    }


def shown(world: World) -> dict[str, Any]:
    """How the workspace is set."""
    names = ("systemDatastoresAuthMode", "ipAllowlist", "v1LegacyMode", "serverlessComputeSettings")
    properties = alice.shown(world, alice.WORKSPACE)["properties"]
    return {name: properties[name] for name in names}


def expected(world: World) -> dict[str, Any]:
    """As that spec has it."""
    return {
        "systemDatastoresAuthMode": "Identity",
        "ipAllowlist": ["203.0.113.7"],
        "v1LegacyMode": True,
        "serverlessComputeSettings": {
            "serverlessComputeCustomSubnet": landscape.subnet_id(world.subscription, "training"),
            "serverlessComputeNoPublicIP": True,
        },
    }


async def change(world: World, **properties: Any) -> None:  # noqa: ANN401 - JSON
    """Somebody changes settings of the workspace, by the version that knows all of them."""
    await world.alice.patch(alice.one(world, alice.WORKSPACE), PREVIEW, {"properties": properties})


async def test_every_setting_becomes_as_declared(world: World) -> None:
    """One property per request: whoever reads the log sees what was asked for."""
    driver = drive(world, world.spec(**settings(world)))
    await driver.settle()
    assert (driver.condition("Ready")["status"], shown(world)) == ("True", expected(world))
    workspace = alice.one(world, alice.WORKSPACE).lower()
    log = [
        each for each in world.log() if each["method"] == "PATCH" and each["path"].lower().startswith(workspace)
    ]
    assert sorted(list(each["body"]["properties"]) for each in log) == sorted([name] for name in expected(world))
    assert alice.shown(world, alice.WORKSPACE)["properties"]["publicNetworkAccess"] == "Enabled"


@pytest.mark.parametrize(
    "changed",
    [
        {"systemDatastoresAuthMode": "AccessKey"},
        {"v1LegacyMode": False},
        {"ipAllowlist": []},
        {"serverlessComputeSettings": {"serverlessComputeNoPublicIP": False}},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_what_somebody_changes_is_repaired(world: World, changed: dict[str, Any]) -> None:
    """By one request."""
    driver = drive(world, world.spec(**settings(world)))
    await driver.settle()
    await change(world, **changed)
    before = last(world)
    await driver.resync()
    assert (names(writes(world, before)), shown(world)) == (["PATCH workspaces/fraud"], expected(world))


async def test_what_the_spec_speaks_of_no_more_stays(world: World) -> None:
    """An empty list of addresses lets everybody in, so the operator empties none; the others have no default."""
    driver = drive(world, world.spec(**settings(world)))
    await driver.settle()
    before = last(world)
    driver.edit(world.spec(publicAccess={"workspace": "Enabled"}))
    await driver.settle()
    assert (writes(world, before), shown(world)) == ([], expected(world))
    assert driver.condition("Ready")["status"] == "True"


async def test_an_address_that_the_spec_drops_is_told_of(world: World) -> None:
    """It still gets in."""
    driver = drive(world, world.spec(**settings(world)))
    await driver.settle()
    driver.edit(world.spec(publicAccess={"workspace": "Enabled", "allowedIPRanges": ["198.51.100.9"]}))
    await driver.settle()
    assert shown(world)["ipAllowlist"] == ["203.0.113.7", "198.51.100.9"]
    told = [each["message"] for each in driver.status["findings"] if each["rule"] == "WS-IPALLOW-01"]
    assert [message for message in told if "lets in 203.0.113.7," in message]


async def test_of_two_that_contradict_each_other_the_older_decides(world: World) -> None:
    """The other says who decides and writes nothing; when the older one goes, its own value is written."""
    engine = new_engine(world)
    modes = [{"workspaceSettings": {"v1LegacyMode": mode}} for mode in (True, False)]
    older, younger = (drive(world, world.spec(**mode), f"w{at}", engine) for at, mode in enumerate(modes))
    older.request = replace(older.request, created="2026-01-01T00:00:00Z")
    younger.request = replace(younger.request, created="2026-01-02T00:00:00Z")
    await older.settle()
    for _ in range(3):
        await younger.step()
        world.emulator.clock.advance(1800)
        await older.resync()
        assert alice.shown(world, alice.WORKSPACE)["properties"]["v1LegacyMode"] is True
        assert older.condition("Ready")["status"] == "True"
    assert younger.condition("WorkspaceConfigured")["reason"] == "DecidedByAnother"
    assert "east/team-a/w0" in younger.condition("WorkspaceConfigured")["message"]
    older.delete()
    assert (await older.settle()).released
    world.emulator.clock.advance(1800)
    await younger.settle()
    assert alice.shown(world, alice.WORKSPACE)["properties"]["v1LegacyMode"] is False
    assert younger.condition("Ready")["status"] == "True"

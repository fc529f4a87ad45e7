"""What Azure's own diagnosis finds, through HTTPS, with the operator's role."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.integration.driving import drive
from tests.integration.engine import alice
from tests.integration.engine.calls import calls, last, writes

from arm_emulator import faults

if TYPE_CHECKING:
    from tests.integration.driving import Driver, World

BUILDER = "ImageBuildComputeNotValid"


def codes(driver: Driver) -> list[str]:
    """What stands in the status."""
    return [each["code"] for each in driver.status["diagnosis"].get("faults", ())]


def findings(driver: Driver) -> list[dict[str, Any]]:
    """What stands among the findings."""
    return [each for each in driver.status.get("findings", ()) if each["rule"] == "DiagnosedByAzure"]


def about_it(world: World, since: int = 0) -> list[str]:
    """The requests of diagnoses, by method."""
    words = ("/diagnose", "workspaceoperationsstatus")
    return [call.method for call in calls(world, since) if any(word in call.target.lower() for word in words)]


async def test_a_builder_that_is_missing_is_told_and_gone_once_it_is_there(world: World) -> None:
    """Field report F10: no write says a word about the builder of images, Azure's diagnosis does."""
    driver = drive(world, world.spec())
    await driver.settle()
    assert codes(driver) == [BUILDER]
    (finding,) = findings(driver)
    assert finding["severity"] == "Warning"
    assert finding["message"].startswith(
        f"Azure's own diagnosis, containerRegistryResults: Warning {BUILDER}: The"
    )
    assert finding["resource"] == driver.request.spec["workspaceID"]
    assert driver.condition("Ready")["status"] == "True"
    assert [event.reason for event in driver.events].count("DiagnosedByAzure") == 1
    asked = about_it(world)
    assert asked[0] == "POST"
    assert 1 < len(asked) <= 5
    since = last(world)
    await driver.resync()
    assert about_it(world, since) == [], "what is in order costs what it did before"

    cluster = {"properties": {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2"}}}
    workspace = alice.one(world, alice.WORKSPACE)
    await world.alice.put(f"{workspace}/computes/builder", "2024-10-01", {"location": "westeurope", **cluster})
    await alice.patches(world, alice.WORKSPACE, {"properties": {"imageBuildCompute": "builder"}})
    driver.request = replace(driver.request, diagnose_at="noon")
    written = len(writes(world))
    await driver.settle()
    assert driver.status["diagnosis"]["askedAt"] == "noon"
    assert (codes(driver), findings(driver)) == ([], [])
    assert len(writes(world)) == written


async def test_a_right_that_is_missing_is_told_once_and_nothing_else_fails(world: World) -> None:
    """A role of an earlier version lacks it."""
    world.emulator.world.faults.rules.append(
        faults.parse(
            {
                "method": "POST",
                "path": "/diagnose",
                "status": 403,
                "code": "AuthorizationFailed",
                "message": "The client does not have authorization to perform action"
                " 'Microsoft.MachineLearningServices/workspaces/diagnose/action' over scope '/x'.",
                "times": 0,
            }
        )
    )
    driver = drive(world, world.spec())
    await driver.settle()
    await driver.resync()
    refusal = driver.status["diagnosis"]["refusal"]
    assert refusal["reason"] == "Forbidden"
    assert "workspaces/diagnose/action" in refusal["message"]
    assert "docs/azure-role.json" in refusal["advice"]
    assert [event.reason for event in driver.events].count("Forbidden") == 1
    assert about_it(world) == ["POST"]
    assert {driver.condition(kind)["status"] for kind in ("Ready", "InSync", "Permitted")} == {"True"}


async def test_a_restart_while_azure_diagnoses_costs_a_second_question(world: World) -> None:
    """The handle is nowhere but in the process."""
    driver = drive(world, world.spec())
    while not about_it(world):
        world.emulator.clock.advance(((await driver.step()).requeue_after).total_seconds())  # type: ignore[union-attr]
    driver.restart()
    await driver.settle()
    assert about_it(world).count("POST") == 2
    assert codes(driver) == [BUILDER]

"""Computes through azure-ai-ml: what the SDK sends is what was declared, or is not sent."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from arm_emulator import faults
from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.azure.catalogue import CATALOGUE, TypeInfo
from secureml_reconcilers.azure.connection import open_arm
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.driving import World

    from secureml_reconcilers.azure.client import ArmClient
    from secureml_reconcilers.azure.resource_id import ResourceId


@asynccontextmanager
async def as_alice(world: World) -> AsyncIterator[ArmClient]:
    """A connection with her rights: the operator's documented role creates no computes yet."""
    environment = replace(
        world.environment, client_id=world.alice._identity.client_id, client_secret=world.alice._identity.secret
    )
    async with open_arm(environment, lambda _: None) as arm:
        yield arm


def workspace_of(world: World) -> ResourceId:
    """The workspace of the landscape."""
    return resource_id(landscape.workspace_id(world.subscription, "fraud"))


def subnet_of(world: World) -> str:
    """A subnet in the group of the network, not in that of the workspace."""
    return landscape.subnet_id(world.subscription)


def cluster(world: World, **more: Any) -> Any:  # noqa: ANN401 - an entity of the SDK
    """A cluster without public addresses in the landscape's subnet."""
    from azure.ai.ml.entities import AmlCompute, NetworkSettings  # noqa: PLC0415 - 110 MB

    network = NetworkSettings(subnet=subnet_of(world))
    return AmlCompute(
        name="trainers",
        location="westeurope",
        size="STANDARD_DS3_V2",
        network_settings=network,
        enable_node_public_ip=False,
        **more,
    )


def body(world: World) -> dict[str, Any]:
    """What the SDK makes of it, said out loud."""
    return {
        "location": "westeurope",
        "properties": {
            "computeType": "AmlCompute",
            "disableLocalAuth": True,
            "properties": {
                "osType": "Linux",
                "vmSize": "STANDARD_DS3_V2",
                "remoteLoginPortPublicAccess": "NotSpecified",
                "enableNodePublicIp": False,
                "subnet": {"id": subnet_of(world)},
                "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M"},
            },
        },
    }


def puts(world: World) -> list[Any]:
    """The bodies of all writes to computes that reached Azure."""
    return [entry.body for entry in world.emulator.world.log.select(method="PUT", path="/computes/")]


async def test_a_cluster_is_created_as_declared_and_read_by_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One PUT, whose end nobody waits for; the cloud of the process stays what it was."""
    # No composition names computes yet, so the catalogue has no row of them.
    monkeypatch.setitem(CATALOGUE, "microsoft.machinelearningservices/workspaces/computes", TypeInfo("2024-10-01"))
    workspace, before = workspace_of(world), dict(os.environ)
    async with as_alice(world) as arm:
        taken = await arm.ml.create_compute(workspace, cluster(world), body(world))
        assert (taken.running, taken.poll_url is not None) == (True, True)
        assert puts(world) == [body(world)]
        assert dict(os.environ) == before
        world.emulator.clock.advance(1800)
        answer = await arm.read(workspace.child("computes", "trainers"))
    assert isinstance(answer, Present)
    shown = answer.body["properties"]["properties"]
    assert shown["subnet"] == {"id": subnet_of(world)}
    assert shown["enableNodePublicIp"] is False
    assert answer.is_terminal


async def test_what_nobody_declared_is_not_sent(world: World) -> None:
    """The SDK switches local authentication off and sets a scale, whoever asked."""
    declared = body(world)
    del declared["properties"]["disableLocalAuth"], declared["properties"]["properties"]["scaleSettings"]
    async with as_alice(world) as arm:
        with pytest.raises(AzureProblem) as caught:
            await arm.ml.create_compute(workspace_of(world), cluster(world), declared)
    assert caught.value.reason == "UndeclaredProperties"
    assert not caught.value.outcome_unknown
    assert "properties.disableLocalAuth, properties.properties.scaleSettings" in caught.value.message
    assert puts(world) == []


async def test_a_refusal_is_classified_like_any_other(world: World) -> None:
    """The operator may not create computes."""
    with pytest.raises(AzureProblem) as caught:
        await world.arm.ml.create_compute(workspace_of(world), cluster(world), body(world))
    assert caught.value.reason == "Forbidden"
    assert caught.value.permission == "Microsoft.MachineLearningServices/workspaces/computes/write"


async def test_a_lost_answer_leaves_the_outcome_open_and_nothing_is_repeated(world: World) -> None:
    """The SDK would send it again; whether that is wise is ours to say."""
    world.emulator.world.faults.rules.append(
        faults.parse({"method": "PUT", "path": "/computes/", "lose_answer": True, "times": 0})
    )
    async with as_alice(world) as arm:
        with pytest.raises(AzureProblem) as caught:
            await arm.ml.create_compute(workspace_of(world), cluster(world), body(world))
    assert (caught.value.reason, caught.value.outcome_unknown) == ("AzureUnreachable", True)
    assert len(puts(world)) == 1

"""The operator knows under which names the change log shows its own writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from arm_emulator import faults
from secureml_reconcilers.azure.connection import open_arm
from secureml_reconcilers.azure.problem import AzureProblem, Severity
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.driving import World


async def test_a_sign_in_that_works_late_tells_who_we_are(world: World) -> None:
    """One refusal at the start, and it took its own writes for those of others until it was restarted."""
    refusal = {"method": "POST", "path": "/oauth2/v2.0/token", "times": 2, "status": 503, "code": "Down"}
    world.emulator.world.faults.rules.append(faults.parse(refusal))
    workspace = resource_id(landscape.workspace_id(world.subscription, "fraud"))
    operator = world.environment.client_id
    async with open_arm(world.environment, lambda _: None) as arm:
        assert not arm.is_us(operator), "no token was given out yet"
        with pytest.raises(AzureProblem, match="Entra ID gave no answer") as caught:
            await arm.read(workspace)
        assert caught.value.reason == "AzureUnreachable", "a 503 says nothing of the credential"
        await arm.read(workspace)
        assert arm.is_us(operator.upper())
        assert not arm.is_us("alice@contoso.com")


async def test_a_token_file_that_is_missing_is_a_sign_in_that_failed(world: World, tmp_path: Path) -> None:
    """The start goes on, and a write says that it was not sent: nothing needs to be read before it is repeated."""
    environment = replace(world.environment, client_secret="", federated_token_file=str(tmp_path / "missing"))
    zone = resource_id(
        f"/subscriptions/{world.subscription}/resourceGroups/ml/providers/Microsoft.Network"
        "/privateDnsZones/privatelink.api.azureml.ms"
    )
    async with open_arm(environment, lambda _: None) as arm:
        with pytest.raises(AzureProblem) as caught:
            await arm.write("PUT", zone, {"location": "global"})
    assert (caught.value.reason, caught.value.severity) == ("AuthenticationFailed", Severity.AZURE_ADMIN)
    assert not caught.value.outcome_unknown

"""Clients that know nothing of the emulator: Azure's own SDK for Python, asynchronous."""

from __future__ import annotations

import sys

import pytest

from .client import GROUP, NET, OPERATOR, SUBSCRIPTION, TENANT, Azure, endpoint

# The operator's own code, where it was imported before, has left the operations out (azure/management.py).
for _module in [each for each in sys.modules if each.startswith("azure.mgmt.network")]:
    del sys.modules[_module]

pytest.importorskip("azure.mgmt.network.aio", reason="the Azure SDK is not installed")

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError  # noqa: E402 - with its operations
from azure.identity.aio import ClientSecretCredential  # noqa: E402 - with its operations
from azure.mgmt.network.aio import NetworkManagementClient  # noqa: E402 - with its operations

REGION = "westeurope"


async def test_the_network_sdk_from_token_to_endpoint() -> None:
    """Identity, network, subnet, endpoint, deletion: begin_… and result() of the real pollers."""
    async with Azure.start(speed=500) as azure:
        base, trust = azure.emulator.base_url, str(azure.emulator.ca_path)
        async with (
            ClientSecretCredential(
                TENANT, OPERATOR, "operator-secret", authority=base, disable_instance_discovery=True,
                connection_verify=trust,
            ) as credential,
            NetworkManagementClient(
                credential, SUBSCRIPTION, base_url=base, credential_scopes=[f"{base}/.default"],
                connection_verify=trust, polling_interval=0,
            ) as network,
        ):  # fmt: skip
            await azure.group()
            storage = await azure.storage()
            clock = azure.emulator.clock
            await clock.sleep_until(clock.now() + 100)
            space = {"location": REGION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
            poller = await network.virtual_networks.begin_create_or_update("rg", "v", space, polling=False)
            assert poller is not None
            await clock.sleep_until(clock.now() + 100)
            await network.subnets.begin_create_or_update(
                "rg", "v", "pe", {"properties": {"addressPrefix": "10.0.1.0/24"}}, polling=False
            )
            await clock.sleep_until(clock.now() + 100)
            body = endpoint(f"{NET}/virtualNetworks/v/subnets/pe", storage)
            made = await azure.put(f"{NET}/privateEndpoints/p", body)
            assert made.status == 201
            await clock.sleep_until(clock.now() + 100)
            found = await network.private_endpoints.get("rg", "p")
            assert found.provisioning_state == "Succeeded"
            assert [each.fqdn for each in found.custom_dns_configs] == ["sa1.blob.core.windows.net"]
            with pytest.raises(ResourceNotFoundError):
                await network.virtual_networks.get("rg", "none")
            with pytest.raises(HttpResponseError) as refused:
                await network.subnets.begin_delete("rg", "v", "pe")
            assert refused.value.error is not None
            assert refused.value.error.code == "InUseSubnetCannotBeDeleted"
            assert [each.name async for each in network.virtual_networks.list("rg")] == ["v"]
            assert GROUP in NET


async def test_a_poller_follows_the_operation_to_its_end() -> None:
    """`result()` waits for Retry-After and reads the final resource."""
    async with Azure.start(speed=1000) as azure:
        base, trust = azure.emulator.base_url, str(azure.emulator.ca_path)
        async with (
            ClientSecretCredential(
                TENANT, OPERATOR, "operator-secret", authority=base, disable_instance_discovery=True,
                connection_verify=trust,
            ) as credential,
            NetworkManagementClient(
                credential, SUBSCRIPTION, base_url=base, credential_scopes=[f"{base}/.default"],
                connection_verify=trust, polling_interval=0,
            ) as network,
        ):  # fmt: skip
            await azure.group()
            poller = await network.network_security_groups.begin_create_or_update("rg", "n", {"location": REGION})
            group = await poller.result()
            assert group.provisioning_state == "Succeeded"
            assert len(group.default_security_rules or ()) == 6

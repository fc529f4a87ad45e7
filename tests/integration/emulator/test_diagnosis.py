"""A workspace's diagnosis: what Azure finds wrong with it and with what belongs to it.

Shapes: OpenAPI document of 2024-10-01, Workspaces_Diagnose. The codes but CustomDnsInUse (article on workspace
diagnostics) and ImageBuildComputeNotValid (field report F10) are unverified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from arm_emulator.providers.ml_diagnosis import CATEGORIES

from .client import GROUP, Azure
from .estates import (
    REGISTRY,
    STORAGE,
    VAULT,
    WORKSPACE,
    base,
    closed,
    endpoint_in,
    gone,
    linked,
    network_id,
    put,
    registry,
    servers,
    workspace,
    written,
    zone,
)

if TYPE_CHECKING:
    from .estates import Step

API, NOTEBOOKS = "privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"
ENDPOINT = (endpoint_in("spoke", WORKSPACE, "amlworkspace"),)
"""An endpoint of the workspace: Azure looks at names and services from its network."""
NAMES = (zone(API), zone(NOTEBOOKS), written(API, NOTEBOOKS), linked("spoke", API), linked("spoke", NOTEBOOKS))
WITH_REGISTRY = (registry(), closed(WORKSPACE, containerRegistry=REGISTRY))
LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"

ESTATES = [
    # what the estate has                                        what is found
    pytest.param((), {}, id="an open workspace with open services"),
    pytest.param((*ENDPOINT, *NAMES), {}, id="an endpoint and its names"),
    pytest.param(
        (servers("10.0.2.10"), *ENDPOINT, *NAMES),
        {"dnsResolutionResults": ["CustomDnsInUse"]},
        id="a DNS server of one's own that forwards",
    ),
    pytest.param((servers("168.63.129.16"), *ENDPOINT, *NAMES), {}, id="Azure's DNS by its address"),
    pytest.param(
        (endpoint_in("spoke", WORKSPACE, "amlworkspace", manual=True),), {}, id="an endpoint nobody approved"
    ),
    pytest.param(
        (closed(STORAGE), endpoint_in("spoke")), {}, id="a closed account with an endpoint, and nobody inside"
    ),
    pytest.param(
        ENDPOINT, {"dnsResolutionResults": ["PrivateEndpointNotResolved"] * 4}, id="an endpoint without names"
    ),
    pytest.param(
        (closed(STORAGE),), {"storageAccountResults": ["StorageAccountNotReachable"]}, id="a closed account"
    ),
    pytest.param(
        (*ENDPOINT, *NAMES, closed(STORAGE), endpoint_in("spoke", name="blob")),
        {"storageAccountResults": ["StorageAccountNotReachable"] * 2},
        id="an account whose endpoint has no names, and none for files",
    ),
    pytest.param((closed(VAULT),), {"keyVaultResults": ["KeyVaultNotReachable"]}, id="a closed vault"),
    pytest.param((gone(VAULT),), {"keyVaultResults": ["KeyVaultNotFound"]}, id="a vault that is gone"),
    pytest.param(
        (*WITH_REGISTRY, closed(REGISTRY)),
        {"containerRegistryResults": ["ContainerRegistryNotReachable", "ImageBuildComputeNotValid"]},
        id="a closed registry without a builder",
    ),
    pytest.param(
        (closed(WORKSPACE, imageBuildCompute="none"),),
        {"containerRegistryResults": ["ImageBuildComputeNotValid"]},
        id="a builder that does not exist",
    ),
    pytest.param(
        (closed(WORKSPACE, imageBuildCompute="ci-one"),),
        {"containerRegistryResults": ["ImageBuildComputeNotValid"]},
        id="an instance as builder",
    ),
    pytest.param(
        (put(LOCK, {"properties": {"level": "CanNotDelete"}}),),
        {"resourceLockResults": ["ResourceLockFound"]},
        id="a lock on the group",
    ),
]


async def diagnosis(azure: Azure) -> dict[str, Any]:
    """The answer at the end of a diagnosis."""
    begun = await azure.call("POST", f"{WORKSPACE}/diagnose", {"value": {}})
    assert (begun.status, begun.body) == (202, None)
    done = await azure.outcome(begun)
    assert done.status == 200
    return dict(done.body["value"])


@pytest.mark.parametrize(("estate", "expected"), ESTATES)
async def test_findings(azure: Azure, estate: tuple[Step, ...], expected: dict[str, list[str]]) -> None:
    """Every list is there, and the ones that are not expected are empty."""
    await base(azure)
    for step in (workspace(), *estate):
        await step(azure)
    found = await diagnosis(azure)
    assert tuple(found) == CATEGORIES
    assert {name: [each["code"] for each in rows] for name, rows in found.items() if rows} == expected


async def test_the_words_about_dns_servers(azure: Azure) -> None:
    """The example of the article on workspace diagnostics."""
    await base(azure)
    for step in (workspace(), servers("10.0.2.10"), *ENDPOINT, *NAMES):
        await step(azure)
    (finding,) = (await diagnosis(azure))["dnsResolutionResults"]
    assert finding["level"] == "Warning"
    assert finding["message"].startswith(
        f"It is detected VNet '{network_id('spoke')}' of private endpoint '{GROUP}/providers/Microsoft.Network/"
        "privateEndpoints/p' is not using Azure default DNS."
    )


async def test_a_workspace_that_goes_meanwhile(azure: Azure) -> None:
    """There is nothing to say of it."""
    await base(azure)
    await workspace()(azure)
    begun = await azure.call("POST", f"{WORKSPACE}/diagnose", {"value": {}})
    azure.emulator.ctx.remove(WORKSPACE)
    assert (await azure.outcome(begun)).status == 404

"""Microsoft's OpenAPI documents as judge: of the cassettes, of deliberately bad calls, of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import cassettes, differences
from .openapi import Call, check_call, find_operation, specifications
from .preludes import PRELUDES, SEEDS
from .replay import Player

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = [
    pytest.mark.skipif(
        not specifications().is_dir(),
        reason="the OpenAPI documents are not here: put them beside the project or set SECUREML_SHARED",
    ),
    pytest.mark.skipif(
        not cassettes.folder().is_dir(),
        reason="the recordings of Azure traffic are not here: put them beside the project or set SECUREML_SHARED",
    ),
]

GROUP = "https://management.azure.com/subscriptions/s/resourceGroups/g"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sa"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w"

IDENTITY_TYPES = ["None", "SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned"]

TOLERATED = {
    "$.name is read-only",
    "$.name is unknown",
    "$.zones is unknown",
    "$.properties.agentPoolProfiles[0].virtualMachineNodesStatus is unknown",
    "query parameter underlyingResourceAction is missing",
}
"""What the recorded client did against the documents and Azure accepted: it repeats the name in every body,
sends members newer than the stored storage and cluster documents, and deletes a compute without saying how."""


def recorded() -> list[tuple[str, cassettes.Interaction]]:
    """Every interaction of every cassette."""
    return [(name, each) for name in cassettes.names() for each in cassettes.load(name)]


def test_recorded_traffic_obeys_the_documents() -> None:
    """Real requests and answers break no rule but the tolerated ones, so the checker is not too strict."""
    broken = {
        f"{name}[{each.index}]: {problem}"
        for name, each in recorded()
        for problem in check_call(Call(each.method, each.url, each.status, each.request, each.body))
        if problem not in TOLERATED
    }
    assert broken == set()


BAD_CALLS = [
    pytest.param(
        Call("PUT", f"{NETWORK}/privateEndpoints/pe?api-version=2024-03-01", 201, {"properties": {"subnets": []}}),
        ["$.properties.subnets is unknown"],
        id="an unknown member is named with its path",
    ),
    pytest.param(
        Call(
            "PUT",
            f"{NETWORK}/privateEndpoints/pe?api-version=2024-03-01",
            201,
            {"location": "westeurope", "properties": {"provisioningState": "Succeeded"}},
        ),
        ["$.properties.provisioningState is read-only"],
        id="a read-only member may not be sent back",
    ),
    pytest.param(
        Call("PUT", f"{STORAGE}?api-version=2023-05-01", 202, {"location": "westeurope", "kind": "StorageV2"}),
        ["$.sku is required"],
        id="a missing member is noticed",
    ),
    pytest.param(
        Call("PATCH", f"{STORAGE}?api-version=2023-05-01", 200, {"properties": {"allowBlobPublicAccess": "no"}}),
        ["$.properties.allowBlobPublicAccess: 'no' is not of type 'boolean'"],
        id="a wrong type is noticed",
    ),
    pytest.param(
        Call("PATCH", f"{WORKSPACE}?api-version=2024-10-01", 202, {"identity": {"type": "Systemassigned"}}),
        [f"$.identity.type: 'Systemassigned' differs in letter case from {IDENTITY_TYPES}"],
        id="an extensible enumeration still has one spelling",
    ),
    pytest.param(
        Call("PATCH", f"{WORKSPACE}?api-version=2024-10-01", 202, {"properties": {"ipAllowlist": []}}),
        ["$.properties.ipAllowlist is unknown"],
        id="a member of the preview version is unknown to the stable one",
    ),
    pytest.param(
        Call("GET", f"{WORKSPACE}?api-version=2024-10-01", 201, None, {}),
        ["status 201 is not documented, only 200, default"],
        id="an undocumented status is noticed",
    ),
    pytest.param(
        Call("GET", f"{STORAGE}?api-version=2023-05-01", 200, None, {"properties": {"isHnsEnabled": "yes"}}),
        ["$.properties.isHnsEnabled: 'yes' is not of type 'boolean'"],
        id="the answer's types count too",
    ),
    pytest.param(
        Call("GET", f"{STORAGE}?api-version=2023-05-01", 404, None, {"message": "no"}),
        ["a failure without an ARM error body"],
        id="a failure has an ARM error body",
    ),
    pytest.param(
        Call("GET", f"{STORAGE}?api-version=2023-05-01", 404, None, {"code": "NotFound", "message": "no"}),
        ["a failure without an ARM error body"],
        id="an error at the top of the body is AKS's own, with a code below the code",
    ),
    pytest.param(
        Call("GET", f"{CLUSTER}?api-version=2024-09-01", 404, None, {"subcode": "GetAgentPool_NotFound"}),
        ["a failure without an ARM error body"],
        id="and even that needs code and message",
    ),
    pytest.param(
        Call("GET", STORAGE, 200),
        ["api-version '' is missing or malformed"],
        id="every call names its API version",
    ),
    pytest.param(
        Call("POST", f"{STORAGE}/explode?api-version=2023-05-01", 200),
        [f"no document describes POST {STORAGE.removeprefix('https://management.azure.com')}/explode"],
        id="an unknown operation is noticed",
    ),
    pytest.param(
        Call("DELETE", f"{WORKSPACE}/computes/c?api-version=2024-10-01", 202),
        ["query parameter underlyingResourceAction is missing"],
        id="a required query parameter is noticed",
    ),
]


@pytest.mark.parametrize(("call", "problems"), BAD_CALLS)
def test_bad_calls_are_told_in_sentences(call: Call, problems: list[str]) -> None:
    """The whole list is compared: nothing else is said."""
    assert check_call(call) == problems


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(
            f"{GROUP}/providers/Microsoft.Network/privateDnsOperationStatuses/x?api-version=2024-06-01",
            id="operation status URLs are opaque",
        ),
        pytest.param(
            f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm?api-version=2024-06-01",
            id="no compute document is stored",
        ),
    ],
)
def test_what_no_document_covers_is_passed_over(url: str) -> None:
    """Silence about what nobody can judge."""
    assert check_call(Call("GET", url, 200, None, {"anything": 1})) == []


def test_a_network_link_is_no_record_set() -> None:
    """Its URL fits two templates of the private DNS document; the literal one wins."""
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z/virtualNetworkLinks/l"
    operation = find_operation("PUT", path, "2024-06-01")
    assert operation is not None
    assert operation.node["operationId"] == "VirtualNetworkLinks_CreateOrUpdate"


@pytest.fixture
async def player(request: pytest.FixtureRequest) -> AsyncIterator[Player]:
    """A fresh emulator for the cassette that the test is about."""
    running = await Player.start(SEEDS.get(request.node.callspec.params["name"], "0"))
    yield running
    await running.stop()


@pytest.mark.parametrize("name", cassettes.names())
async def test_the_emulators_answers_obey_the_documents(name: str, player: Player) -> None:
    """What the emulator says to recorded requests is what the documents allow."""
    if name in PRELUDES:
        await PRELUDES[name](player, cassettes.load(name))
    for interaction in cassettes.load(name):
        await player.play(name, interaction, differences.justified)
    broken = {
        f"{interaction.method} {interaction.place}: {problem}"
        for interaction, _, _, answer in player.answered
        for problem in check_call(
            Call(interaction.method, interaction.url, answer.status, interaction.request, answer.body)
        )
        if problem not in TOLERATED
    }
    assert broken == set()

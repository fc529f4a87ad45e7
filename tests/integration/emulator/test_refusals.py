"""What is not served is refused in words, listed, and never stored as if it had been done."""

from __future__ import annotations

import pytest

from .client import ADMIN, GROUP, SUB, Azure

DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/d"


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        pytest.param("PUT", DEPLOYMENT, "template deployments", id="deployment to a group"),
        pytest.param("POST", f"{DEPLOYMENT}/validate", "template deployments", id="its validation"),
        pytest.param(
            "PUT",
            f"{SUB}/providers/Microsoft.Resources/deployments/d",
            "template deployments",
            id="deployment to a subscription",
        ),
        pytest.param("GET", "/v1.0/servicePrincipals", "Microsoft Graph", id="Microsoft Graph"),
        pytest.param(
            "GET",
            "/providers/Microsoft.Authorization/providerOperations/Microsoft.Storage",
            "operations of providers",
            id="operations of a provider",
        ),
    ],
)
async def test_a_refusal_says_what_is_missing(azure: Azure, method: str, path: str, words: str) -> None:
    """501, whatever the api-version, and an entry in the list of what was not served."""
    await azure.group()
    reply = await azure.call(method, path, {} if method != "GET" else None, version=None)
    assert (reply.status, reply.code) == (501, "NotImplemented")
    assert words in reply.message
    listed = [each["request"] for each in (await azure.control("GET", "unserved"))["value"]]
    assert listed == [f"{method} {path}"]


async def test_no_deployment_is_feigned(azure: Azure) -> None:
    """A template with comments, as the command line sends it, is not even read; nothing is stored."""
    await azure.group()
    headers = {"Authorization": f"Bearer {azure.emulator.token(ADMIN)}", "Content-Type": "application/json"}
    url = f"{azure.emulator.base_url}{DEPLOYMENT}?api-version=2024-07-01"
    async with azure.session.put(url, data='{"properties": {"template": {/* x */}}}', headers=headers) as answer:
        assert answer.status == 501
    assert (await azure.get(DEPLOYMENT)).status == 404
    assert (await azure.get(DEPLOYMENT.rsplit("/", 1)[0])).body["value"] == []


async def test_a_list_below_a_place_nobody_knows_is_not_served(azure: Azure) -> None:
    """`.../locations/westeurope/usages` is not missing in Azure, so a plain 404 would be a false answer."""
    path = f"{SUB}/providers/Microsoft.Network/locations/westeurope/usages"
    assert (await azure.get(path)).code == "InvalidResourceType"
    listed = [each["request"].split(" ")[1] for each in (await azure.control("GET", "unserved"))["value"]]
    assert listed == [path]


async def test_extensions_of_a_known_type_are_listed(started: Azure) -> None:
    """Diagnostic settings are stored generically, so none there is an empty list."""
    account = await started.storage()
    path = f"{account}/providers/Microsoft.Insights/diagnosticSettings"
    assert (await started.get(path)).body["value"] == []
    await started.put(f"{path}/logs", {"properties": {"logs": []}})
    assert [each["name"] for each in (await started.get(path)).body["value"]] == ["logs"]

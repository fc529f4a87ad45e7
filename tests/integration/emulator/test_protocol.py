"""What every call has in common: authentication, versions, headers, error bodies, lists, ids."""

from __future__ import annotations

import pytest

from .client import ADMIN, GROUP, NET, SUB, Azure

THING = f"{GROUP}/providers/Contoso.Things/widgets/w1"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param({}, "AuthenticationFailed", id="no token"),
        pytest.param({"Authorization": "Bearer abc"}, "InvalidAuthenticationToken", id="no token of ours"),
    ],
)
async def test_without_a_valid_token(azure: Azure, headers: dict[str, str], code: str) -> None:
    """401 with a challenge that leads to the tenant (ARM RPC, common API details)."""
    reply = await azure.get(GROUP, who="", headers=headers)
    assert (reply.status, reply.code) == (401, code)
    assert "authorization_uri=" in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("version", "code"),
    [
        pytest.param(None, "MissingApiVersionParameter", id="missing"),
        pytest.param("latest", "InvalidApiVersionParameter", id="no date"),
        pytest.param("2025-1-1", "InvalidApiVersionParameter", id="malformed date"),
    ],
)
async def test_api_version_is_required(azure: Azure, version: str | None, code: str) -> None:
    """400 for a missing or malformed api-version (conventions 4)."""
    reply = await azure.get(GROUP, version=version)
    assert (reply.status, reply.code) == (400, code)


async def test_every_error_has_the_same_shape(azure: Azure) -> None:
    """One envelope, whatever refuses: conventions 6."""
    await azure.group()
    refused = [
        await azure.get(GROUP, who=""),
        await azure.get(GROUP, version=None),
        await azure.get("/subscriptions/nowhere"),
        await azure.get(f"{SUB}/resourceGroups/none"),
        await azure.get(THING),
        await azure.put(f"{NET}/virtualNetworks/v"),
        await azure.call("POST", GROUP),
        await azure.get("/no/such/path"),
        await azure.put(f"{NET}/virtualNetworks/none/subnets/s"),
    ]
    for reply in refused:
        assert 400 <= reply.status < 500
        assert set(reply.body) == {"error"}
        assert reply.code
        assert reply.message
        assert reply.headers["x-ms-request-id"]
        assert reply.headers["x-ms-correlation-request-id"]


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        pytest.param("/subscriptions/nowhere", "SubscriptionNotFound", "'nowhere'", id="subscription"),
        pytest.param(
            f"{SUB}/resourceGroups/no", "ResourceGroupNotFound", "Resource group 'no' could not", id="group"
        ),
        pytest.param(
            f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
            "ResourceNotFound",
            "The Resource 'Microsoft.Network/virtualNetworks/v' under resource group 'rg' was not found",
            id="a child of a missing resource names the parent",
        ),
        pytest.param(
            f"{SUB}/resourceGroups/gone/providers/Microsoft.Network/virtualNetworks/v",
            "ResourceGroupNotFound",
            "Resource group 'gone' could not be found.",
            id="a resource of a missing group names the group",
        ),
    ],
)
async def test_not_found_in_azures_words(azure: Azure, path: str, code: str, words: str) -> None:
    """ARM's own 404 with its header; recorded in Test_Networking_PrivateEndpoint_20250301_CRUD."""
    await azure.group()
    reply = await azure.get(path)
    assert (reply.status, reply.code, reply.headers["x-ms-failure-cause"]) == (404, code, "gateway")
    assert words in reply.message


async def test_correlation_and_client_request_ids(azure: Azure) -> None:
    """The caller's correlation id comes back; its request id only when it asks."""
    await azure.group()
    ids = {"x-ms-correlation-request-id": "c-1", "x-ms-client-request-id": "r-1"}
    quiet = await azure.get(GROUP, headers=ids)
    asked = await azure.get(GROUP, headers={**ids, "x-ms-return-client-request-id": "true"})
    assert quiet.headers["x-ms-correlation-request-id"] == "c-1"
    assert "x-ms-client-request-id" not in quiet.headers
    assert asked.headers["x-ms-client-request-id"] == "r-1"


async def test_an_unknown_type_is_stored_generically(azure: Azure) -> None:
    """Any ARM type: PUT replaces, PATCH merges (RFC 7396, tags whole), DELETE 202 until it is gone, then 204."""
    await azure.group()
    body = {"location": "West Europe", "tags": {"a": "1", "b": "2"}, "properties": {"x": {"y": 1, "z": [1, 2]}}}
    assert (await azure.put(THING, body)).status == 201
    assert (await azure.put(THING, body)).status == 200
    azure.advance()
    patch = {"tags": {"c": "3"}, "properties": {"x": {"y": None, "z": [3]}}}
    assert (await azure.call("PATCH", THING, patch)).status == 202
    azure.advance()
    assert (await azure.get(THING)).body == {
        "id": THING,
        "name": "w1",
        "type": "Contoso.Things/widgets",
        "location": "westeurope",
        "tags": {"c": "3"},
        "properties": {"x": {"z": [3]}, "provisioningState": "Succeeded"},
    }
    assert [(await azure.delete(THING)).status for _ in range(2)] == [202, 202]
    azure.advance()
    assert (await azure.delete(THING)).status == 204


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
async def test_an_unknown_type_has_operations_too(azure: Azure, verb: str) -> None:
    """Reference data 15: a state that is not final, URLs, an end; recorded for agent pools and extensions."""
    await azure.group()
    await azure.make(THING, {"location": "westeurope", "properties": {"a": 1}})
    body = {"location": "westeurope", "properties": {"a": 2}} if verb != "DELETE" else None
    reply = await azure.call(verb, THING, body)
    assert reply.status == (200 if verb == "PUT" else 202)
    shown = (await azure.get(THING)).properties
    assert shown["provisioningState"] == ("Deleting" if verb == "DELETE" else "Updating")
    status = reply.headers["Azure-AsyncOperation"]
    assert "/providers/Contoso.Things/locations/westeurope/operations/" in status
    assert ("Location" in reply.headers) == (verb != "PUT")
    running = await azure.get(status)
    assert (running.status, running.body["status"], "endTime" in running.body) == (200, "InProgress", False)
    azure.advance()
    done = await azure.get(status)
    assert (done.body["status"], "endTime" in done.body) == ("Succeeded", True)
    after = await azure.get(THING)
    assert after.status == (404 if verb == "DELETE" else 200)


async def test_what_is_there_when_it_is_answered(azure: Azure) -> None:
    """Documents without a long-running write: application insights; recorded: federated credentials."""
    await azure.group()
    path = f"{GROUP}/providers/Microsoft.Insights/components/ai"
    reply = await azure.put(path, {"location": "westeurope", "kind": "web"})
    assert (reply.status, reply.properties["provisioningState"]) == (201, "Succeeded")
    assert "Azure-AsyncOperation" not in reply.headers
    assert (await azure.delete(path)).status == 200


async def test_ids_compare_without_case_and_keep_the_first_casing(azure: Azure) -> None:
    """Conventions 5; a second PUT in other casing is an update of the same resource."""
    await azure.group()
    await azure.put(THING, {"location": "westeurope"})
    shouted = f"{SUB}/RESOURCEGROUPS/RG/PROVIDERS/CONTOSO.THINGS/WIDGETS/W1"
    assert (await azure.put(shouted, {"location": "westeurope"})).status == 200
    assert (await azure.get(shouted)).body["id"] == THING


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"location": "northeurope"}, 409, "InvalidResourceLocation", id="another region"),
        pytest.param({"location": "westeurope", "name": "w2"}, 400, "InvalidRequestContent", id="another name"),
        pytest.param({"location": "westeurope", "type": "A.B/c"}, 400, "InvalidRequestContent", id="another type"),
    ],
)
async def test_location_name_and_type_are_fixed(azure: Azure, body: object, status: int, code: str) -> None:
    """Conventions 13."""
    await azure.group()
    await azure.put(THING, {"location": "westeurope"})
    reply = await azure.put(THING, body)
    assert (reply.status, reply.code) == (status, code)


async def test_a_child_needs_its_parent(azure: Azure) -> None:
    """404 ParentResourceNotFound on PUT below nothing (wire examples 14)."""
    await azure.group()
    reply = await azure.put(f"{NET}/virtualNetworks/v/subnets/s", {"properties": {"addressPrefix": "10.0.0.0/24"}})
    assert (reply.status, reply.code) == (404, "ParentResourceNotFound")


async def test_lists_are_paged(azure: Azure) -> None:
    """Every page but the last has an absolute nextLink (conventions 14)."""
    await azure.group()
    for index in range(5):
        await azure.put(f"{GROUP}/providers/Contoso.Things/widgets/w{index}", {"location": "westeurope"})
    names, url = [], f"{SUB}/providers/Contoso.Things/widgets?$top=2"
    while url:
        page = (await azure.get(url)).body
        names.append([each["name"] for each in page["value"]])
        url = page.get("nextLink", "")
        assert not url or url.startswith(azure.emulator.base_url)
    assert names == [["w0", "w1"], ["w2", "w3"], ["w4"]]


async def test_lists_by_group_and_by_subscription(azure: Azure) -> None:
    """The same type listed at both scopes, and everything with a location under `resources`."""
    await azure.group()
    await azure.group(f"{SUB}/resourceGroups/other")
    await azure.network()
    elsewhere = f"{SUB}/resourceGroups/other/providers/Microsoft.Network/virtualNetworks/w"
    await azure.make(
        elsewhere, {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}}
    )
    kind = "providers/Microsoft.Network/virtualNetworks"
    for path, names in (
        (f"{SUB}/{kind}", ["v", "w"]),
        (f"{GROUP}/{kind}", ["v"]),
        (f"{SUB}/resources", ["v", "w"]),
        (f"{SUB}/resourceGroups", ["rg", "other"]),
    ):
        assert [each["name"] for each in (await azure.get(path)).body["value"]] == names


async def test_a_group_exists_by_head(azure: Azure) -> None:
    """HEAD answers 204 or 404 without a body."""
    assert (await azure.call("HEAD", GROUP)).status == 404
    await azure.group()
    assert (await azure.call("HEAD", GROUP)).status == 204


async def test_what_is_not_served_is_listed_not_guessed(azure: Azure) -> None:
    """404 and an entry in /emulator/unserved (style list 13)."""
    await azure.group()
    await azure.network()
    assert (await azure.get(f"{NET}/virtualNetworks/v/ddosProtectionStatus")).status == 404
    assert (await azure.call("POST", f"{NET}/virtualNetworks/v/teleport")).status == 404
    listed = [each["request"] for each in (await azure.control("GET", "unserved"))["value"]]
    assert [each.split("/")[-1].split(" ")[0] for each in listed] == ["ddosProtectionStatus", "teleport"]


@pytest.mark.parametrize("raw", ["{", "[]", '"x"'])
async def test_a_body_must_be_a_json_object(azure: Azure, raw: str) -> None:
    """400 InvalidRequestContent."""
    headers = {"Authorization": f"Bearer {azure.emulator.token(ADMIN)}", "Content-Type": "application/json"}
    url = f"{azure.emulator.base_url}{GROUP}?api-version=2025-04-01"
    async with azure.session.put(url, data=raw, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, "InvalidRequestContent")


async def test_provider_registration(azure: Azure) -> None:
    """An unregistered namespace refuses writes until it is registered (wire examples 14)."""
    await azure.group()
    provider = f"{SUB}/providers/Microsoft.Network"
    await azure.call("POST", f"{provider}/unregister")
    body = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    refused = await azure.put(f"{NET}/virtualNetworks/v", body)
    assert (refused.status, refused.code) == (409, "MissingSubscriptionRegistration")
    await azure.call("POST", f"{provider}/register")
    assert (await azure.get(provider)).body["registrationState"] == "Registered"
    assert (await azure.put(f"{NET}/virtualNetworks/v", body)).status == 201

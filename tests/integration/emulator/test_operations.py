"""Long-running operations: statuses, headers, what GET shows meanwhile, and who moves them."""

from __future__ import annotations

import pytest

from .client import GROUP, NET, SUB, Azure, link

VNET = f"{NET}/virtualNetworks/v"
BODY = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
ZONE = f"{NET}/privateDnsZones/privatelink.blob.core.windows.net"


async def test_a_network_put_is_updating_until_its_operation_ends(azure: Azure) -> None:
    """201 Updating, AAO, Retry-After 3; polls InProgress then Succeeded; the tag changes at each step.

    Recorded in Test_Networking_PrivateEndpoint_20250301_CRUD.
    """
    await azure.group()
    reply = await azure.put(VNET, BODY)
    assert (reply.status, reply.properties["provisioningState"]) == (201, "Updating")
    assert reply.headers["Retry-After"] == "3"
    assert reply.headers["Azure-AsyncNotification"] == "Enabled"
    poll = reply.headers["Azure-AsyncOperation"]
    assert f"{SUB}/providers/Microsoft.Network/locations/westeurope/operations/" in poll
    running = await azure.get(poll)
    assert (running.status, running.body, running.headers["Retry-After"]) == (200, {"status": "InProgress"}, "10")
    meanwhile = await azure.get(VNET)
    assert meanwhile.properties["provisioningState"] == "Updating"
    assert meanwhile.headers["ETag"] == meanwhile.body["etag"]
    azure.advance()
    assert (await azure.get(poll)).body == {"status": "Succeeded"}
    done = await azure.get(VNET)
    assert done.properties["provisioningState"] == "Succeeded"
    assert done.body["etag"] != meanwhile.body["etag"]
    assert done.body["etag"].startswith('W/"')


async def test_reading_moves_nothing(azure: Azure) -> None:
    """However often one polls, a standing clock ends no operation (style, section 6, moto's mistake)."""
    await azure.group()
    poll = (await azure.put(VNET, BODY)).headers["Azure-AsyncOperation"]
    assert {(await azure.get(poll)).body["status"] for _ in range(20)} == {"InProgress"}


async def test_a_tag_only_put_is_finished_when_answered(azure: Azure) -> None:
    """200 with AAO, no Retry-After, state Succeeded; recorded in Test_Networking_NetworkSecurityGroup."""
    await azure.group()
    group = f"{NET}/networkSecurityGroups/n"
    await azure.make(group, {"location": "westeurope"})
    reply = await azure.put(group, {"location": "westeurope", "properties": {}, "tags": {"foo": "bar"}})
    assert (reply.status, reply.properties["provisioningState"]) == (200, "Succeeded")
    assert "Retry-After" not in reply.headers
    assert (await azure.get(reply.headers["Azure-AsyncOperation"])).body == {"status": "Succeeded"}


async def test_private_dns_answers_202_and_shows_nothing_until_done(azure: Azure) -> None:
    """202 `{}`, both URLs below the group, polls 202, GET 404 until done; recorded in Test_..._PrivateDnsZone."""
    await azure.group()
    reply = await azure.put(ZONE, {"location": "global"})
    assert (reply.status, reply.body, reply.headers["Retry-After"]) == (202, {}, "30")
    assert f"{NET}/privateDnsOperationStatuses/" in reply.headers["Azure-AsyncOperation"]
    assert f"{NET}/privateDnsOperationResults/" in reply.headers["Location"]
    running = await azure.get(reply.headers["Azure-AsyncOperation"])
    assert (running.status, running.body) == (202, {"status": "InProgress"})
    assert running.headers["Location"]
    assert (await azure.get(ZONE)).status == 404
    azure.advance()
    done = await azure.get(reply.headers["Azure-AsyncOperation"])
    assert (done.status, done.body) == (200, {"status": "Succeeded"})
    assert (await azure.get(ZONE)).status == 200


async def test_deletes_answer_202_and_leave_the_resource_deleting(started: Azure) -> None:
    """202, both URLs, Retry-After 10; a second DELETE joins the first; then 204 (recorded; conventions 11)."""
    subnet = f"{VNET}/subnets/pe"
    reply = await started.delete(subnet)
    assert (reply.status, reply.body, reply.headers["Retry-After"]) == (202, None, "10")
    assert (await started.get(subnet)).properties["provisioningState"] == "Deleting"
    again = await started.delete(subnet)
    assert again.headers["Azure-AsyncOperation"] == reply.headers["Azure-AsyncOperation"]
    assert (await started.get(reply.headers["Location"])).status == 202
    assert (await started.outcome(reply)).body == {"status": "Succeeded"}
    assert (await started.get(subnet)).status == 404
    assert (await started.delete(subnet)).status == 204


async def test_durations_are_measured_ones_and_the_same_every_run() -> None:
    """A private endpoint takes 32 to 59 s, a zone 34 to 38 s (reference data 16), twice the same."""
    seen = []
    for _ in range(2):
        async with Azure.start() as azure:
            await azure.group()
            reply = await azure.put(ZONE, {"location": "global"})
            seconds = 0
            while (await azure.get(reply.headers["Azure-AsyncOperation"])).body["status"] == "InProgress":
                azure.advance(1)
                seconds += 1
            seen.append(seconds)
    assert seen[0] == seen[1]
    assert 34 <= seen[0] <= 39


async def test_the_timer_ends_operations_nobody_asks_about() -> None:
    """On a running clock an operation ends without a request."""
    async with Azure.start(speed=5000) as azure:
        await azure.group()
        await azure.put(VNET, BODY)
        clock = azure.emulator.clock
        await clock.sleep_until(clock.now() + 300)
        stored = azure.emulator.ctx.find(VNET)
        assert stored is not None
        assert stored.state == "Succeeded"


async def test_a_resource_that_goes_away_cancels_what_ran_on_it(started: Azure) -> None:
    """A link whose zone vanished never appears (recorded code OperationCancelled)."""
    await started.zone()
    reply = await started.put(f"{ZONE}/virtualNetworkLinks/l", link(VNET))
    started.emulator.ctx.remove(ZONE)
    outcome = (await started.outcome(reply)).body
    assert (outcome["status"], outcome["error"]["code"]) == ("Failed", "OperationCancelled")


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
async def test_conditional_headers_without_a_resource(azure: Azure, header: str) -> None:
    """`If-Match: *` needs the resource; `If-None-Match: *` needs its absence (conventions 12)."""
    await azure.group()
    path = f"{NET}/networkSecurityGroups/n"
    first = await azure.put(path, {"location": "westeurope"}, headers={header: "*"})
    assert first.status == (412 if header == "If-Match" else 201)
    azure.advance()
    second = await azure.put(path, {"location": "westeurope"}, headers={header: "*"})
    assert (second.status, second.code) == (412, "PreconditionFailed")


async def test_an_old_tag_is_refused(started: Azure) -> None:
    """412 for a tag from before another write; the family shares one tag, as two recorded rules do."""
    subnet = f"{VNET}/subnets/pe"
    old = (await started.get(subnet)).body["etag"]
    assert (await started.get(VNET)).body["etag"] == old
    await started.subnet("other", "10.0.2.0/24")
    body = {"properties": {"addressPrefix": "10.0.1.0/24"}}
    refused = await started.put(subnet, body, headers={"If-Match": old})
    assert (refused.status, refused.code) == (412, "PreconditionFailed")
    assert (await started.delete(subnet, headers={"If-Match": old})).status == 412
    new = (await started.get(subnet)).headers["ETag"]
    assert (await started.put(subnet, body, headers={"If-Match": new})).status == 200


async def test_a_group_is_deleted_with_everything_users_first(started: Azure) -> None:
    """202 Location Retry-After 15, polls 202 then 200; writes meanwhile are refused (recorded; conventions 15)."""
    await started.zone()
    await started.make(f"{ZONE}/virtualNetworkLinks/l", link(VNET))
    reply = await started.delete(GROUP)
    assert (reply.status, reply.headers["Retry-After"]) == (202, "15")
    assert f"{SUB}/operationresults/" in reply.headers["Location"]
    assert (await started.get(GROUP)).properties["provisioningState"] == "Deleting"
    refused = await started.put(f"{NET}/networkSecurityGroups/n", {"location": "westeurope"})
    assert (refused.status, refused.code) == (409, "ResourceGroupBeingDeleted")
    assert (await started.get(reply.headers["Location"])).status == 202
    done = await started.outcome(reply)
    assert (done.status, done.body) == (200, None)
    left = (await started.control("GET", f"resources?prefix={GROUP.lower()}"))["value"]
    assert left == []
    gone = await started.delete(VNET)
    assert (gone.status, gone.code) == (404, "ResourceGroupNotFound")


async def test_a_group_stays_while_another_group_uses_what_is_in_it(started: Azure) -> None:
    """The deletion ends Failed and rolls back when a user stands outside the group."""
    other = f"{SUB}/resourceGroups/other"
    await started.group(other)
    zone = await started.zone(group=f"{other}/providers/Microsoft.Network")
    await started.make(f"{zone}/virtualNetworkLinks/l", link(VNET))
    table = f"{other}/providers/Microsoft.Network/routeTables/t"
    await started.make(table, {"location": "westeurope"})
    body = {"properties": {"addressPrefix": "10.0.1.0/24", "routeTable": {"id": table}}}
    await started.make(f"{VNET}/subnets/pe", body)
    outcome = await started.outcome(await started.delete(other))
    assert (outcome.status, outcome.code) == (409, "ResourceGroupDeletionBlocked")
    assert (await started.get(other)).properties["provisioningState"] == "Succeeded"
    assert (await started.get(table)).status == 200

"""Scripted faults: each effect, the counters, and what is applied."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from .client import ADMIN, GROUP, NET, OPERATOR, Azure

BODY = {"location": "westeurope"}
NSG = f"{NET}/networkSecurityGroups/n"


async def inject(azure: Azure, *faults: dict[str, Any]) -> None:
    """Script faults."""
    await azure.control("POST", "faults", list(faults))


async def test_an_answer_of_choice_for_the_nth_call(azure: Azure) -> None:
    """`after` passes calls untouched, `times` limits the hits; headers and code as scripted."""
    fault = {"method": "GET", "path": "resourceGroups/rg", "after": 1, "times": 2}
    effect = {"status": 429, "code": "TooManyRequests", "retry_after": 7, "headers": {"x-test": "1"}}
    await azure.group()
    await inject(azure, {"match": fault, "effect": effect})
    replies = [await azure.get(GROUP) for _ in range(4)]
    assert [each.status for each in replies] == [200, 429, 429, 200]
    assert (replies[1].code, replies[1].headers["Retry-After"], replies[1].headers["x-test"]) == (
        "TooManyRequests",
        "7",
        "1",
    )
    assert (await azure.control("GET", "faults"))["value"][0]["hits"] == 2


async def test_html_instead_of_json(azure: Azure) -> None:
    """A poll now and then answers 500 with HTML (recorded on the AML status host)."""
    await inject(azure, {"path": "/operations/", "status": 500, "body": "<html>oops</html>"})
    await azure.group()
    poll = (await azure.put(NSG, BODY)).headers["Azure-AsyncOperation"]
    first = await azure.get(poll)
    assert (first.status, first.body) == (500, "<html>oops</html>")
    assert (await azure.get(poll)).status == 200


async def test_a_lost_answer_is_applied_and_a_dropped_request_is_not(azure: Azure) -> None:
    """Both end in a closed connection; only the first changed something (conventions, reliability).

    Twice each: aiohttp itself repeats an idempotent request once when the connection breaks.
    """
    await azure.group()
    for effect, exists in (("lose_answer", 200), ("drop", 404)):
        await inject(azure, {"method": "PUT", "path": effect, "times": 2, effect: True})
        path = f"{NET}/networkSecurityGroups/{effect}"
        with pytest.raises(aiohttp.ClientError):
            await azure.put(path, BODY)
        assert (await azure.get(path)).status == exists
    shown = (await azure.control("GET", "requests?method=PUT&path=networkSecurityGroups"))["value"]
    assert [(each["fault"], each["status"]) for each in shown] == [("lose_answer", 0)] * 2 + [("drop", 0)] * 2


async def test_a_delay_waits_on_virtual_time(azure: Azure) -> None:
    """The answer comes when the clock has moved."""
    await azure.group()
    await inject(azure, {"method": "GET", "path": "rg", "delay": 60})
    waiting = asyncio.create_task(azure.get(GROUP))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    azure.advance(61)
    async with asyncio.timeout(5):
        assert (await waiting).status == 200


async def test_slow_and_failing_operations(azure: Azure) -> None:
    """An operation takes ten times as long, and a deletion ends Failed and leaves the resource."""
    await azure.group()
    await inject(azure, {"method": "PUT", "path": "networkSecurityGroups", "slow_operation": 10})
    reply = await azure.put(NSG, BODY)
    azure.advance(9)
    assert (await azure.get(reply.headers["Azure-AsyncOperation"])).body["status"] == "InProgress"
    azure.advance(200)
    await inject(
        azure, {"method": "DELETE", "path": "n", "fail_operation": {"code": "ScopeLocked", "message": "no"}}
    )
    outcome = await azure.outcome(await azure.delete(NSG))
    assert outcome.body == {"status": "Failed", "error": {"details": [], "code": "ScopeLocked", "message": "no"}}
    assert (await azure.get(NSG)).properties["provisioningState"] == "Failed"


async def test_a_fault_for_one_caller(azure: Azure) -> None:
    """By client id or display name."""
    await azure.group()
    await inject(azure, {"caller": "operator", "status": 503, "code": "ServiceUnavailable", "times": 0})
    assert (await azure.get(GROUP, who=OPERATOR)).status == 503
    assert (await azure.get(GROUP, who=ADMIN)).status == 200
    await azure.control("DELETE", "faults")
    assert (await azure.get(GROUP, who=OPERATOR)).status == 200


async def test_a_refused_token(azure: Azure) -> None:
    """Faults reach the identity platform too."""
    await inject(
        azure, {"method": "POST", "path": "oauth2/v2.0/token", "status": 503, "code": "temporarily_unavailable"}
    )
    url = f"{azure.emulator.base_url}/common/oauth2/v2.0/token"
    async with azure.session.post(url, data={"grant_type": "client_credentials"}) as answer:
        assert answer.status == 503


@pytest.mark.parametrize(
    "bad",
    [
        {"statsu": 500},
        {"path": "x"},
        {"status": 500, "drop": True},
        {"path": "(", "drop": True},
        {"caller": "nobody", "drop": True},
    ],
)
async def test_a_wrong_rule_is_refused(azure: Azure, bad: dict[str, Any]) -> None:
    """A misspelt rule must not pass silently: the test that uses it would prove nothing."""
    found = await azure.control("POST", "faults", [bad])
    assert found["error"]["code"] == "BadRequest"
    assert (await azure.control("GET", "faults"))["value"] == []

"""The `/emulator` endpoints, and the program on its own."""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
import sys
from typing import TYPE_CHECKING

import aiohttp

from arm_emulator import control
from arm_emulator.config import TENANT, from_json

from .client import ADMIN, GROUP, NET, OPERATOR, SUB, Azure

if TYPE_CHECKING:
    from pathlib import Path

NSG = f"{NET}/networkSecurityGroups/n"


async def test_the_log_shows_method_path_caller_status_and_both_times(azure: Azure) -> None:
    """One entry per request, secrets left out, signatures trimmed, filters by each member."""
    await azure.group()
    body = {"location": "westeurope", "properties": {"adminPassword": "hunter2", "x": {"clientSecret": "s"}}}
    await azure.put(f"{GROUP}/providers/Contoso.Things/widgets/w", body, who=ADMIN)
    poll = (await azure.put(NSG, {"location": "westeurope"})).headers["Azure-AsyncOperation"]
    await azure.get(poll)
    entries = (await azure.control("GET", "requests"))["value"]
    assert [each["sequence"] for each in entries] == list(range(1, len(entries) + 1))
    written = (await azure.control("GET", "requests?method=PUT&caller=admin"))["value"]
    assert [(each["caller"], each["callerName"], each["status"]) for each in written] == [(ADMIN, "admin", 201)]
    assert written[0]["body"]["properties"] == {"adminPassword": "***", "x": {"clientSecret": "***"}}
    assert abs(written[0]["virtualTime"] - azure.emulator.clock.now()) < 1
    assert written[0]["realTime"] > 0
    assert written[0]["correlationId"]
    last = (await azure.control("GET", f"requests?since={len(entries) - 1}"))["value"]
    assert len(last) == 1
    assert last[0]["path"].endswith("?api-version=2025-03-01")


async def test_the_clock_is_set_and_read(azure: Azure) -> None:
    """PUT /emulator/clock takes a speed and a jump, and answers the virtual present."""
    before = (await azure.control("GET", "clock"))["seconds"]
    jumped = await azure.control("PUT", "clock", {"advance": 90})
    assert (round(jumped["seconds"] - before), jumped["speed"]) == (90, 0)
    assert (await azure.control("PUT", "clock", {"speed": 100}))["speed"] == 100
    assert (await azure.control("PUT", "clock", {"rate": 1}))["error"]["code"] == "BadRequest"


async def test_counts_tell_callers_from_side_effects(azure: Azure) -> None:
    """Creates, updates and deletes per resource, for the oracle of a crash test."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    await azure.make(NSG, {"location": "westeurope", "tags": {"a": "b"}})
    await azure.delete(NSG)
    azure.advance()
    counted = (await azure.control("GET", "counts"))[NSG.lower()]
    assert (counted["creates"], counted["updates"], counted["deletes"]) == (1, 1, 1)


async def test_resources_and_changes_are_dumped(azure: Azure) -> None:
    """The whole store by type or prefix, and every change with its own resource id."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    kind = "resources?type=microsoft.network/networksecuritygroups"
    assert [each["id"] for each in (await azure.control("GET", kind))["value"]] == [NSG]
    changes = (await azure.control("GET", "changes"))["value"]
    assert [(each["id"], each["changeType"], each["changedBy"]) for each in changes] == [
        (GROUP, "Create", OPERATOR),
        (NSG, "Create", OPERATOR),
    ]


async def test_reset_starts_over_and_a_client_may_be_added(azure: Azure) -> None:
    """An empty store and log; the address stays; a second actor is another client id."""
    await azure.group()
    await azure.control("POST", "reset")
    assert (await azure.get(GROUP)).status == 404
    added = {"client_id": "new", "object_id": "o", "grants": [{"scope": "/", "actions": ["*/read"]}]}
    await azure.control("POST", "clients", added)
    assert (await azure.get(SUB, who="new")).status == 200
    assert (await azure.put(GROUP, {"location": "westeurope"}, who="new")).status == 403


async def test_an_unknown_control_names_the_known_ones(azure: Azure) -> None:
    """404 with the list; the README documents each of them."""
    assert "PUT /emulator/clock" in (await azure.control("GET", "nothing"))["error"]["message"]


async def test_every_control_is_documented(pytestconfig: object) -> None:
    """A control endpoint that the README does not name is a mistake (style, datasette's test_docs)."""
    readme = (pytestconfig.rootpath / "emulator" / "README.md").read_text(encoding="utf-8")  # type: ignore[attr-defined]
    for method, name in control.Control(lambda: None, lambda: None).endpoints():  # type: ignore[arg-type, return-value]
        assert f"`{method} /emulator/{name}`" in readme


def test_a_configuration_file_reads_into_values() -> None:
    """Nested members become values; a misspelt member is an error."""
    found = from_json(
        {
            "seed": "7",
            "throttle": {"reads": {"size": 1, "refill": 2}},
            "clients": [
                {
                    "client_id": "c",
                    "object_id": "o",
                    "federated": [{"issuer": "i", "subject": "s"}],
                    "grants": [{"scope": "/", "actions": ["*"]}],
                }
            ],
        }
    )
    assert (found.seed, found.throttle.reads.refill) == ("7", 2)
    assert (found.clients[0].federated[0].subject, found.clients[0].grants[0].actions) == ("s", ("*",))


async def test_the_program_alone(tmp_path: Path) -> None:
    """`python -m arm_emulator` writes ca.pem and endpoint.json when it answers, and ends on SIGTERM."""
    command = [sys.executable, "-m", "arm_emulator", "--port", "0", "--dir", str(tmp_path), "--speed", "60"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(30):
            assert process.stdout is not None
            assert b"https://localhost:" in await process.stdout.readline()
        described = json.loads((tmp_path / "endpoint.json").read_text())
        trust = ssl.create_default_context(cafile=described["ca"])
        form = {
            "grant_type": "client_credentials",
            "client_id": OPERATOR,
            "client_secret": "operator-secret",
            "scope": f"{described['base_url']}/.default",
        }
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
            async with session.post(f"{described['base_url']}/{TENANT}/oauth2/v2.0/token", data=form) as answer:
                assert answer.status == 200
            async with session.get(f"{described['base_url']}/emulator/clock") as answer:
                assert (await answer.json())["speed"] == 60
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0

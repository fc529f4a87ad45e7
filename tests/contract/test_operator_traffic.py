"""Everything that the operator sends and receives obeys Microsoft's documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import World, drive, open_world

from .openapi import Call, check_call, specifications

if TYPE_CHECKING:
    from pathlib import Path

    from azure.core.rest import AsyncHttpResponse, HttpRequest

pytestmark = pytest.mark.skipif(
    not specifications().is_dir(),
    reason="the OpenAPI documents are not here: put them beside the project or set SECUREML_SHARED",
)

TOLERATED = {
    "$.data is an array, not object": "Resource Graph answers as resultFormat asks",
    "$.properties.networkAcls.ipv6Rules is unknown": "recorded with an API version newer than the stored document",
}
"""What answers show and the stored documents do not know; nothing that the operator sends is tolerated."""


class Recorder:
    """Stands between the client and its pipelines, and keeps each call."""

    def __init__(self, world: World) -> None:
        self.calls: list[Call] = []
        for client in set(world.arm._sender._clients.values()):
            client.send_request = self._recording(client.send_request)

    def _recording(self, send: Any) -> Any:  # noqa: ANN401 - a bound method of any client
        async def recorded(request: HttpRequest) -> AsyncHttpResponse:
            response: AsyncHttpResponse = await send(request)
            body = json.loads(request.content) if request.content else None
            shown = json.loads(response.text()) if response.text() else None
            self.calls.append(Call(request.method, request.url, response.status_code, body, shown))
            return response

        return recorded

    def problems(self) -> list[str]:
        """What the documents have against the calls."""
        return [
            f"{call.method} {call.url.split('?')[0]} {call.status}: {problem}"
            for call in self.calls
            for problem in check_call(call)
            if problem not in TOLERATED
        ]


async def test_a_life_from_apply_to_deletion_obeys_the_documents(tmp_path: Path) -> None:
    """Convergence, drift repair, resync and removal: every request and every answer."""
    async with open_world(tmp_path) as world:
        recorder = Recorder(world)
        driver = drive(world, world.spec(deletionPolicy="Delete", advice="Full"))
        await driver.settle()
        account = driver.status["azure"]["storageAccountID"]
        await world.alice.patch(account, "2025-06-01", {"properties": {"publicNetworkAccess": "Enabled"}})
        await driver.resync()
        driver.delete()
        await driver.settle()
        assert driver.outcomes[-1].released
        assert {call.method for call in recorder.calls} == {"GET", "PUT", "PATCH", "DELETE", "POST"}
        assert recorder.problems() == []
        assert world.emulator.world.log.unserved == {}

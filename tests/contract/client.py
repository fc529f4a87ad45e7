"""A small ARM client for tests: it sends, checks every call by the documents, and lets virtual time pass."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from arm_emulator.clock import Clock
from arm_emulator.config import ADMIN, SUBSCRIPTION, Config, Throttle, default_clients
from arm_emulator.emulator import Emulator

from .openapi import Call, check_call, specifications
from .replay import Wire

if TYPE_CHECKING:
    from arm_emulator.config import Client as Application

VERSIONS = {
    "microsoft.storage": "2023-05-01",
    "microsoft.keyvault": "2023-07-01",
    "microsoft.containerregistry": "2023-07-01",
    "microsoft.machinelearningservices": "2024-10-01",
    "microsoft.authorization": "2022-04-01",
    "microsoft.managedidentity": "2023-01-31",
    "microsoft.network": "2024-03-01",
    "microsoft.containerservice": "2024-09-01",
}
"""API versions of the stored documents, by lower-case provider."""

ZONES_VERSION = "2024-06-01"
"""API version of private DNS zones, which are versioned apart from other network types."""

REGION = "westeurope"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml"
LONG = 3600
"""Virtual seconds after which every operation has ended."""


class Client:
    """Speaks to a fresh emulator as one of its configured clients."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self._session = session
        self.problems: list[str] = []

    @classmethod
    async def start(cls, *more: Application) -> Self:
        """An emulator on a clock that stands, with the resource group `ml`; further clients may be added."""
        config = Config(
            clients=(*default_clients(), *more), throttle=Throttle(enabled=False), role_assignment_delay=0
        )
        emulator = Emulator(config, clock=Clock(0, start=1_750_000_000.0))
        await emulator.__aenter__()
        trust = ssl.create_default_context(cafile=str(emulator.ca_path))
        client = cls(emulator, aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)))
        await client.put("", {"location": REGION}, version="2024-07-01")
        return client

    async def stop(self) -> None:
        """Close everything."""
        await self._session.close()
        await self.emulator.__aexit__(None, None, None)

    async def call(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        place: str,
        body: Any = None,  # noqa: ANN401
        *,
        version: str = "",
        query: str = "",
        caller: str = ADMIN,
        judged: bool = True,
    ) -> Wire:
        """Send one request to a place below the resource group `ml`, or anywhere with a full path.

        Args:
            method: HTTP method.
            place: `Microsoft.X/…` below the group, or a path from `/subscriptions/` on, or a full URL.
            body: JSON body.
            version: API version; by default the stored document's of the provider.
            query: further query, such as `$filter=…`.
            caller: client id of the application that asks.
            judged: whether the OpenAPI documents judge the call; False for deliberately bad requests.
        """
        url = self._url(place)
        if "api-version=" not in url:
            zones = "/privatednszones" in url.lower()
            chosen = version or (ZONES_VERSION if zones else VERSIONS.get(_provider(url), "2024-07-01"))
            url += f"?api-version={chosen}" + (f"&{query}" if query else "")
        headers = {"Authorization": f"Bearer {self.emulator.token(caller)}"}
        async with self._session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            parsed = await response.json() if text else None
            wire = Wire(response.status, {k.lower(): v for k, v in response.headers.items()}, parsed)
        if judged and wire.status < 400 and specifications().is_dir():
            self.problems += check_call(Call(method, url, wire.status, body, wire.body))
        return wire

    async def get(self, place: str, **options: Any) -> Wire:  # noqa: ANN401
        """GET."""
        return await self.call("GET", place, **options)

    async def put(self, place: str, body: Any, **options: Any) -> Wire:  # noqa: ANN401
        """PUT."""
        return await self.call("PUT", place, body, **options)

    async def patch(self, place: str, body: Any, **options: Any) -> Wire:  # noqa: ANN401
        """PATCH."""
        return await self.call("PATCH", place, body, **options)

    async def post(self, place: str, body: Any = None, **options: Any) -> Wire:  # noqa: ANN401
        """POST."""
        return await self.call("POST", place, body, **options)

    async def delete(self, place: str, **options: Any) -> Wire:  # noqa: ANN401
        """DELETE."""
        return await self.call("DELETE", place, **options)

    async def made(self, place: str, body: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """PUT, wait until it is done, and read back.

        Raises:
            AssertionError: the request was refused.
        """
        answer = await self.put(place, body, **options)
        assert answer.status < 300, (place, answer.status, answer.body)
        self.wait()
        read = await self.get(place)
        assert read.status == 200, (place, read.body)
        return dict(read.body)

    def wait(self, seconds: float = LONG) -> None:
        """Let virtual time pass."""
        self.emulator.clock.advance(seconds)

    def _url(self, place: str) -> str:
        if place.startswith("https://"):
            return place
        if place.startswith("/"):
            return self.emulator.base_url + place
        below = f"/providers/{place}" if place else ""
        return f"{self.emulator.base_url}{GROUP}{below}"


def _provider(url: str) -> str:
    *_, last = url.split("/providers/")
    return last.split("/")[0].lower()


def refusal(wire: Wire) -> tuple[int, str]:
    """Status and error code of an answer, to be compared in one go."""
    error = (wire.body or {}).get("error") or {}
    return wire.status, str(error.get("code", ""))

"""A small HTTPS client of an in-process emulator whose clock stands still: nobody waits."""

from __future__ import annotations

import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from arm_emulator.clock import Clock
from arm_emulator.config import ADMIN, OPERATOR, SUBSCRIPTION, TENANT, Config
from arm_emulator.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

VERSION = "2025-03-01"
"""API version of network types and of resource groups."""
VERSIONS = {
    "/microsoft.network/privatednszones": "2024-06-01",
    "/microsoft.authorization/policyassignments": VERSION,
    "/microsoft.authorization/locks": "2020-05-01",
    "/microsoft.authorization/": "2022-04-01",
    "/microsoft.compute/": "2022-03-01",
    "/microsoft.containerregistry/": "2023-07-01",
    "/microsoft.containerservice/": "2024-09-01",
    "/microsoft.insights/components": "2020-02-02",
    "/microsoft.keyvault/": "2023-07-01",
    "/microsoft.machinelearningservices/": "2024-10-01",
    "/microsoft.managedidentity/": "2023-01-31",
    "/microsoft.storage/": "2025-06-01",
}
"""API versions by what the path has behind its last `providers`, in lower case; the first that fits counts."""
SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
NET = f"{GROUP}/providers/Microsoft.Network"
LONG = 1000.0
"""Virtual seconds in which every operation ends."""

__all__ = [
    "ADMIN",
    "GROUP",
    "LONG",
    "NET",
    "OPERATOR",
    "SUB",
    "SUBSCRIPTION",
    "TENANT",
    "VERSION",
    "Azure",
    "Reply",
]


def version_of(path: str) -> str:
    """A version that the type of a path has."""
    provider = "/" + path.lower().rpartition("/providers/")[2] if "/providers/" in path.lower() else ""
    return next((version for start, version in VERSIONS.items() if provider.startswith(start)), VERSION)


@dataclass
class Reply:
    """One answer: status, headers, parsed body (None when empty, text when it is not JSON)."""

    status: int
    headers: Any
    body: Any

    @property
    def code(self) -> str:
        """Azure's error code."""
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        """Azure's error message."""
        return str(self.body["error"]["message"])

    @property
    def properties(self) -> dict[str, Any]:
        """`properties` of the resource."""
        return dict(self.body["properties"])


class Azure:
    """Calls one emulator as one client or another."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.session = session

    @classmethod
    @asynccontextmanager
    async def start(cls, config: Config | None = None, speed: float = 0) -> AsyncIterator[Azure]:
        """An emulator and a client of it; the clock stands unless a speed is given."""
        async with Emulator(config, clock=Clock(speed)) as emulator:
            trust = ssl.create_default_context(cafile=str(emulator.ca_path))
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
                yield cls(emulator, session)

    async def call(  # noqa: PLR0913 - an HTTP call has this many parts
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str = OPERATOR,
        version: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request; `path` may be an absolute URL. Without a version it is one that the type has."""
        url = path if path.startswith("http") else self.emulator.base_url + path
        if version == "":
            version = version_of(path.partition("?")[0])
        if version and "api-version=" not in url:
            url += ("&" if "?" in url else "?") + f"api-version={version}"
        sent = {**({"Authorization": f"Bearer {self.emulator.token(who)}"} if who else {}), **(headers or {})}
        async with self.session.request(method, url, json=body, headers=sent) as answer:
            text = await answer.text()
            try:
                parsed = json.loads(text) if text else None
            except ValueError:
                parsed = text
            return Reply(answer.status, answer.headers, parsed)

    async def get(self, path: str, **more: Any) -> Reply:  # noqa: ANN401
        """GET."""
        return await self.call("GET", path, **more)

    async def put(self, path: str, body: object = None, **more: Any) -> Reply:  # noqa: ANN401
        """PUT, without waiting for its operation."""
        return await self.call("PUT", path, body if body is not None else {}, **more)

    async def delete(self, path: str, **more: Any) -> Reply:  # noqa: ANN401
        """DELETE, without waiting."""
        return await self.call("DELETE", path, **more)

    async def make(self, path: str, body: object = None, **more: Any) -> Reply:  # noqa: ANN401
        """PUT and let its operation end; answers what GET shows then."""
        reply = await self.put(path, body, **more)
        assert reply.status < 300, reply.body
        self.advance()
        return await self.get(path)

    async def outcome(self, reply: Reply) -> Reply:
        """Let the operation behind an answer end, and read its last poll."""
        self.advance()
        return await self.get(reply.headers.get("Azure-AsyncOperation") or reply.headers["Location"])

    def advance(self, seconds: float = LONG) -> None:
        """Let virtual time pass."""
        self.emulator.clock.advance(seconds)

    async def control(self, method: str, name: str, body: object = None) -> Any:  # noqa: ANN401
        """Call a control endpoint."""
        async with self.session.request(method, f"{self.emulator.base_url}/emulator/{name}", json=body) as answer:
            return await answer.json()

    # The few resources that most stories begin with.

    async def group(self, path: str = GROUP) -> Reply:
        """A resource group in westeurope."""
        return await self.make(path, {"location": "westeurope"})

    async def network(self, name: str = "v", space: str = "10.0.0.0/16") -> str:
        """A virtual network; answers its id."""
        body = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": [space]}}}
        return str((await self.make(f"{NET}/virtualNetworks/{name}", body)).body["id"])

    async def subnet(self, name: str = "pe", prefix: str = "10.0.1.0/24", **properties: object) -> str:
        """A subnet of network `v`; answers its id."""
        body = {"properties": {"addressPrefix": prefix, **properties}}
        return str((await self.make(f"{NET}/virtualNetworks/v/subnets/{name}", body)).body["id"])

    async def storage(self, name: str = "sa1") -> str:
        """A storage account; answers its id."""
        path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}"
        body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        return str((await self.make(path, body)).body["id"])

    async def zone(self, name: str = "privatelink.blob.core.windows.net", group: str = NET) -> str:
        """A private DNS zone; answers its id."""
        return str((await self.make(f"{group}/privateDnsZones/{name}", {"location": "global"})).body["id"])


def endpoint(subnet: str, target: str, group: str = "blob", *, manual: bool = False) -> dict[str, Any]:
    """The body of a private endpoint."""
    kind = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    connection = {"name": "c", "properties": {"privateLinkServiceId": target, "groupIds": [group]}}
    return {"location": "westeurope", "properties": {"subnet": {"id": subnet}, kind: [connection]}}


def zone_group(*zones: str) -> dict[str, Any]:
    """The body of a DNS zone group."""
    rows = [{"name": f"c{i}", "properties": {"privateDnsZoneId": zone}} for i, zone in enumerate(zones)]
    return {"properties": {"privateDnsZoneConfigs": rows}}


def link(network: str) -> dict[str, Any]:
    """The body of a virtual network link."""
    return {"location": "global", "properties": {"registrationEnabled": False, "virtualNetwork": {"id": network}}}

"""A small Azure Resource Manager client: what another administrator's script would do.

It stands beside the operator's own on purpose: a landscape, a drift or a test's question that went through
the operator's code would share its mistakes.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Json = dict[str, Any]

TOKEN_MARGIN = 60.0
"""Seconds before its end at which a token is no longer used."""

DEFAULT_PAUSE = 10.0
"""Seconds between two polls where the service names none, as Azure's documentation asks."""

SHORTEST_PAUSE = 0.01
"""Seconds, however fast the emulator's clock runs: a loop without a pause starves everything else."""

OPERATION_SECONDS = 300.0
"""Real seconds for one write and its operation: a service that never ends it must not hang a test."""

ATTEMPTS = 60
"""How often a throttled or conflicting request is sent before the refusal is believed."""


class ArmRefusalError(Exception):
    """Azure said no; the text has method, path, status and Azure's own code and message."""

    def __init__(self, method: str, url: str, status: int, body: Any) -> None:  # noqa: ANN401 - any JSON
        """Keep the answer.

        Args:
            method: HTTP method of the request.
            url: where it went.
            status: HTTP status; 200 when an operation that was accepted failed later.
            body: the parsed answer.
        """
        self.status = status
        self.body = body
        error = body.get("error", body) if isinstance(body, dict) else {}
        self.code = str(error.get("code", "")) if isinstance(error, dict) else ""
        super().__init__(f"{method} {url}: {status} {body}")


@dataclass(frozen=True, slots=True)
class Identity:
    """A client that may sign in.

    Attributes:
        client_id, secret: its credential.
        object_id: its principal.
        name: what people and the change log call it.
    """

    client_id: str
    secret: str
    object_id: str
    name: str


class ArmClient:
    """Signs in with a client secret, sends requests, follows long-running operations.

    Use it as an asynchronous context manager.
    """

    def __init__(self, base_url: str, tenant: str, identity: Identity, ca_file: Path, speed: float = 1.0) -> None:
        """Describe the connection; nothing is sent yet.

        Args:
            base_url: of Azure Resource Manager and of the sign-in service alike.
            tenant: tenant id.
            identity: who signs in.
            ca_file: PEM bundle to trust.
            speed: virtual seconds per real second, by which every pause is shortened.
        """
        self._base, self._tenant, self._identity, self._ca = base_url, tenant, identity, ca_file
        self.speed = speed
        self._token, self._token_ends = "", 0.0
        self._signing_in = asyncio.Lock()

    async def __aenter__(self) -> Self:
        trust = ssl.create_default_context(cafile=str(self._ca))
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust, limit=64))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, resource_id: str, api_version: str) -> Json:
        """Read a resource.

        Raises:
            ArmRefusalError: any answer but 2xx, 404 included.
        """
        _, body, _ = await self._send("GET", self._url(resource_id, api_version))
        return body

    async def put(self, resource_id: str, api_version: str, body: Json) -> Json:
        """Write a resource, wait until it is provisioned, and read it back.

        Raises:
            ArmRefusalError: Azure refused the write, or the operation ended in failure.
        """
        url = self._url(resource_id, api_version)
        status, answer, headers = await self._send("PUT", url, body)
        if await self._finish(url, status, headers) or not answer:
            answer = await self.get(resource_id, api_version)
        async with asyncio.timeout(OPERATION_SECONDS):
            while _unsettled(answer):
                await self._pause(headers)
                answer = await self.get(resource_id, api_version)
        return answer

    async def patch(self, resource_id: str, api_version: str, body: Json) -> Json:
        """Change a resource, wait for the end, and read it back.

        Raises:
            ArmRefusalError: Azure refused the change, or the operation ended in failure.
        """
        url = self._url(resource_id, api_version)
        status, _, headers = await self._send("PATCH", url, body)
        await self._finish(url, status, headers)
        return await self.get(resource_id, api_version)

    async def delete(self, resource_id: str, api_version: str) -> None:
        """Delete a resource and wait for the end; one that is absent already is fine.

        Raises:
            ArmRefusalError: Azure refused, or the operation ended in failure.
        """
        url = self._url(resource_id, api_version)
        status, _, headers = await self._send("DELETE", url)
        await self._finish(url, status, headers)

    async def post(self, path: str, api_version: str, body: Json) -> Json:
        """Send an action, such as a Resource Graph query, and give its answer.

        Raises:
            ArmRefusalError: any answer but 2xx.
        """
        _, answer, _ = await self._send("POST", self._url(path, api_version), body)
        return answer

    def _url(self, resource_id: str, api_version: str) -> str:
        return f"{self._base}{resource_id}?api-version={api_version}"

    async def _finish(self, url: str, status: int, headers: Mapping[str, str]) -> bool:
        """Follow the operation that an answer began; tell whether there was one.

        Raises:
            TimeoutError: it did not end within `OPERATION_SECONDS`.
        """
        operation = headers.get("Azure-AsyncOperation")
        location = headers.get("Location") if status == ACCEPTED else None
        if not operation and not location:
            return False
        deadline = time.monotonic() + OPERATION_SECONDS
        while time.monotonic() < deadline:
            await self._pause(headers)
            code, body, headers = await self._send("GET", operation or location or "")
            state = str(body.get("status", "")).lower() if operation else ""
            if state in ("failed", "canceled"):
                raise ArmRefusalError("operation of", url, code, body)
            if state == "succeeded" or (not operation and code != ACCEPTED):
                return True
        raise TimeoutError(f"the operation on {url} did not end within {OPERATION_SECONDS:.0f} s")

    async def _send(self, method: str, url: str, body: Json | None = None) -> tuple[int, Json, Mapping[str, str]]:
        """Send one request; wait and send it again while Azure is busy with something else."""
        for attempt in range(1, ATTEMPTS + 1):
            headers = {"Authorization": f"Bearer {await self._bearer()}"}
            async with self._session.request(method, url, json=body, headers=headers) as answer:
                text = await answer.text()
                parsed = await answer.json(content_type=None) if text else {}
                if answer.ok:
                    return answer.status, parsed or {}, answer.headers
                refusal = ArmRefusalError(method, url, answer.status, parsed)
                if not _passes(refusal) or attempt == ATTEMPTS:
                    raise refusal
                await self._pause(answer.headers)
        raise AssertionError  # the loop returns or raises

    async def _pause(self, headers: Mapping[str, str]) -> None:
        wanted = float(headers.get("Retry-After", DEFAULT_PAUSE))
        await asyncio.sleep(max(SHORTEST_PAUSE, wanted / self.speed if self.speed else wanted))

    async def _bearer(self) -> str:
        async with self._signing_in:
            if time.monotonic() > self._token_ends - TOKEN_MARGIN:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": self._identity.client_id,
                    "client_secret": self._identity.secret,
                    "scope": f"{self._base}/.default",
                }
                url = f"{self._base}/{self._tenant}/oauth2/v2.0/token"
                async with self._session.post(url, data=form) as answer:
                    found = await answer.json(content_type=None)
                    if not answer.ok:
                        raise ArmRefusalError("POST", url, answer.status, found)
                self._token = found["access_token"]
                self._token_ends = time.monotonic() + float(found["expires_in"])
            return self._token


ACCEPTED = 202
THROTTLED = 429
CONFLICT = 409
BUSY_CODES = frozenset({"AnotherOperationInProgress", "ReferencedResourceNotProvisioned"})


def _passes(refusal: ArmRefusalError) -> bool:
    """Tell whether the same request is worth sending again."""
    return refusal.status == THROTTLED or (refusal.status == CONFLICT and refusal.code in BUSY_CODES)


def _unsettled(resource: Json) -> bool:
    properties = resource.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, dict) else None
    if state in ("Failed", "Canceled"):
        raise ArmRefusalError("PUT", str(resource.get("id")), 200, resource)
    return state not in (None, "Succeeded")

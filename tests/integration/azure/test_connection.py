"""How the operator reaches Azure: the way there, and what each request carries."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.azure.connection import open_arm
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.driving import World


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy for HTTPS: its address, and the first line of each request to it."""
    asked: list[str] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")[0])
        host, _, port = asked[-1].split()[1].rpartition(":")
        beyond, back = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(copy(reader, back), copy(beyond, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


@pytest.mark.parametrize(
    ("except_for", "through_it"),
    [
        pytest.param("", True, id="a proxy for everything is used"),
        pytest.param("localhost", False, id="a host that needs none is reached directly"),
    ],
)
async def test_azure_is_reached_through_the_proxy_of_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch, except_for: str, *, through_it: bool
) -> None:
    """Clusters behind a firewall have no other way out."""
    workspace = resource_id(landscape.workspace_id(world.subscription, "fraud"))
    host = world.environment.resource_manager.removeprefix("https://")
    async with proxy() as (address, asked):
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, address)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, except_for)
        async with open_arm(world.environment, lambda _: None) as arm:
            signed_in = len(asked)  # azure-identity looks for the proxy by itself
            assert isinstance(await arm.read(workspace), Present)
        assert asked[signed_in:] == ([f"CONNECT {host} HTTP/1.1"] if through_it else [])

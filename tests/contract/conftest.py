"""Fixtures of the contract tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def azure() -> AsyncIterator[Client]:
    """A client of a fresh emulator; at the end the documents must have had nothing against its calls."""
    client = await Client.start()
    yield client
    await client.stop()
    assert client.problems == []

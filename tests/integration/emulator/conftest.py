"""Fixtures of the emulator's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .client import Azure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def azure() -> AsyncIterator[Azure]:
    """A client of a fresh, empty emulator whose clock stands."""
    async with Azure.start() as client:
        yield client


@pytest.fixture
async def started(azure: Azure) -> Azure:
    """The same with resource group `rg`, virtual network `v` and subnet `pe`."""
    await azure.group()
    await azure.network()
    await azure.subnet()
    return azure

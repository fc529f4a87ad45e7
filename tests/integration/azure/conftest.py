"""Fixtures of the integration tests of the connection to Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.driving import World, open_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """An Azure with one open workspace; at the end the emulator must have known every request."""
    async with open_world(tmp_path) as opened:
        yield opened
        assert opened.emulator.world.log.unserved == {}

"""Real traffic, replayed: the emulator answers as Azure did, but for a table of justified differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import cassettes, differences
from .preludes import PRELUDES, SEEDS
from .replay import Difference, Player

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.skipif(
    not cassettes.folder().is_dir(),
    reason="the recordings of Azure traffic are not here: put them beside the project or set SECUREML_SHARED",
)

NAMES = cassettes.names()


@pytest.fixture
async def player(request: pytest.FixtureRequest) -> AsyncIterator[Player]:
    """A fresh emulator for the cassette that the test is about."""
    running = await Player.start(SEEDS.get(request.node.callspec.params["name"], "0"))
    yield running
    await running.stop()


@pytest.mark.parametrize("name", NAMES)
async def test_recorded_traffic_is_answered_as_it_was(name: str, player: Player) -> None:
    """Every answer agrees in status, steering headers and shape, or its difference is justified in the table."""
    if name in PRELUDES:
        await PRELUDES[name](player, cassettes.load(name))
    found: list[Difference] = []
    for interaction in cassettes.load(name):
        found += await player.play(name, interaction, differences.justified)
    assert differences.unlisted(found) == [], "differences that no row of differences.yaml justifies"
    assert differences.outdated(name, found) == [], "rows of differences.yaml that are no longer true"


def test_every_row_names_a_cassette() -> None:
    """A row about an unknown cassette would never be checked."""
    assert {row.cassette for row in differences.rows()} <= set(NAMES)

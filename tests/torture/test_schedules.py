"""Two custom resources, delays anywhere, people who interfere, processes that die: the rules hold in every order.

A seed that fails prints its whole schedule and the command that runs it again.
"""

from __future__ import annotations

import os

import pytest
from tests.torture.simulation import simulate

FEW = range(8)
"""Two workspaces or one, in one process or in two, twice each."""

MANY = range(8, int(os.environ.get("SEEDS") or 300))


@pytest.mark.parametrize("seed", FEW)
def test_the_rules_hold_in_any_order(seed: int) -> None:
    """See `invariants.py` for the rules."""
    outcome = simulate(seed)
    assert not outcome.broken, outcome.told()


@pytest.mark.torture
@pytest.mark.parametrize("seed", MANY)
def test_the_rules_hold_in_many_more_orders(seed: int) -> None:
    """As above: `make torture SEEDS=1000` takes more."""
    outcome = simulate(seed)
    assert not outcome.broken, outcome.told()


def test_a_seed_is_one_schedule() -> None:
    """Run again, it is the same to the last write: or nobody could look into what failed."""
    assert simulate(17).schedule == simulate(17).schedule

"""The simulation sees when the engine is broken: each row takes one of its guards away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.torture import invariants, simulation

from secureml_reconcilers.engine import evaluation, inventory, ledger, reconciler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def never(*_: Any, **__: Any) -> None:  # noqa: ANN401 - whatever the guard takes
    """See nothing."""


def falsely(*_: Any, **__: Any) -> bool:  # noqa: ANN401 - as above
    """Say no."""
    return False


def open_gates(*_: Any) -> bool:  # noqa: ANN401 - as above
    """Let everything through at once."""
    return True


ROWS = [
    pytest.param(
        (evaluation._Assessor, "lets_pass"), open_gates, "OPS-08", range(4), id="closings wait for nothing"
    ),
    pytest.param((ledger.Ledger, "running"), never, "OPS-04", range(4), id="no lock on a target"),
    pytest.param((inventory.Inventory, "note"), never, "announced", range(2), id="nothing is noted"),
    pytest.param((reconciler, "needs_fresh_evidence"), falsely, "OPS-08", (71, 80, 96), id="old evidence will do"),
    pytest.param(
        (ledger.Ledger, "is_claimed_by_another"), falsely, invariants.TWO_ENDPOINTS, (1, 9, 17), id="no claims"
    ),
]


@pytest.mark.torture
@pytest.mark.parametrize(("guard", "instead", "rule", "seeds"), ROWS)
def test_a_guard_that_is_gone_is_seen(
    monkeypatch: pytest.MonkeyPatch,
    guard: tuple[Any, str],
    instead: Callable[..., Any],
    rule: str,
    seeds: Iterable[int],
) -> None:
    """One of a few seeds breaks the rule that the guard stands for; none does with the guard in place."""
    monkeypatch.setattr(*guard, instead)
    for seed in seeds:
        if any(rule in line for line in simulation.simulate(seed).broken):
            return
    pytest.fail(f"no seed of {seeds} has seen it")

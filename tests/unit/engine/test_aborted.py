"""A pass that is cut short between two writes: what it did is told by the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import ACCOUNT, VAULT, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Journal, Kind, Run, TakenError

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import ReconcileResult
    from secureml_reconcilers.engine.view import View

SHUT = {"publicNetworkAccess": "Disabled"}


def one_after_the_other(view: View) -> Blocks:
    """The vault is closed, and the account after it."""
    view.ask(VAULT, ACCOUNT)
    first = wants(VAULT)
    yield first
    yield wants(ACCOUNT, after=(first,))


async def cut_short(after: int) -> Run:
    """A custom resource that has converged; both are opened, and the pass that finds it announces so often."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, properties=SHUT), shown(ACCOUNT, properties=SHUT))
    run = Run(Kind(one_after_the_other, "Closed"), arm)
    await run.look()
    for target in (VAULT, ACCOUNT):
        arm.set(target, publicNetworkAccess="Enabled")
    with pytest.raises(TakenError):
        await run.look(Journal(takes=after))
    return run


def told(outcome: ReconcileResult) -> list[tuple[str, str]]:
    """What the events say, and of what."""
    return [
        (e.reason, "vault" if "vaults/" in e.message else "account" if "Accounts/" in e.message else "")
        for e in outcome.events
    ]


EDITED = [
    pytest.param({}, id="the status was written by another"),
    pytest.param({"generation": 2}, id="the spec was edited"),
]


@pytest.mark.parametrize("edit", EDITED)
async def test_what_was_written_before_is_told_by_the_next_pass(edit: dict[str, Any]) -> None:
    """The vault had been closed: that it was open, and closed, was once never told."""
    run = await cut_short(after=1)
    run.edit(**edit)
    outcome = await run.look()
    assert told(outcome) == [
        ("DriftDetected", "vault"),
        ("DriftDetected", "account"),
        ("Updating", "vault"),
        ("Updating", "account"),
        ("DriftCorrected", ""),
    ]
    assert outcome.metrics == {"operations_running": 0, "drift_detected": 2, "drift_corrected": 1}
    assert told(await run.look()) == []


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        pytest.param({"paused": True}, "Paused", id="it was paused"),
        pytest.param({"spec": {"wrong": "no"}, "generation": 2}, "InvalidSpec", id="the spec became unreadable"),
    ],
)
async def test_it_is_told_though_nothing_is_looked_at_any_more(edit: dict[str, Any], reason: str) -> None:
    """A pause may last for days."""
    run = await cut_short(after=1)
    run.edit(**edit)
    outcome = await run.look()
    assert [kind for kind, _ in told(outcome)] == ["DriftDetected", "DriftDetected", "Updating", reason]
    assert outcome.metrics["drift_detected"] == 2
    assert [kind for kind, _ in told(await run.look())] == []


async def test_what_was_only_intended_is_not_told() -> None:
    """Nothing was written, and the edited spec is for the next pass to judge: what is put right, it tells."""
    run = await cut_short(after=0)
    run.edit(generation=2)
    assert [kind for kind, _ in told(await run.look())] == ["Updating", "Updating"]

"""A pass that is cut short between two writes: what it did is told by the next one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import ACCOUNT, NOW, VAULT, shown

from secureml_reconcilers.azure.arm import Accepted, Present
from secureml_reconcilers.engine.blocks import Aspect, Composition, Ensure
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import ReconcileResult, Status
    from secureml_reconcilers.engine.view import View

CLOSED = {"properties": {"publicNetworkAccess": "Disabled"}}


@dataclass
class Azure:
    """A vault and an account, closed at once when asked."""

    opened: set[str] = field(default_factory=set)

    async def read(self, target: ResourceId) -> Present:
        """Show it."""
        access = "Enabled" if target.key in self.opened else "Disabled"
        return shown(target, properties={"publicNetworkAccess": access})

    async def write(self, _: str, target: ResourceId, *__: Any, **___: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Close it."""
        self.opened.discard(target.key)
        return Accepted(None, running=False)

    async def query(self, *_: str) -> list[Mapping[str, Any]]:
        """Nobody knows who did it."""
        return []


class Closed:
    """A kind that closes the vault, and the account after it."""

    def declare(self, spec: Mapping[str, Any], owner: str) -> Composition:
        """Both are closed."""
        if "wrong" in spec:
            raise ValueError(spec["wrong"])

        def blocks(view: View) -> Blocks:
            view.ask(VAULT, ACCOUNT)
            first = Ensure(VAULT, CLOSED, "the vault answers the internet")
            yield first
            yield Ensure(ACCOUNT, CLOSED, "the account answers the internet", after=(first,))

        return Composition((Aspect("Closed", blocks),), owner)


class TakenError(Exception):
    """Somebody changed the resource meanwhile."""


@dataclass
class Journal:
    """Takes so many announcements, and no more."""

    takes: int = 99

    async def announce(self, _: Status) -> None:
        """Take it, or cut the pass short."""
        self.takes -= 1
        if self.takes < 0:
            raise TakenError


@dataclass
class Run:
    """A custom resource that has converged; then somebody opens both."""

    azure: Azure = field(default_factory=Azure)
    request: ReconcileRequest = field(
        default_factory=lambda: ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, {})
    )

    def __post_init__(self) -> None:
        self.engine = Engine(Closed(), self.azure, clock=lambda: NOW, cluster="east")  # type: ignore[arg-type]

    async def step(self, takes: int = 99) -> ReconcileResult:
        """One pass."""
        outcome = await self.engine.reconcile(self.request, Journal(takes))
        self.request = replace(self.request, status=outcome.status)
        return outcome

    async def cut_short(self, after: int) -> None:
        """Both are opened, and the pass that finds it is cut short after so many announcements."""
        await self.step()
        self.azure.opened = {VAULT.key, ACCOUNT.key}
        with pytest.raises(TakenError):
            await self.step(takes=after)


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
    run = Run()
    await run.cut_short(after=1)
    run.request = replace(run.request, **edit)
    outcome = await run.step()
    assert told(outcome) == [
        ("DriftDetected", "vault"),
        ("DriftDetected", "account"),
        ("Updating", "vault"),
        ("Updating", "account"),
        ("DriftCorrected", ""),
    ]
    assert outcome.metrics == {"operations_running": 0, "drift_detected": 2, "drift_corrected": 1}
    assert told(await run.step()) == []


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        pytest.param({"paused": True}, "Paused", id="it was paused"),
        pytest.param({"spec": {"wrong": "no"}, "generation": 2}, "InvalidSpec", id="the spec became unreadable"),
    ],
)
async def test_it_is_told_though_nothing_is_looked_at_any_more(edit: dict[str, Any], reason: str) -> None:
    """A pause may last for days."""
    run = Run()
    await run.cut_short(after=1)
    run.request = replace(run.request, **edit)
    outcome = await run.step()
    assert [kind for kind, _ in told(outcome)] == ["DriftDetected", "DriftDetected", "Updating", reason]
    assert outcome.metrics["drift_detected"] == 2
    assert [kind for kind, _ in told(await run.step())] == []


async def test_what_was_only_intended_is_not_told() -> None:
    """Nothing was written, and the edited spec is for the next pass to judge: what is put right, it tells."""
    run = Run()
    await run.cut_short(after=0)
    run.request = replace(run.request, generation=2)
    assert [kind for kind, _ in told(await run.step())] == ["Updating", "Updating"]

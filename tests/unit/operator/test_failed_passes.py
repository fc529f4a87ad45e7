"""What a resource says while its passes fail: nothing that was true once and may not be any more."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.operator.conftest import passes, settle
from tests.unit.operator.fakes import KEY, condition, lose_answer, once, statuses

from secureml_operator import status
from secureml_operator.cluster import UnclearError
from secureml_operator.kinds import FINALIZER
from secureml_reconcilers.engine.contract import Journal, Key, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.operator.conftest import Bench

    MakeBench = Callable[..., Bench]

COMPUTE = Key("SecureCompute", KEY.namespace, "train")
LABELS = {"kind": KEY.kind, "namespace": KEY.namespace, "name": KEY.name}
FIRST = "2026-01-01T00:00:00Z"
LATER = "2026-01-01T01:00:00Z"


def said(generation: int, **truth: str) -> list[dict[str, object]]:
    """Give conditions by type and status, of a generation."""
    return [condition(kind, value, observedGeneration=generation) for kind, value in truth.items()]


SETTLED = {
    "Ready": "True",
    "Reconciling": "False",
    "Stalled": "False",
    "InSync": "True",
    "StorageIsolated": "True",
    "StudioReady": "False",
}


@dataclass
class Work:
    """A reconciler's script that is well, or raises what it is told to."""

    failure: BaseException | None = None
    truth: dict[str, str] = field(default_factory=lambda: dict(SETTLED))
    announced: list[str] = field(default_factory=list)

    async def __call__(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        """Report; or announce what is in `announced`, if anything, and fail."""
        report = {
            "observedGeneration": request.generation,
            "conditions": said(request.generation, **self.truth),
            "inventory": ["a"],
        }
        if self.failure is None:
            return ReconcileResult(report, released=request.deleting)
        if self.announced:
            await journal.announce({**request.status, "inventory": self.announced})
        raise self.failure


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def bench(start: MakeBench, work: Work) -> Bench:
    """Give a running operator whose only resource is settled, at an hour of its own."""
    bench = start(work)
    tell(bench, FIRST)
    bench.created()
    await settle()
    assert ready_metric(bench) == 1
    return bench


def tell(bench: Bench, moment: str) -> None:
    """Set the time that conditions carry."""
    bench.parts.controller._statuses.now = lambda: moment


def ready_metric(bench: Bench) -> float | None:
    return bench.metric("secureml_resource_ready", **LABELS)


def ask(bench: Bench) -> None:
    """Ask for a pass as a person would."""
    bench.cluster.edit(annotations={"secureml.dev/reconcile-at": str(bench.cluster._version)})
    bench.watch()


async def fail(bench: Bench, work: Work, times: int, failure: BaseException | None = None) -> None:
    """Let so many passes fail from now on; the last failure stays."""
    work.failure = failure or TypeError("secret-value")
    for _ in range(times):
        ask(bench)
        await settle()


async def recover(bench: Bench, work: Work) -> None:
    work.failure = None
    ask(bench)
    await settle()


def of_type(bench: Bench, kind: str) -> dict[str, Any]:
    return dict(status.condition(bench.status, kind))


async def test_one_failed_pass_is_told_by_an_event_and_changes_no_condition(bench: Bench, work: Work) -> None:
    before = bench.status
    await fail(bench, work, 1)
    assert bench.status == before
    assert ready_metric(bench) == 1
    assert [event["reason"] for event in bench.cluster.events.values()] == ["ReconcileFailed"]


async def test_from_the_second_on_nothing_is_said_to_be_true(bench: Bench, work: Work) -> None:
    await fail(bench, work, 2)
    assert statuses(bench.status["conditions"]) == {
        "Ready": "Unknown",
        "Reconciling": "True",
        "Stalled": "False",
        "InSync": "Unknown",
        "StorageIsolated": "Unknown",
        "StudioReady": "False",
    }
    reasons = {each["type"]: each["reason"] for each in bench.status["conditions"]}
    assert {kind for kind, reason in reasons.items() if reason == "ReconcileFailed"} == {
        "Ready",
        "Reconciling",
        "InSync",
        "StorageIsolated",
    }
    assert ready_metric(bench) == 0


async def test_the_message_says_what_since_when_and_what_to_do(bench: Bench, work: Work) -> None:
    tell(bench, LATER)
    await fail(bench, work, 2)
    message = of_type(bench, "Ready")["message"]
    assert "TypeError" in message
    assert "secret-value" not in message
    assert LATER in message
    assert "nothing is known of Azure" in message
    assert "by itself" in message
    assert "report it with the operator's log" in message


async def test_a_transition_time_moves_with_its_status_only(bench: Bench, work: Work) -> None:
    work.truth["Ready"] = "Unknown"
    await recover(bench, work)
    tell(bench, LATER)
    await fail(bench, work, 2)
    times = {each["type"]: each["lastTransitionTime"] for each in bench.status["conditions"]}
    moved = {"Reconciling": LATER, "InSync": LATER, "StorageIsolated": LATER}
    assert times == {"Ready": FIRST, "Stalled": FIRST, "StudioReady": FIRST, **moved}


async def test_what_is_known_of_writes_outside_stays(bench: Bench, work: Work) -> None:
    work.announced = ["a", "b"]
    await fail(bench, work, 3)
    assert bench.status["inventory"] == ["a", "b"]
    assert bench.status["observedGeneration"] == 1
    assert of_type(bench, "Ready")["reason"] == "ReconcileFailed"


async def test_it_is_written_once_and_told_by_one_event_however_often_it_fails(bench: Bench, work: Work) -> None:
    await fail(bench, work, 2)
    writes = bench.cluster.of("apply_status")
    tell(bench, LATER)
    await passes(bench, 2000)
    assert len(bench.reconciler.requests) > 10
    assert bench.cluster.of("apply_status") == writes
    assert [event["count"] for event in bench.cluster.events.values()] == [1]


async def test_another_failure_is_told_with_the_time_of_the_first(bench: Bench, work: Work) -> None:
    await fail(bench, work, 2)
    tell(bench, LATER)
    await fail(bench, work, 1, KeyError("x"))
    message = of_type(bench, "Ready")["message"]
    assert "KeyError" in message
    assert FIRST in message
    assert len(bench.cluster.events) == 1


async def test_after_a_pass_that_succeeds_everything_is_as_it_says(bench: Bench, work: Work) -> None:
    await fail(bench, work, 3)
    tell(bench, LATER)
    await recover(bench, work)
    assert statuses(bench.status["conditions"]) == SETTLED
    assert ready_metric(bench) == 1
    times = {each["type"]: each["lastTransitionTime"] for each in bench.status["conditions"]}
    assert (times["Ready"], times["StudioReady"]) == (LATER, FIRST)
    await fail(bench, work, 1)
    assert statuses(bench.status["conditions"]) == SETTLED  # the count starts over
    assert ready_metric(bench) == 1


async def test_an_api_server_that_is_away_is_no_failed_pass(bench: Bench, work: Work) -> None:
    before = bench.status
    await fail(bench, work, 4, UnclearError("no answer"))
    assert bench.status == before
    assert ready_metric(bench) == 1
    assert bench.cluster.events == {}


async def test_an_api_server_that_is_away_in_between_ends_no_row(bench: Bench, work: Work) -> None:
    await fail(bench, work, 1)
    await fail(bench, work, 2, UnclearError("no answer"))
    await fail(bench, work, 1)
    assert of_type(bench, "Ready")["reason"] == "ReconcileFailed"
    assert [event["count"] for event in bench.cluster.events.values()] == [1]


async def test_a_resource_under_deletion_says_so_too_and_keeps_the_finalizer(bench: Bench, work: Work) -> None:
    work.failure = TypeError()
    bench.cluster.delete()
    bench.watch()
    await settle()
    await fail(bench, work, 1)
    assert of_type(bench, "Ready")["reason"] == "ReconcileFailed"
    assert statuses(bench.status["conditions"])["StorageIsolated"] == "Unknown"
    assert bench.finalizers == [FINALIZER]
    await recover(bench, work)
    assert KEY not in bench.cluster.objects


async def test_passes_that_are_cut_off_are_failed_passes(start: MakeBench) -> None:
    async def hang(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        if len(bench.reconciler.requests) > 1:
            await asyncio.Event().wait()
        return ReconcileResult({"conditions": said(request.generation, **SETTLED)})

    bench = start(hang)
    bench.parts.workers._longest_pass = timedelta(milliseconds=10)
    bench.created()
    await settle()
    for _ in range(2):
        ask(bench)
        await asyncio.sleep(0.05)
    ready = of_type(bench, "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "ReconcileFailed")
    assert "cut off" in ready["message"]
    assert ready_metric(bench) == 0
    assert bench.parts.workers.alive()


async def test_a_timeout_of_the_reconcilers_own_is_not_called_a_cut_off(bench: Bench, work: Work) -> None:
    await fail(bench, work, 2, TimeoutError())
    message = of_type(bench, "Ready")["message"]
    assert "failed with TimeoutError" in message
    assert "cut off" not in message


async def test_a_reason_that_a_pause_kept_is_no_failure_of_now(bench: Bench, work: Work) -> None:
    """While paused, Ready says as what it was last seen; the first failed pass after it is the first."""
    kept = [
        condition("Ready", "Unknown", reason="ReconcileFailed"),
        condition("Reconciling", "False", reason="Paused"),
    ]
    bench.cluster.objects[KEY]["status"] = {"conditions": kept}
    await fail(bench, work, 1)
    assert bench.status == {"conditions": kept}
    assert [event["count"] for event in bench.cluster.events.values()] == [1]


async def test_a_pass_cut_off_while_it_writes_loses_nothing(start: MakeBench) -> None:
    """The announcement reached the API server and its answer did not reach us: what it says must stay."""

    async def announce(request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        await journal.announce({**request.status, "inventory": [f"thing-{len(bench.reconciler.requests)}"]})
        raise TypeError

    bench = start(announce)
    bench.parts.workers._longest_pass = timedelta(milliseconds=10)
    write, hanging = bench.cluster.apply_status, [2]

    async def hang(key: Key, body: dict[str, Any]) -> dict[str, Any]:
        answer = await write(key, body)
        if len(bench.reconciler.requests) in hanging:
            hanging.clear()
            await asyncio.Event().wait()
        return answer

    bench.cluster.apply_status = hang  # type: ignore[method-assign]
    bench.created()
    await settle()
    ask(bench)
    await asyncio.sleep(0.05)
    assert bench.status["inventory"] == ["thing-2"]
    assert "cut off" in of_type(bench, "Ready")["message"]


async def test_what_cannot_be_written_is_written_after_the_next_failed_pass(bench: Bench, work: Work) -> None:
    await fail(bench, work, 1)
    bench.cluster.before = once("apply_status", lose_answer)
    await fail(bench, work, 1)
    assert of_type(bench, "Ready")["status"] == "True"
    assert ready_metric(bench) == 0
    assert bench.parts.workers.alive()
    await fail(bench, work, 1)
    assert of_type(bench, "Ready")["status"] == "Unknown"


async def test_a_status_that_another_process_wrote_meanwhile_is_not_undone(bench: Bench, work: Work) -> None:
    def write() -> None:
        bench.cluster.objects[KEY]["status"]["inventory"] = ["theirs"]
        bench.cluster.edit()

    await fail(bench, work, 1)
    bench.cluster.before = once("apply_status", write)
    await fail(bench, work, 1)
    assert bench.status["inventory"] == ["theirs"]
    assert of_type(bench, "Ready")["status"] == "True"
    await fail(bench, work, 1)
    assert bench.status["inventory"] == ["theirs"]
    assert of_type(bench, "Ready")["status"] == "Unknown"


async def test_an_operator_started_anew_does_not_tell_it_again(bench: Bench, start: MakeBench, work: Work) -> None:
    await fail(bench, work, 2)
    second = start(work, cluster=bench.cluster)
    tell(second, LATER)
    before, posted = bench.status, bench.cluster.of("create_event")
    second.watch(event_type=None)
    await settle()
    await fail(second, work, 2)
    assert bench.status == before
    assert bench.cluster.of("create_event") == posted
    assert ready_metric(second) == 0


async def test_it_is_said_on_a_first_visit_too(start: MakeBench) -> None:
    bench = start(Work(TypeError()))
    bench.created()
    await settle()
    await passes(bench, 2)
    assert bench.status["observedGeneration"] == -1
    assert statuses(bench.status["conditions"]) == {"Ready": "Unknown", "InSync": "Unknown", "Reconciling": "True"}
    assert {each["reason"] for each in bench.status["conditions"]} == {"ReconcileFailed"}


@pytest.mark.parametrize(
    ("in_sync", "generation"),
    [
        pytest.param("True", 1, id="what was in sync may have drifted"),
        pytest.param("Unknown", 1, id="what could not be told may have drifted"),
        pytest.param("False", None, id="what was never in sync cannot have drifted"),
    ],
)
async def test_whether_it_had_been_in_sync_is_not_lost(
    bench: Bench, work: Work, in_sync: str, generation: int | None
) -> None:
    """The pass that succeeds tells drift from what is not done yet by the generation of this condition."""
    work.truth["InSync"] = in_sync
    await recover(bench, work)
    await fail(bench, work, 3)
    assert of_type(bench, "InSync")["status"] == "Unknown"
    assert of_type(bench, "InSync").get("observedGeneration") == generation
    assert of_type(bench, "Ready")["observedGeneration"] == 1


async def test_another_resource_of_the_name_starts_its_own_row(bench: Bench, work: Work) -> None:
    await fail(bench, work, 1)
    bench.cluster.create()
    bench.watch(event_type="ADDED")
    await settle()
    assert bench.status == {"observedGeneration": -1}
    assert len(bench.cluster.events) == 2


async def test_who_refers_to_it_is_told(start: MakeBench) -> None:
    async def report(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        if request.key == KEY and len(bench.reconciler.requests) > 2:
            raise TypeError
        return ReconcileResult({"conditions": said(request.generation, **SETTLED)})

    bench = start(report)
    bench.created()
    bench.created(COMPUTE, workspaceRef={"name": KEY.name})
    await settle()
    for _ in range(2):
        ask(bench)
        await settle()
    last = bench.reconciler.requests[-1]
    assert last.key == COMPUTE
    assert last.references[0].ready["reason"] == "ReconcileFailed"


async def test_a_crd_that_is_too_old_is_told_with_what_to_do(bench: Bench, work: Work) -> None:
    bench.cluster.pruned = ("inventory",)
    work.announced = ["a", "b"]
    await fail(bench, work, 2)
    message = of_type(bench, "Ready")["message"]
    assert "StatusNotKeptError" in message
    assert "custom resource definitions" in message
    assert "report it" not in message

"""A kind without reconciler says so, once, and stands in nobody's way."""

# ruff: noqa: D101, D102, D103 - the name of each test is its claim

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.operator.fakes import KEY, FakeCluster, FakeReconciler, statuses

from secureml_operator.not_implemented import NotImplementedReconciler
from secureml_operator.resource import parse
from secureml_operator.wiring import served

if TYPE_CHECKING:
    from secureml_reconcilers.engine.contract import Journal, Status


class NoJournal:
    async def announce(self, status: Status) -> None:
        raise AssertionError(status)


async def test_it_says_what_is_not_done_and_what_to_do() -> None:
    journal: Journal = NoJournal()
    reconciler = NotImplementedReconciler("isolate computes")
    cluster = FakeCluster()
    cluster.create()
    result = await reconciler.reconcile(parse(KEY.kind, cluster.body()).request(), journal)
    assert result.status["observedGeneration"] == 1
    assert statuses(result.status["conditions"]) == {"Ready": "False", "Reconciling": "False", "Stalled": "True"}
    ready = result.status["conditions"][0]
    assert ready["reason"] == "NotImplemented"
    assert "does not isolate computes yet" in ready["message"]
    assert "delete it, which is safe" in ready["message"]
    assert [event.reason for event in result.events] == ["NotImplemented"]
    cluster.objects[KEY]["status"] = result.status
    again = await reconciler.reconcile(parse(KEY.kind, cluster.body()).request(), journal)
    assert (again.status, again.events) == (result.status, ())


def test_a_kind_is_held_back_on_deletion_only_when_somebody_works_on_it() -> None:
    table = served({"SecureWorkspace": FakeReconciler()})
    assert {name: each.needs_finalizer for name, each in table.items()} == {
        "SecureWorkspace": True,
        "SecureCompute": False,
        "SecureInferenceCluster": False,
    }

"""Which watch events wake a pass, and which do not."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.operator.fakes import KEY, NOW

from secureml_operator.kinds import FINALIZER

if TYPE_CHECKING:
    from tests.unit.operator.conftest import Bench

CHANGES = [
    pytest.param({"spec": {"a": 2}}, True, id="a new generation wakes"),
    pytest.param({"deletionTimestamp": NOW}, True, id="the beginning of a deletion wakes"),
    pytest.param({"finalizers": [FINALIZER]}, False, id="our finalizer, put on, does not"),
    pytest.param({"finalizers": ["other.dev/x"]}, False, id="a finalizer of others does not"),
    pytest.param({"annotations": {"secureml.dev/paused": "true"}}, True, id="pausing wakes"),
    pytest.param({"annotations": {"secureml.dev/reconcile-at": "12:00"}}, True, id="a call for a pass wakes"),
    pytest.param({"annotations": {"secureml.dev/diagnose-at": "12:00"}}, True, id="a call for a diagnosis wakes"),
    pytest.param({"annotations": {"other.dev/x": "1"}}, False, id="other annotations do not"),
    pytest.param({"labels": {"team": "a"}}, False, id="labels do not"),
    pytest.param({"managedFields": [{}]}, False, id="managed fields do not"),
]


@pytest.mark.parametrize(("change", "wakes"), CHANGES)
async def test_a_change_wakes_or_not(bench: Bench, change: dict[str, Any], wakes: bool) -> None:  # noqa: FBT001
    bench.created(a=1)
    assert await bench.queued() == ["fraud"]
    bench.cluster.edit(**change)
    bench.watch()
    assert await bench.queued() == (["fraud"] if wakes else [])


async def test_a_status_write_of_our_own_does_not_wake(bench: Bench) -> None:
    bench.created()
    await bench.queued()
    await bench.run()
    bench.watch()
    bench.watch()
    assert await bench.queued() == []
    assert bench.cluster.of("apply_status") == 1


async def test_our_finalizer_taken_off_a_living_object_wakes_and_comes_back(bench: Bench) -> None:
    bench.created()
    await bench.run()
    await bench.queued()
    bench.cluster.edit(finalizers=[])
    bench.watch()
    assert await bench.queued() == ["fraud"]
    await bench.run()
    assert bench.finalizers == [FINALIZER]


async def test_a_watch_that_shows_our_patch_before_its_answer_comes_does_not_wake(bench: Bench) -> None:
    """On a real API server the event was faster than the answer in one run of three: a pass too many."""
    bench.created()
    await bench.queued()
    bench.cluster.after = lambda _: bench.watch()
    await bench.run()
    assert await bench.queued() == []


async def test_the_value_of_reconcile_at_wakes_each_time_it_changes(bench: Bench) -> None:
    bench.created()
    woken = []
    for value in ("1", "1", "2", None):
        bench.cluster.edit(annotations={"secureml.dev/reconcile-at": value} if value else {})
        await bench.queued()
        bench.watch()
        woken.append(await bench.queued())
    assert woken == [["fraud"], [], ["fraud"], ["fraud"]]


async def test_a_relist_wakes_everything_even_when_nothing_changed(bench: Bench) -> None:
    bench.created()
    await bench.queued()
    bench.watch(event_type=None)
    assert await bench.queued() == ["fraud"]


async def test_events_that_are_behind_change_nothing(bench: Bench) -> None:
    old = bench.created(a=1)
    bench.cluster.edit(spec={"a": 2})
    bench.watch()
    await bench.queued()
    bench.watch(body=old)
    assert await bench.queued() == []
    known = bench.parts.store.get(KEY)
    assert known is not None
    assert known.spec == {"a": 2}


async def test_a_late_event_of_a_namesake_deleted_before_changes_nothing(bench: Bench) -> None:
    """Kopf works uid by uid, so events of the old object may come after those of the new one."""
    old = bench.created(a=1)
    bench.cluster.delete()
    bench.cluster.create(a=2)
    bench.watch(event_type="ADDED")
    bench.watch(body=old)
    bench.watch(event_type="DELETED", body=old)
    known = bench.parts.store.get(KEY)
    assert known is not None
    assert known.spec == {"a": 2}


async def test_versions_compare_as_numbers(bench: Bench) -> None:
    """As texts, "1000" would come before "999"."""
    bench.created()
    bench.cluster._version = 998
    bench.cluster.edit(spec={"a": 999})
    bench.watch()
    bench.cluster.edit(spec={"a": 1000})
    bench.watch()
    known = bench.parts.store.get(KEY)
    assert known is not None
    assert (known.version, known.spec) == ("1000", {"a": 1000})


async def test_a_deletion_is_forgotten_by_the_reconciler_and_the_metrics(bench: Bench) -> None:
    bench.created()
    await bench.run()
    labels = {"kind": KEY.kind, "namespace": KEY.namespace, "name": KEY.name}
    assert bench.metric("secureml_resource_ready", **labels) == 1
    await bench.queued()
    bench.watch(event_type="DELETED")
    assert await bench.queued() == ["fraud"]
    await bench.run()
    assert bench.reconciler.forgotten == [KEY]
    assert bench.metric("secureml_resource_ready", **labels) is None

"""What a spec refers to: what a pass is told of it, and which of its changes wake a pass."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.operator.fakes import KEY, FakeReconciler, condition, lose_answer, once

from secureml_operator.cluster import UnclearError
from secureml_operator.two_way_index import TwoWayIndex
from secureml_reconcilers.engine.contract import Journal, Key, ReconcileRequest, ReconcileResult, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.unit.operator.conftest import Bench

    MakeBench = Callable[..., Bench]

COMPUTE = Key("SecureCompute", KEY.namespace, "train")
OTHER = Key("SecureWorkspace", KEY.namespace, "other")
REF = {"name": KEY.name}


def ready_at(generation: int, status: str = "True", reason: str = "AsDeclared", **more: object) -> dict[str, Any]:
    """Give the Ready condition as the operator writes it."""
    return condition("Ready", status, reason=reason, observedGeneration=generation, **more)


def show(bench: Bench, key: Key, *conditions: Mapping[str, Any], **status: object) -> None:
    """Write a status as another process of ours would, and let the watch show it."""
    bench.cluster.objects[key]["status"] = {"conditions": list(conditions), **status}
    bench.cluster.edit(key)
    bench.watch(key)


@pytest.fixture
async def pair(bench: Bench) -> Bench:
    """Give a compute that refers to a workspace which is ready; nothing is queued."""
    bench.created()
    bench.created(COMPUTE, workspaceRef=REF)
    show(bench, KEY, ready_at(1), azure={"keyVaultID": "/v1"})
    await bench.queued()
    return bench


async def reference(bench: Bench) -> Reference:
    """Give what a pass over the compute is told."""
    await bench.run(COMPUTE)
    (told,) = bench.reconciler.requests[-1].references
    return told


async def test_a_pass_is_told_what_its_spec_refers_to(pair: Bench) -> None:
    assert await reference(pair) == Reference(
        named_by="spec.workspaceRef",
        key=KEY,
        found=True,
        generation=1,
        ready=ready_at(1),
        ids={"keyVaultID": "/v1"},
    )
    pair.cluster.edit(finalizers=["other.dev/x"], spec={"a": 1})
    pair.cluster.delete()
    pair.watch()
    told = await reference(pair)
    assert (told.deleting, told.generation, told.spec) == (True, 2, {"a": 1})


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param([], id="it has no conditions"),
        pytest.param([condition("InSync", "True", observedGeneration=2)], id="it has others only"),
        pytest.param([ready_at(1)], id="its Ready is of an earlier generation"),
        pytest.param([condition("Ready", "True")], id="its Ready is of no generation"),
    ],
)
async def test_a_readiness_that_is_not_of_this_generation_is_none(
    pair: Bench, conditions: list[dict[str, Any]]
) -> None:
    pair.cluster.edit(spec={"a": 2})
    show(pair, KEY, *conditions)
    assert (await reference(pair)).ready == {}


async def test_what_does_not_exist_is_not_found_and_the_api_server_was_asked(bench: Bench) -> None:
    bench.created(COMPUTE, workspaceRef=REF)
    assert await reference(bench) == Reference("spec.workspaceRef", KEY, found=False)
    assert bench.cluster.of("read") == 1


async def test_what_the_watch_has_not_shown_yet_is_found_all_the_same(bench: Bench) -> None:
    """Both come with one `kubectl apply`, and their kinds by two watches: neither waits for the other."""
    bench.created(COMPUTE, workspaceRef=REF)
    bench.cluster.create(KEY, a=1)
    told = await reference(bench)
    assert (told.found, told.spec) == (True, {"a": 1})
    await bench.queued()
    bench.watch(KEY, "ADDED")
    assert sorted(await bench.queued()) == ["fraud", "train"]


async def test_a_pass_does_not_begin_while_it_cannot_be_told_whether_a_reference_exists(bench: Bench) -> None:
    bench.created(COMPUTE, workspaceRef=REF)
    bench.cluster.before = once("read", lose_answer)
    with pytest.raises(UnclearError):
        await bench.run(COMPUTE)
    assert bench.reconciler.requests == []


async def test_a_pass_cannot_edit_what_it_refers_to_in_the_cache(pair: Bench) -> None:
    pair.cluster.edit(spec={"list": []})
    show(pair, KEY, ready_at(2))
    told = await reference(pair)
    told.spec["list"].append("scribble")
    told.ready["reason"] = "Scribble"  # type: ignore[index]  (what must not happen)
    known = pair.parts.store.get(KEY)
    assert known is not None
    assert known.spec == {"list": []}
    assert known.status["conditions"][0]["reason"] == "AsDeclared"


def _begin_deletion(bench: Bench) -> None:
    bench.cluster.edit(finalizers=["other.dev/x"])
    bench.cluster.delete()
    bench.watch()


def _delete(bench: Bench) -> None:
    last = bench.cluster.body()
    bench.cluster.delete()
    bench.watch(event_type="DELETED", body=last)


def _edit(bench: Bench) -> None:
    bench.cluster.edit(spec={"a": 2})
    bench.watch()


def _replace(bench: Bench) -> None:
    bench.cluster.create()
    bench.watch(event_type="ADDED")


def _replace_by_its_like(bench: Bench) -> None:
    status = bench.status
    bench.cluster.create()
    bench.cluster.objects[KEY]["status"] = status
    bench.watch(event_type="ADDED")


VAULT = {"azure": {"keyVaultID": "/v1"}}

WAKING = {
    "its deletion begins": _begin_deletion,
    "it is deleted": _delete,
    "its spec changes": _edit,
    "another takes its name": _replace,
    "another just like it takes its name": _replace_by_its_like,
    "its readiness changes": lambda bench: show(bench, KEY, ready_at(1, "False"), **VAULT),
    "the reason of its readiness changes": lambda bench: show(bench, KEY, ready_at(1, reason="Else"), **VAULT),
    "its readiness is taken away": lambda bench: show(bench, KEY, **VAULT),
    "its ids change": lambda bench: show(bench, KEY, ready_at(1), azure={"keyVaultID": "/v2"}),
    "an id is found": lambda bench: show(bench, KEY, ready_at(1), azure={"keyVaultID": "/v1", "storageID": "/s"}),
}

RESTING = {
    "a message changes": lambda bench: show(bench, KEY, ready_at(1, message="Nine of ten."), **VAULT),
    "another condition changes": lambda bench: show(
        bench, KEY, ready_at(1), condition("InSync", "False", observedGeneration=1), **VAULT
    ),
    "its inventory changes": lambda bench: show(bench, KEY, ready_at(1), inventory=["a"], **VAULT),
    "it is shown again": lambda bench: bench.watch(),
    "it is listed again": lambda bench: bench.watch(event_type=None),
    "an old state of it comes late": lambda bench: bench.watch(
        body={**bench.cluster.body(), "metadata": {**bench.cluster.body()["metadata"], "resourceVersion": "1"}}
    ),
}


@pytest.mark.parametrize("change", WAKING.values(), ids=WAKING.keys())
async def test_a_change_of_what_it_refers_to_wakes(pair: Bench, change: Callable[[Bench], None]) -> None:
    change(pair)
    assert COMPUTE.name in await pair.queued()


@pytest.mark.parametrize("change", RESTING.values(), ids=RESTING.keys())
async def test_other_changes_of_it_do_not_wake(pair: Bench, change: Callable[[Bench], None]) -> None:
    change(pair)
    assert COMPUTE.name not in await pair.queued()


async def test_it_wakes_when_the_readiness_is_of_the_new_generation_though_it_says_the_same(pair: Bench) -> None:
    """In between there was none: who waits for it would wait until the next resync."""
    pair.cluster.edit(spec={"a": 2})
    pair.watch()
    await pair.queued()
    show(pair, KEY, ready_at(2), **VAULT)
    assert COMPUTE.name in await pair.queued()


async def test_what_is_referred_to_wakes_when_it_appears(bench: Bench) -> None:
    bench.created(COMPUTE, workspaceRef=REF)
    await bench.queued()
    bench.created()
    assert sorted(await bench.queued()) == ["fraud", "train"]


async def test_a_status_of_our_own_wakes_others_and_not_itself(make_bench: MakeBench) -> None:
    async def report(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        return ReconcileResult({"conditions": [ready_at(request.generation)]})

    bench = make_bench(report)
    bench.created()
    bench.created(COMPUTE, workspaceRef=REF)
    await bench.queued()
    await bench.run(KEY)
    assert await bench.queued() == ["train"]
    bench.watch(KEY)  # the watch shows the same a moment later: no second time
    await bench.run(KEY)
    assert await bench.queued() == []


async def test_an_announcement_wakes_as_well(make_bench: MakeBench) -> None:
    async def announce(request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        status = {"conditions": [ready_at(request.generation, "False")]}
        await journal.announce(status)
        assert await bench.queued() == ["train"]
        return ReconcileResult(status)

    bench = make_bench(announce)
    bench.created()
    bench.created(COMPUTE, workspaceRef=REF)
    await bench.queued()
    await bench.run(KEY)


async def test_who_refers_to_itself_does_not_wake_itself(bench: Bench) -> None:
    bench.created(workspaceRef=REF)
    await bench.queued()
    for reason in ("One", "Two"):
        show(bench, KEY, ready_at(1, reason=reason))
    assert await bench.queued() == []


async def test_a_cycle_comes_to_rest(make_bench: MakeBench) -> None:
    """Each says whether the other is ready: each change is passed on, and then there is none."""

    async def mirror(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        (other,) = request.references
        status = other.ready.get("status", "False") if request.key == KEY else "True"
        return ReconcileResult({"conditions": [ready_at(request.generation, status)]})

    bench = make_bench(mirror)
    bench.parts.workers.start(2)
    bench.created(workspaceRef={"name": OTHER.name})
    bench.created(OTHER, workspaceRef=REF)
    for _ in range(300):
        await asyncio.sleep(0)
        for key in (KEY, OTHER):
            bench.watch(key)
    assert bench.status["conditions"][0]["status"] == "True"
    count = len(bench.reconciler.requests)
    assert 2 < count <= 6
    for _ in range(300):
        await asyncio.sleep(0)
    assert len(bench.reconciler.requests) == count
    await bench.parts.workers.stop(timedelta(0))


async def test_who_refers_to_another_now_is_woken_by_that_one_only(pair: Bench) -> None:
    pair.created(OTHER)
    pair.cluster.edit(COMPUTE, spec={"workspaceRef": {"name": OTHER.name}})
    pair.watch(COMPUTE, None)  # a list shows it: the event itself was missed
    await pair.queued()
    show(pair, KEY, ready_at(1, "False"))
    assert await pair.queued() == []
    show(pair, OTHER, ready_at(1, "False"))
    assert await pair.queued() == ["train"]


async def test_who_is_gone_is_not_woken(pair: Bench) -> None:
    last = pair.cluster.body(COMPUTE)
    pair.cluster.delete(COMPUTE)
    pair.watch(COMPUTE, "DELETED", last)
    await pair.queued()
    show(pair, KEY, ready_at(1, "False"))
    assert await pair.queued() == []
    assert pair.parts.references._referents == TwoWayIndex()  # or what is long gone would fill the memory


async def test_a_deletion_that_the_watch_missed_wakes_when_it_is_found(pair: Bench) -> None:
    pair.cluster.delete()
    await pair.parts.cache_audit.compare()
    assert sorted(await pair.queued()) == ["fraud", "train"]


async def test_references_that_cannot_be_told_lose_no_event_and_fail_the_pass(
    pair: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> dict[str, Key]:
        raise ZeroDivisionError

    monkeypatch.setattr(FakeReconciler, "references", fail)
    pair.cluster.edit(COMPUTE, spec={"workspaceRef": 1})
    pair.watch(COMPUTE)
    assert await pair.queued() == ["train"]
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(ZeroDivisionError):
        await pair.run(COMPUTE)

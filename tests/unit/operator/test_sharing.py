"""Who declares the same thing: told with each pass, and woken when it changes."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.unit.operator.fakes import FakeReconciler

from secureml_operator.resource import Resource
from secureml_operator.sharing import SharingIndex
from secureml_reconcilers.engine.contract import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.operator.conftest import Bench


def resource(name: str, *shares: str, **parts: Any) -> Resource:  # noqa: ANN401 - fields of a resource
    known: dict[str, Any] = {"version": "1", "generation": 1, "created": "", "deleting": False, "finalizers": ()}
    key = Key("SecureWorkspace", "team-a", name)
    return Resource(key, f"uid-{name}", spec={"shares": list(shares)}, **{**known, **parts})


def index() -> tuple[SharingIndex, list[str]]:
    woken: list[str] = []
    return SharingIndex({"SecureWorkspace": FakeReconciler()}, lambda key: woken.append(key.name)), woken


def names(sharing: SharingIndex, name: str) -> list[str]:
    return [each.name for each in sharing.others(Key("SecureWorkspace", "team-a", name))]


def test_those_that_share_something_know_one_another() -> None:
    sharing, _ = index()
    for each in (resource("a", "x", "y"), resource("b", "y"), resource("c", "z")):
        sharing.changed(None, each)
    assert (names(sharing, "a"), names(sharing, "b"), names(sharing, "c")) == (["b"], ["a"], [])


def test_a_resource_that_goes_is_no_longer_waited_for() -> None:
    sharing, woken = index()
    mine, other = resource("a", "x"), resource("b", "x")
    sharing.changed(None, mine)
    sharing.changed(None, other)
    woken.clear()
    sharing.changed(other, replace(other, deleting=True))
    assert (names(sharing, "a"), woken) == ([], ["a"])
    sharing.changed(replace(other, deleting=True), None)
    assert (names(sharing, "a"), woken) == ([], ["a"])


def test_an_edit_wakes_the_others_and_a_status_does_not() -> None:
    sharing, woken = index()
    mine, other = resource("a", "x"), resource("b", "x")
    sharing.changed(None, mine)
    sharing.changed(None, other)
    woken.clear()
    sharing.changed(other, replace(other, status={"conditions": []}))
    assert woken == []
    sharing.changed(other, replace(other, generation=2))
    assert woken == ["a"]
    sharing.changed(other, replace(other, spec={"shares": ["z"]}, generation=3))
    assert (woken, names(sharing, "a")) == (["a", "a"], [])


async def test_a_pass_is_told_what_the_others_declare(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    keys = [Key("SecureWorkspace", "team-a", name) for name in ("a", "b")]
    for key, mode in zip(keys, ("Enforce", "Observe"), strict=True):
        bench.created(key, shares=["x"], mode=mode)
    for key in keys:
        await bench.run(key)
    told = {
        request.key.name: [(each.key.name, each.spec["mode"]) for each in request.others]
        for request in bench.reconciler.requests
    }
    assert told == {"a": [("b", "Observe")], "b": [("a", "Enforce")]}

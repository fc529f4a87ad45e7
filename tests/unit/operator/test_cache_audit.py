"""Ghosts are found, the living are left alone, and a hung watch is told from a quiet cluster."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.operator.fakes import KEY, lose_answer, once

from secureml_operator.cluster import UnclearError
from secureml_operator.kinds import SECURE_WORKSPACE
from secureml_operator.settings import Settings
from secureml_reconcilers.engine.contract import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.operator.conftest import Bench

OTHER = Key("SecureWorkspace", "team-b", "churn")


async def test_a_deletion_that_the_watch_missed_is_found(bench: Bench) -> None:
    bench.created()
    bench.created(OTHER)
    await bench.run()
    await bench.queued()
    del bench.cluster.objects[KEY]
    await bench.parts.cache_audit.compare()
    assert await bench.queued() == ["fraud"]
    await bench.run()
    assert bench.reconciler.forgotten == [KEY]
    assert list(bench.parts.store) == [OTHER]


async def test_a_list_that_lags_behind_makes_no_ghosts(bench: Bench) -> None:
    bench.created()
    hidden = bench.cluster.objects.pop(KEY)
    bench.cluster.after = lambda _: None
    bench.cluster.before = once("read", lambda: bench.cluster.objects.update({KEY: hidden}))
    await bench.queued()
    await bench.parts.cache_audit.compare()
    assert list(bench.parts.store) == [KEY]
    assert await bench.queued() == []


async def test_a_list_that_fails_drops_nothing(bench: Bench) -> None:
    bench.created()
    bench.cluster.before = once("versions", lose_answer)
    with pytest.raises(UnclearError):
        await bench.parts.cache_audit.compare()
    assert list(bench.parts.store) == [KEY]


async def test_only_the_namespaces_served_are_listed(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(settings=Settings(namespaces=("team-a",)))
    bench.cluster.create(KEY)
    bench.cluster.create(OTHER)
    bench.watch(KEY, None)
    await bench.parts.cache_audit.compare()
    assert bench.parts.cache_audit.synced


async def test_the_cache_is_complete_once_the_watch_has_shown_what_is_listed(bench: Bench) -> None:
    bench.cluster.create(KEY)
    bench.cluster.create(OTHER)
    bench.watch(KEY, None)
    await bench.parts.cache_audit.compare()
    assert not bench.parts.cache_audit.synced
    bench.watch(OTHER, None)
    await bench.parts.cache_audit.compare()
    assert bench.parts.cache_audit.synced


async def test_nothing_is_expected_of_a_quiet_cluster(bench: Bench) -> None:
    bench.created()
    bench.clock.advance(100_000)
    await bench.parts.cache_audit.compare()
    assert bench.parts.watchdog.overdue() == timedelta(0)


async def test_a_watch_that_does_not_show_our_own_write_is_overdue(bench: Bench) -> None:
    bench.created()
    await bench.run()
    bench.clock.advance(200)
    assert bench.parts.watchdog.overdue() == timedelta(seconds=200)
    bench.watch()
    assert bench.parts.watchdog.overdue() == timedelta(0)


async def test_a_watch_that_does_not_show_the_edit_of_another_is_overdue_after_the_next_audit(
    bench: Bench,
) -> None:
    bench.created()
    bench.cluster.edit(spec={"a": 2})
    bench.clock.advance(500)
    assert bench.parts.watchdog.overdue() == timedelta(0)
    await bench.parts.cache_audit.compare()
    bench.clock.advance(30)
    bench.cluster.edit(spec={"a": 3})
    await bench.parts.cache_audit.compare()
    assert bench.parts.watchdog.overdue() == timedelta(seconds=30)


async def test_nothing_is_expected_of_what_is_gone(bench: Bench) -> None:
    bench.created()
    last = bench.cluster.body()
    await bench.run()
    bench.watch(event_type="DELETED", body=last)
    bench.clock.advance(500)
    assert bench.parts.watchdog.overdue() == timedelta(0)


async def test_a_list_that_still_names_what_is_deleted_makes_no_debt(bench: Bench) -> None:
    """Seen on a real API server: the debt was never paid, and liveness would have failed three minutes later."""
    bench.created()
    listed = await bench.cluster.versions(SECURE_WORKSPACE, None)
    last = bench.cluster.body()
    bench.cluster.delete()
    bench.watch(event_type="DELETED", body=last)
    for key, version in listed.items():
        bench.parts.watchdog.expect(key, version)
    assert bench.parts.watchdog.caught_up()


async def test_what_vanished_before_the_watch_began_is_no_debt_after_the_next_list(bench: Bench) -> None:
    bench.cluster.create()
    await bench.parts.cache_audit.compare()
    assert not bench.parts.watchdog.caught_up()
    bench.cluster.delete()
    await bench.parts.cache_audit.compare()
    assert bench.parts.cache_audit.synced


async def test_a_relist_asks_for_an_audit(bench: Bench) -> None:
    bench.created()
    assert not bench.parts.cache_audit._requested.is_set()
    bench.watch(event_type=None)
    assert bench.parts.cache_audit._requested.is_set()

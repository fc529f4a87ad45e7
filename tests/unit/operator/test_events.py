"""Repeats count up; transitions stand alone."""

# ruff: noqa: D102, D103 - the name of each test is its claim

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.operator.fakes import KEY, FakeCluster

from secureml_operator.events import Events
from secureml_operator.resource import Resource, parse
from secureml_reconcilers.engine.contract import Event

START = datetime(2026, 1, 1, tzinfo=UTC)
DRIFT = Event("Warning", "Drifted", "The rule is gone.")


class Diary:
    """Events with a clock to turn."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.now = START
        self.events = Events(self.cluster, lambda: self.now, instance="pod-1")
        self.resource: Resource = parse(KEY.kind, self.cluster.create())

    async def post(self, *events: Event, after: timedelta = timedelta(0)) -> None:
        self.now += after
        await self.events.post(self.resource, events)

    def told(self) -> list[tuple[str, int]]:
        return [(event["reason"], event["count"]) for event in self.cluster.events.values()]


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def test_an_event_names_its_object_and_its_source(diary: Diary) -> None:
    await diary.post(DRIFT)
    (event,) = diary.cluster.events.values()
    event["metadata"].pop("name")
    assert event == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": "team-a"},
        "involvedObject": {
            "apiVersion": "secureml.dev/v1alpha1",
            "kind": "SecureWorkspace",
            "namespace": "team-a",
            "name": "fraud",
            "uid": diary.resource.uid,
        },
        "type": "Warning",
        "reason": "Drifted",
        "message": "The rule is gone.",
        "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "source": {"component": "secureml-operator"},
        "reportingComponent": "secureml.dev/operator",
        "reportingInstance": "pod-1",
    }


async def test_repeats_within_a_minute_are_counted_and_written_later(diary: Diary) -> None:
    for _ in range(30):
        await diary.post(DRIFT, after=timedelta(seconds=1))
    assert diary.told() == [("Drifted", 1)]
    await diary.post(DRIFT, after=timedelta(minutes=1))
    assert diary.told() == [("Drifted", 31)]
    assert diary.cluster.requests == ["create_event", "patch_event"]


async def test_another_message_is_another_event(diary: Diary) -> None:
    await diary.post(DRIFT, Event("Warning", "Drifted", "Another rule is gone."), Event("Normal", "Repaired", "."))
    assert diary.told() == [("Drifted", 1), ("Drifted", 1), ("Repaired", 1)]


async def test_an_event_that_the_api_server_has_forgotten_is_made_anew(diary: Diary) -> None:
    await diary.post(DRIFT)
    diary.cluster.events.clear()
    await diary.post(DRIFT, after=timedelta(minutes=30))
    assert diary.told() == [("Drifted", 1)]
    assert diary.cluster.requests == ["create_event", "patch_event", "create_event"]


async def test_after_an_hour_a_repeat_is_news_again(diary: Diary) -> None:
    await diary.post(DRIFT)
    await diary.post(DRIFT, after=timedelta(hours=1))
    assert diary.told() == [("Drifted", 1), ("Drifted", 1)]


async def test_a_message_longer_than_the_api_server_takes_is_cut(diary: Diary) -> None:
    await diary.post(Event("Normal", "Long", "x" * 5000))
    (event,) = diary.cluster.events.values()
    assert len(event["message"]) == 1024


async def test_names_stay_within_bounds_for_the_longest_resource_name(diary: Diary) -> None:
    body = diary.cluster.create()
    body["metadata"]["name"] = "n" * 253
    diary.resource = parse(KEY.kind, body)
    await diary.post(DRIFT)
    assert all(len(name) <= 253 for name in diary.cluster.events)

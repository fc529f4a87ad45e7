"""Log records and metrics."""

# ruff: noqa: D101, D103 - the name of each test is its claim

from __future__ import annotations

import io
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest
from prometheus_client import CollectorRegistry
from tests.unit.operator.fakes import KEY, ready

from secureml_operator.telemetry import logs
from secureml_operator.telemetry.context import bound
from secureml_operator.telemetry.requests import RequestMetrics
from secureml_reconcilers.engine.contract import Journal, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.operator.conftest import Bench

RESOURCE = {"kind": KEY.kind, "namespace": KEY.namespace, "name": KEY.name}


@pytest.fixture
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in (*logs.OURS, "kopf.objects"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def written(log_format: Literal["text", "json"], level: str = "INFO") -> str:
    stream = io.StringIO()
    logs.configure(log_format, level, stream)
    with bound(kind="SecureWorkspace", name="fraud", generation=3):
        logging.getLogger("secureml_operator.worker").info("Drift %s", "repaired")
    logging.getLogger("kopf.objects").info("Handler succeeded")
    logging.getLogger("kopf.reactor").warning("Hm")
    return stream.getvalue()


@pytest.mark.usefixtures("_logging_restored")
def test_json_records_carry_the_pass_at_their_top_level() -> None:
    first, second = (json.loads(line) for line in written("json").splitlines())
    assert first.pop("time")
    assert first == {
        "level": "INFO",
        "logger": "secureml_operator.worker",
        "message": "Drift repaired",
        "kind": "SecureWorkspace",
        "name": "fraud",
        "generation": 3,
    }
    assert (second["logger"], second["message"]) == ("kopf.reactor", "Hm")


@pytest.mark.usefixtures("_logging_restored")
def test_text_records_end_with_the_pass() -> None:
    first, second = written("text").splitlines()
    assert first.endswith(
        "INFO secureml_operator.worker: Drift repaired [kind=SecureWorkspace name=fraud generation=3]"
    )
    assert second.endswith("WARNING kopf.reactor: Hm")


@pytest.mark.usefixtures("_logging_restored")
def test_the_level_is_ours_alone() -> None:
    assert [line.split(": ")[1] for line in written("text", "ERROR").splitlines()] == ["Hm"]


async def test_metrics_of_a_result_become_series_and_go_with_the_resource(
    make_bench: Callable[..., Bench],
) -> None:
    async def repair(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        metrics = {
            "drift_detected": 2.0,
            "drift_corrected": 1.0,
            "operations_running": 3.0,
            "of another version": 4.0,
        }
        return ReconcileResult(ready(request), metrics=metrics)

    bench = make_bench(repair)
    bench.created()
    await bench.run()
    await bench.run()
    names = (
        "secureml_drift_detected_total",
        "secureml_drift_corrected_total",
        "secureml_operations_running",
        "secureml_resource_ready",
    )
    assert [bench.metric(name, **RESOURCE) for name in names] == [4, 2, 3, 1]
    bench.watch(event_type="DELETED")
    await bench.run()
    assert [bench.metric(name, **RESOURCE) for name in names] == [None] * 4


async def test_conditions_and_open_services_become_series_and_go_when_they_are_over(
    make_bench: Callable[..., Bench],
) -> None:
    status = "False"

    async def look(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        shown = ready(request)
        shown["conditions"][0]["status"] = status
        shown["services"] = [
            {"id": "/S/Vault", "publicAccess": "Closed" if status == "True" else "Open"},
            {"id": "/S/Account", "publicAccess": "Restricted"},
        ]
        return ReconcileResult(shown)

    def told() -> list[float | None]:
        conditions = [
            bench.metric("secureml_resource_condition", **RESOURCE, condition="Ready", status=each)
            for each in ("True", "False")
        ]
        services = [
            bench.metric("secureml_service_exposed", **RESOURCE, resource_id=each)
            for each in ("/s/vault", "/s/account")
        ]
        return conditions + services

    bench = make_bench(look)
    bench.created()
    await bench.run()
    assert told() == [None, 1, 1, 0]
    status = "True"
    await bench.run()
    assert told() == [1, None, 0, 0]
    bench.watch(event_type="DELETED")
    await bench.run()
    assert told() == [None] * 4


@dataclass(frozen=True)
class Request:
    type: str
    method: str
    status: int
    throttled: bool
    seconds: float


def test_requests_are_counted_by_type_method_and_status() -> None:
    registry = CollectorRegistry()
    count = RequestMetrics(registry)
    count(Request("t", "GET", 200, throttled=False, seconds=0.1))
    count(Request("t", "GET", 429, throttled=True, seconds=0.1))
    count(Request("t", "GET", 429, throttled=True, seconds=0.1))
    labels = {"type": "t", "method": "GET"}
    assert registry.get_sample_value("secureml_arm_requests_total", {**labels, "status": "429"}) == 2
    assert registry.get_sample_value("secureml_arm_requests_total", {**labels, "status": "200"}) == 1
    assert registry.get_sample_value("secureml_arm_throttled_total") == 2

"""azure-ai-ml behind the door of a pass: its budget, its scopes, its problems, and nothing sent by another way."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import aiohttp
import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from tests.unit.azure.wire import BASE, Answer, Wire, connect, shown

from secureml_reconcilers.azure import ml
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.azure.scopes import EVERYWHERE, Scopes

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from secureml_reconcilers.azure.arm import Accepted, Body
    from secureml_reconcilers.azure.door import Door

GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/ml"
WORKSPACE = resource_id(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/fraud")
BODY: Body = {
    "location": "westeurope",
    "properties": {
        "computeType": "AmlCompute",
        "disableLocalAuth": True,
        "properties": {
            "osType": "Linux",
            "vmSize": "STANDARD_DS3_V2",
            "remoteLoginPortPublicAccess": "NotSpecified",
            "enableNodePublicIp": True,
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M"},
        },
    },
}
TAKEN = shown({"properties": {"provisioningState": "Creating"}}, 201)


def cluster(**more: Any) -> Any:  # noqa: ANN401 - an entity of the SDK
    """The smallest cluster that there is."""
    from azure.ai.ml.entities import AmlCompute  # noqa: PLC0415 - 110 MB

    return AmlCompute(name="trainers", size="STANDARD_DS3_V2", **more)


async def create(arm: Door, **more: Any) -> Accepted:  # noqa: ANN401 - what the SDK takes
    """Create it."""
    return await arm.ml.create_compute(WORKSPACE, cluster(**{"location": "westeurope", **more}), BODY)


async def problem_of(call: Awaitable[Any]) -> AzureProblem:
    """The problem that a call ends in."""
    with pytest.raises(AzureProblem) as caught:
        await call
    return caught.value


def sent(wire: Wire) -> list[str]:
    """What left, in order."""
    return [f"{each.method} {each.url.partition('?')[0].removeprefix(BASE)}" for each in wire.sent]


async def test_what_the_sdk_sends_goes_the_way_of_all_requests() -> None:
    """With our headers, and without the SDK's sign-in; who it is for is read first, and comes back to the SDK."""
    gzipped = shown({"location": "westeurope"}, **{"Content-Encoding": "gzip", "Content-Type": "application/json"})
    wire = Wire(gzipped, TAKEN)
    with connect(wire).within("team-a/fraud", EVERYWHERE) as arm:
        taken = await create(arm, location=None)
    assert taken.running
    assert sent(wire) == [f"GET {WORKSPACE}", f"PUT {WORKSPACE}/computes/trainers"]
    for each in wire.sent:
        assert each.headers["User-Agent"] == "secureml-operator"
        assert "Authorization" not in each.headers
    assert json.loads(wire.sent[1].content) == BODY


@pytest.mark.parametrize("scope", ["/subscriptions/s2", f"{GROUP}-2"])
async def test_what_lies_outside_is_refused_before_anything_is_sent(scope: str) -> None:
    """Through the SDK as by any other way."""
    wire = Wire()
    with connect(wire).within("team-a/fraud", Scopes.of([scope], "azure.scopes")) as arm:
        assert (await problem_of(create(arm))).reason == "OutsideScope"
    assert wire.sent == []


async def test_what_the_sdk_reads_is_guarded_too() -> None:
    """It reads what nobody asked for."""
    wire, target = Wire(), WORKSPACE.child("computes", "trainers")
    with connect(wire).within("team-a/fraud", Scopes.of([GROUP], "azure.scopes")) as arm:
        for url, reason in ((f"{BASE}{GROUP}-2", "OutsideScope"), ("https://elsewhere.example/", "Undeclared")):
            call = arm.ml._call(WORKSPACE, lambda sdk, url=url: sdk._requests_pipeline.get(url), target, "PUT", {})
            assert (await problem_of(call)).reason.startswith(reason)
    assert wire.sent == []


async def test_each_pass_takes_its_own_turn() -> None:
    """A spent budget stops the SDK as it stops every other request, and says when to come again."""
    wire = Wire(*[shown({"properties": {}})] * 200)
    client = connect(wire)
    for _ in range(200):
        await client.write("PATCH", WORKSPACE, {})
    waits = []
    for name in ("a", "b", "a"):
        with client.within(name, EVERYWHERE) as arm:
            problem = await problem_of(create(arm))
            assert (problem.reason, problem.throttled, problem.outcome_unknown) == ("Throttled", True, False)
            assert problem.retry_after is not None
            waits.append(problem.retry_after.total_seconds())
    assert waits == pytest.approx([3.0, 6.0, 3.0])
    assert len(wire.sent) == 200


async def test_a_pass_that_is_over_sends_nothing_more() -> None:
    """It was cut off while its call waited for another one: nobody would know of the write any more."""
    wire, busy = Wire(TAKEN), threading.Event()
    before = ml._WORKER.submit(busy.wait)
    with connect(wire).within("team-a/fraud", EVERYWHERE) as arm:
        task = asyncio.create_task(create(arm))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    busy.set()
    await asyncio.wrap_future(before)
    await asyncio.get_running_loop().run_in_executor(ml._WORKER, int)
    assert wire.sent == []


async def test_who_waits_for_a_call_keeps_no_thread_from_others() -> None:
    """Each waiting call once held one of the threads in which names are looked up."""
    busy = threading.Event()
    before = ml._WORKER.submit(busy.wait)
    threads = threading.active_count()
    waiting = [asyncio.create_task(create(connect(Wire(TAKEN)))) for _ in range(3)]
    try:
        await asyncio.sleep(0)
        assert threading.active_count() == threads
    finally:
        busy.set()
    await asyncio.gather(*waiting)
    assert before.done()


BROKEN = [  # what comes of it, the reason, whether nobody knows if it was taken
    pytest.param(ValueError("Bearer eyJ0"), "UnexpectedAnswer", True, id="what nobody foresaw"),
    pytest.param(ServiceResponseError("lost"), "AzureUnreachable", True, id="a lost answer"),
    pytest.param(
        ServiceRequestError("refused", error=aiohttp.ClientConnectorError(Mock(), OSError())),
        "AzureUnreachable",
        False,
        id="a refused connection",
    ),
    pytest.param(Answer(503, b"{}", {"Retry-After": "1"}), "AzureBusy", False, id="out of service"),
    pytest.param(Answer(429, b"{}", {"Retry-After": "1"}), "Throttled", False, id="too much"),
]


@pytest.mark.parametrize(("answer", "reason", "unknown"), BROKEN)
async def test_nothing_is_repeated_and_only_problems_leave(
    answer: Answer | Exception, reason: str, *, unknown: bool
) -> None:
    """The SDK would wait in its thread and send it again; the queue waits, never a worker."""
    wire = Wire(answer, TAKEN)
    problem = await problem_of(create(connect(wire)))
    assert (problem.reason, problem.outcome_unknown) == (reason, unknown)
    assert problem.target == WORKSPACE.child("computes", "trainers")
    assert "eyJ0" not in str(problem)
    assert sent(wire) == [f"PUT {WORKSPACE}/computes/trainers"]


@pytest.mark.parametrize(("status", "reason"), [(403, "Forbidden"), (429, "Throttled")])
async def test_a_refused_read_of_the_sdk_is_told_as_it_is(status: int, reason: str) -> None:
    """It would make an error of its own of it, or wait and ask again."""
    wire = Wire(Answer(status, b"{}", {"Retry-After": "1"}), TAKEN)
    assert (await problem_of(create(connect(wire), location=None))).reason == reason
    assert sent(wire) == [f"GET {WORKSPACE}"]


async def test_the_cloud_is_ours_whatever_the_process_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK reads its cloud from the process where it is not told."""
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureChinaCloud")
    wire = Wire(TAKEN)
    await create(connect(wire))
    assert [each.url.startswith(f"{BASE}/subscriptions/") for each in wire.sent] == [True]
    assert os.environ["AZUREML_CURRENT_CLOUD"] == "AzureChinaCloud"

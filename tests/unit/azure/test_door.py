"""What one pass may ask of Azure, for whom it asks, and what becomes of answers that nobody foresaw."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.azure.wire import BASE, Answer, Wire, connect, shown

from secureml_reconcilers.azure.arm import Accepted, Present, Reply
from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.problem import AzureProblem, Retry
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.azure.scopes import EVERYWHERE, Scopes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from secureml_reconcilers.azure.arm import Arm

    Call = Callable[[Arm], Awaitable[Any]]

GROUP = "/subscriptions/s1/resourceGroups/ml"
ACCOUNT = resource_id(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a")
ENDPOINTS = f"{GROUP}/providers/Microsoft.Network/privateEndpoints"
ENDPOINT_TYPE = "Microsoft.Network/privateEndpoints"
POLL = f"{BASE}/subscriptions/s1/providers/Microsoft.Network/operations/1?api-version=1"

READ: Call = lambda arm: arm.read(ACCOUNT)  # noqa: E731 - rows of tables
LIST: Call = lambda arm: arm.list_all(ENDPOINTS, ENDPOINT_TYPE)  # noqa: E731
QUERY: Call = lambda arm: arm.query(GraphQuery("s1", "resources"))  # noqa: E731
ASK: Call = lambda arm: arm.operation_problem(POLL, ACCOUNT)  # noqa: E731
WRITE: Call = lambda arm: arm.write("PATCH", ACCOUNT, {"properties": {}})  # noqa: E731


async def problem_of(call: Awaitable[Any]) -> AzureProblem:
    """The problem that a call ends in."""
    with pytest.raises(AzureProblem) as caught:
        await call
    return caught.value


SCOPES = [  # the scope, what is asked for, whether it lies inside
    pytest.param(GROUP, ACCOUNT.text, True, id="a resource in the group"),
    pytest.param(GROUP.upper(), ACCOUNT.text.lower(), True, id="case tells nothing apart"),
    pytest.param("/subscriptions/s1", ACCOUNT.text, True, id="a resource in the subscription"),
    pytest.param(GROUP, f"{ACCOUNT}/blobServices/default", True, id="a child"),
    pytest.param(GROUP, f"{GROUP}-2/providers/Microsoft.Storage/storageAccounts/a", False, id="a longer name"),
    pytest.param("/subscriptions/s", ACCOUNT.text, False, id="a longer subscription"),
    pytest.param(GROUP, "/subscriptions/s1", False, id="what holds the scope"),
    pytest.param(GROUP, f"{GROUP}/../other/providers/Microsoft.Storage/storageAccounts/a", False, id="a way out"),
    pytest.param(GROUP, f"{GROUP}/%2e%2E/other/providers/A/b/c", False, id="a way out in disguise"),
    pytest.param(GROUP, f"{GROUP}/a%2f..%2f../providers/A/b/c", False, id="a slash in disguise"),
]


@pytest.mark.parametrize(("scope", "path", "inside"), SCOPES)
async def test_what_lies_outside_is_refused_before_anything_is_sent(
    scope: str, path: str, *, inside: bool
) -> None:
    """Whole segments are compared: else `ml` would let in `ml-2`."""
    wire = Wire(shown({"value": []}))
    with connect(wire).within("team-a/fraud", Scopes.of([scope], "azure.scopes")) as arm:
        if inside:
            await arm.list_all(path, ENDPOINT_TYPE)
        else:
            problem = await problem_of(arm.list_all(path, ENDPOINT_TYPE))
            assert (problem.reason, problem.retry) == ("OutsideScope", Retry.SLOW)
            assert path in problem.message
            assert scope in problem.message
            assert "azure.scopes" in problem.advice
    assert len(wire.sent) == inside


@pytest.mark.parametrize("call", [READ, LIST, WRITE, QUERY])
async def test_everything_that_names_a_resource_is_guarded(call: Call) -> None:
    """Reads too: who may not see a resource must not learn of it through our identity."""
    wire = Wire()
    arm = connect(wire).within("team-a/fraud", Scopes.of(["/subscriptions/s2"], "azure.scopes"))
    assert (await problem_of(call(arm))).reason == "OutsideScope"
    assert wire.sent == []


async def test_a_query_needs_one_group_of_its_subscription() -> None:
    """Its rows only tell where to look; what they name is guarded by its id."""
    wire = Wire(shown({"data": [{"name": "x"}]}))
    arm = connect(wire).within("team-a/fraud", Scopes.of([GROUP], "azure.scopes"))
    assert await arm.query(GraphQuery("S1", "resources")) == [{"name": "x"}]


def test_a_scope_is_a_subscription_or_a_group() -> None:
    """A mistake in the setting is told to who made it, at the start."""
    with pytest.raises(ValueError, match=r"azure.scopes: .* neither a subscription nor a resource group"):
        Scopes.of([ACCOUNT.text], "azure.scopes")


async def test_each_pass_takes_its_own_turn() -> None:
    """Requests name their pass; one that is over leaves the rest of its turn to the others."""
    client = connect(Wire(*[shown({"id": "x"})] * 250))
    for _ in range(250):
        await client.read(ACCOUNT)
    waits = []
    for name in ("a", "b", "a"):
        with client.within(name, EVERYWHERE) as arm:
            problem = await problem_of(arm.read(ACCOUNT))
            assert problem.retry_after is not None
            waits.append(problem.retry_after.total_seconds())
    assert waits == pytest.approx([1.2, 2.4, 1.2])


async def test_a_request_says_who_asks_and_which_one_it_is() -> None:
    """A support case names the request, and Azure's log the program."""
    wire = Wire(shown({"id": "x"}))
    await connect(wire).read(ACCOUNT)
    sent = wire.sent[0].headers
    assert sent["User-Agent"] == "secureml-operator"
    assert sent["x-ms-client-request-id"] == sent["x-ms-correlation-request-id"]


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        pytest.param(f"{BASE}{ENDPOINTS}?page=2", 2, id="the same host"),
        pytest.param(
            f"https://MANAGEMENT.azure.com:443{ENDPOINTS}?page=2", 2, id="the same host, otherwise written"
        ),
        pytest.param(f"https://elsewhere.example{ENDPOINTS}?page=2", 1, id="another host"),
        pytest.param(f"http://management.azure.com{ENDPOINTS}?page=2", 1, id="without encryption"),
        pytest.param(f"{BASE}@elsewhere.example{ENDPOINTS}", 1, id="a host in disguise"),
        pytest.param("https://management.azure.com:x/", 1, id="no URL"),
    ],
)
async def test_a_link_is_followed_on_the_same_host_only(link: str, asked: int) -> None:
    """Our token goes with every request."""
    wire = Wire(shown({"value": [{"id": "a"}], "nextLink": link}), shown({"value": [{"id": "b"}]}))
    listing = connect(wire).list_all(ENDPOINTS, ENDPOINT_TYPE)
    if asked == 2:
        assert await listing == [{"id": "a"}, {"id": "b"}]
    else:
        assert (await problem_of(listing)).reason == "UnexpectedAnswer"
    assert len(wire.sent) == asked


@pytest.mark.parametrize(("most", "asked"), [(None, 2), (2, 2), (1, 1)])
async def test_a_listing_of_which_too_much_is_shown_is_not_read_to_its_end(most: int | None, asked: int) -> None:
    """A hub's group may have hundreds of pages."""
    link = f"{BASE}{ENDPOINTS}?page=2"
    wire = Wire(shown({"value": [{"id": "a"}, {"id": "b"}], "nextLink": link}), shown({"value": [{"id": "c"}]}))
    found = await connect(wire).list_all(ENDPOINTS, ENDPOINT_TYPE, most)
    assert (len(wire.sent), len(found)) == (asked, asked + 1)


async def test_a_listing_is_asked_for_what_is_wanted_alone() -> None:
    """A subscription has up to 4,000 role assignments, and one identity a handful."""
    wire = Wire(shown({"value": []}))
    await connect(wire).list_all(ENDPOINTS, ENDPOINT_TYPE, only="principalId eq 'a b'")
    assert wire.sent[0].url.endswith("&$filter=principalId%20eq%20%27a%20b%27")


async def test_the_handle_of_an_operation_is_not_followed_elsewhere() -> None:
    """Nothing is lost: the resource itself tells how it went."""
    wire = Wire()
    assert await connect(wire).operation_problem("https://elsewhere.example/operations/1", ACCOUNT) == "unknown"
    assert wire.sent == []


@pytest.mark.parametrize(
    ("call", "unknown"),
    [
        pytest.param(READ, False, id="read"),
        pytest.param(LIST, False, id="listing"),
        pytest.param(QUERY, False, id="query"),
        pytest.param(ASK, False, id="operation"),
        pytest.param(WRITE, True, id="write"),
    ],
)
async def test_what_a_library_raises_ends_as_a_problem(
    call: Call, *, unknown: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It once ended the pass as a bug of ours; its text may quote a token, so it stays in the log."""
    problem = await problem_of(call(connect(Wire(ValueError("Bearer eyJ0")))))
    assert (problem.reason, problem.retry, problem.outcome_unknown) == ("UnexpectedAnswer", Retry.SOON, unknown)
    assert "ValueError" in problem.message
    assert "s1" in problem.message
    assert "eyJ0" not in str(problem)
    assert [record.exc_info is not None for record in caplog.records] == [True]


async def test_a_cancelled_call_stays_cancelled() -> None:
    """Otherwise the operator could not be stopped."""

    class Waiting(Wire):
        async def send(self, *_: object, **__: object) -> Answer:
            return await asyncio.Event().wait()  # type: ignore[return-value]

    task = asyncio.create_task(connect(Waiting()).read(ACCOUNT))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


GARBAGE = [
    pytest.param(Answer(200, b"<html>"), id="no JSON"),
    pytest.param(Answer(200, b"\xff\xfe\xfd"), id="no text"),
    pytest.param(shown([1]), id="a list"),
    pytest.param(shown("text"), id="a text"),
    pytest.param(shown({}), id="nothing in it"),
    pytest.param(shown({"value": 5, "data": 5, "properties": 5}), id="a number where an object should be"),
    pytest.param(shown({"value": [5], "data": [5], "properties": [5]}), id="a number in a list"),
    pytest.param(Answer(400, b'{"error": {"code": "X", "details": 5}}'), id="a refusal of another form"),
    pytest.param(Answer(429, b"{}", {"Retry-After": "\u00b2"}), id="a wait that is none"),
    pytest.param(Answer(200, b'{"a":' * 100_000), id="nested without end"),
]


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("call", [READ, LIST, QUERY])
async def test_garbage_is_no_answer(call: Call, garbage: Answer) -> None:
    """Neither presence nor absence, and never another exception."""
    problem = await problem_of(call(connect(Wire(garbage))))
    assert problem.reason in {"UnexpectedAnswer", "RequestRefused", "Throttled"}


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_after_a_write_leaves_it_open_or_refused(garbage: Answer) -> None:
    """A write that Azure took is read again; of another the outcome is unknown, unless it was refused."""
    write = connect(Wire(garbage)).write("PATCH", ACCOUNT, {})
    (outcome,) = await asyncio.gather(write, return_exceptions=True)
    if isinstance(outcome, AzureProblem):
        assert outcome.outcome_unknown == (garbage.status_code < 400)
    else:
        assert isinstance(outcome, Accepted)
        assert outcome.body is None or isinstance(outcome.body.get("properties"), dict)


async def test_a_good_answer_passes() -> None:
    """The same wire, to see that the tests above fail for the right reason."""
    assert await connect(Wire(shown({"id": "x"}))).read(ACCOUNT) == Present({"id": "x"})


WORKSPACE = resource_id(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/fraud")
HANDLE = f"{BASE}{GROUP}/providers/Microsoft.MachineLearningServices/operations/1?api-version=1"
TAKEN = Answer(202, b"", {"Location": HANDLE, "retry-after": "7"})
POST: Call = lambda arm: arm.post(WORKSPACE, "diagnose", {"value": {}})  # noqa: E731
REPLY: Call = lambda arm: arm.reply(HANDLE, WORKSPACE)  # noqa: E731

REPLIES = [
    pytest.param(POST, TAKEN, Reply(None, HANDLE, timedelta(seconds=7)), id="taken"),
    pytest.param(POST, shown({"value": {}}), Reply({"value": {}}), id="answered at once"),
    pytest.param(REPLY, Answer(202), Reply(None, HANDLE), id="still at work, and nothing said"),
    pytest.param(REPLY, shown({}), Reply({}), id="an empty object is an answer"),
]


@pytest.mark.parametrize(("call", "answer", "reply"), REPLIES)
async def test_a_question_on_which_azure_works(call: Call, answer: Answer, reply: Reply) -> None:
    """Nobody waits for it: what is there is given back."""
    wire = Wire(answer)
    with connect(wire).within("team-a/fraud", EVERYWHERE) as arm:
        assert await call(arm) == reply
    (sent,) = wire.sent
    assert sent.url.partition("?")[0] == (f"{BASE}{WORKSPACE}/diagnose" if call is POST else HANDLE[:-14])
    assert sent.method == ("POST" if call is POST else "GET")


NO_REPLIES = [
    pytest.param(POST, Answer(202), "UnexpectedAnswer", id="taken, and nobody knows where to look"),
    pytest.param(POST, Answer(403, b"{}"), "Forbidden", id="refused"),
    pytest.param(REPLY, Answer(200), "UnexpectedAnswer", id="an empty body"),
    pytest.param(REPLY, shown([]), "UnexpectedAnswer", id="a list"),
    pytest.param(REPLY, Answer(500, b"{}"), "AzureBusy", id="ended badly"),
    pytest.param(REPLY, Answer(204), "UnexpectedAnswer", id="an answer without content"),
]


@pytest.mark.parametrize(("call", "answer", "reason"), NO_REPLIES)
async def test_what_is_no_reply(call: Call, answer: Answer, reason: str) -> None:
    """Never taken for a clean one."""
    problem = await problem_of(call(connect(Wire(answer))))
    assert (problem.reason, problem.outcome_unknown) == (reason, False)


async def test_a_question_outside_is_not_asked() -> None:
    """Neither is its answer, and not at another host."""
    wire = Wire()
    with connect(wire).within("team-a/fraud", Scopes.of([f"{GROUP}-2"], "azure.scopes")) as arm:
        assert {(await problem_of(call(arm))).reason for call in (POST, REPLY)} == {"OutsideScope"}
    elsewhere = connect(wire).reply("https://elsewhere.example/1", WORKSPACE)
    assert (await problem_of(elsewhere)).reason == "UnexpectedAnswer"
    assert wire.sent == []

"""What Azure itself finds wrong: asked for once it is Ready and when somebody asks, and never else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import ACCOUNT, VAULT, fact, problem, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run
from tests.unit.engine.test_status_limits import refused as refused_by_the_schema

from secureml_reconcilers.azure.arm import Reply
from secureml_reconcilers.azure.problem import Retry, Severity
from secureml_reconcilers.engine import intervals
from secureml_reconcilers.engine.blocks import CheckLevel
from secureml_reconcilers.engine.diagnosis import Diagnosable, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

SHUT = {"publicNetworkAccess": "Disabled"}
ASK, LOOK = f"{VAULT.short}/diagnose", "handle"
WORKS = Reply(None, LOOK)
CLEAN = Reply({"faults": []})


def finds(*codes: str, level: str = "Warning") -> Reply:
    """An answer with faults."""
    return Reply({"faults": [[code, level] for code in codes]})


def read(answer: Body) -> tuple[Fault, ...]:
    """What such an answer says."""
    return tuple(Fault("otherResults", code, level, f"{code} is so.") for code, level in answer["faults"])


def closed(view: View) -> Blocks:
    """The vault is closed."""
    view.ask(VAULT)
    yield wants(VAULT)


def running(*replies: Reply | AzureProblem, **more: Any) -> Run:  # noqa: ANN401 - fields of a kind
    """A closed vault of which Azure says this, one after the other."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, properties=SHUT))
    arm.replies = list(replies)
    kind = Kind(**{"blocks": closed, "condition": "Closed", **more})
    kind.diagnosable = Diagnosable(VAULT, "diagnose", {}, read)
    return Run(kind, arm)


def asked(run: Run) -> list[str]:
    """Questions and looks so far."""
    return [what for what, _ in run.arm.asked]


def found(run: Run) -> list[str]:
    """The findings' messages."""
    return [each["message"] for each in run.request.status.get("findings", ())]


def told(run: Run) -> list[str]:
    """The warnings so far."""
    return [event.reason for event in run.events("Warning")]


def diagnosis(run: Run) -> Mapping[str, Any]:
    """As it stands in the status."""
    known: Mapping[str, Any] = run.request.status["diagnosis"]
    return known


async def test_it_is_asked_once_when_ready_and_costs_no_read() -> None:
    """Begun, looked at until it has answered, and never again at this generation."""
    run = running(WORKS, WORKS, finds("CustomDnsInUse"))
    await run.look()
    assert asked(run) == [], "a pass that becomes Ready leaves it to the next"
    reads = len(run.arm.reads)
    await run.go_on()
    assert asked(run) == [ASK, LOOK, LOOK]
    assert len(run.arm.reads) == reads
    assert diagnosis(run) == {
        "at": diagnosis(run)["at"],
        "resource": VAULT.text,
        "readyGeneration": 1,
        "faults": [
            {
                "category": "otherResults",
                "code": "CustomDnsInUse",
                "level": "Warning",
                "message": "CustomDnsInUse is so.",
            }
        ],
    }
    assert refused_by_the_schema(run.request.status) == []
    (finding,) = run.request.status["findings"]
    assert (finding["rule"], finding["severity"], finding["resource"]) == (
        "DiagnosedByAzure",
        "Warning",
        VAULT.text,
    )
    assert (
        finding["message"] == "Azure's own diagnosis, otherResults: Warning CustomDnsInUse: CustomDnsInUse is so."
    )
    assert told(run) == ["DiagnosedByAzure"]
    assert run.condition("Ready")["status"] == run.condition("Closed")["status"] == "True"
    before = run.request.status
    await run.run_for(timedelta(hours=4))
    assert (len(run.arm.asked), run.request.status) == (3, before)
    assert told(run) == ["DiagnosedByAzure"]


async def test_looks_are_as_rare_as_azure_asks() -> None:
    """By the engine's clock, and not more often than the house's pace."""
    run = running(WORKS, replace(WORKS, wait=timedelta(minutes=1)), CLEAN)
    await run.settle()
    times = [at for _, at in run.arm.asked]
    assert times[1] - times[0] == intervals.DIAGNOSIS_LOOK
    assert times[2] - times[1] == timedelta(minutes=1)


async def test_what_a_later_diagnosis_does_not_show_is_gone() -> None:
    """And what it shows again is no news; a new generation that is Ready is diagnosed, too."""
    run = running(finds("A", "B"), finds("B", "C"), CLEAN)
    await run.settle()
    assert told(run) == ["DiagnosedByAzure"] * 2
    run.edit(diagnose_at="noon")
    await run.settle()
    assert [each["code"] for each in diagnosis(run)["faults"]] == ["B", "C"]
    assert [each.rpartition(": ")[2] for each in found(run)] == ["B is so.", "C is so."]
    assert told(run) == ["DiagnosedByAzure"] * 3
    assert diagnosis(run)["askedAt"] == "noon"
    await run.run_for(timedelta(hours=1))
    assert len(asked(run)) == 2
    run.edit(generation=2)
    await run.settle()
    assert "faults" not in diagnosis(run)
    assert diagnosis(run)["readyGeneration"] == 2
    assert found(run) == []
    assert asked(run) == [ASK] * 3


NEVER: list[Any] = [
    pytest.param({"enforce": False}, {}, id="in Observe mode"),
    pytest.param({}, {"paused": True, "diagnose_at": "noon"}, id="while paused"),
    pytest.param({}, {"deleting": True, "diagnose_at": "noon"}, id="while deleting"),
    pytest.param({"parts": {"Other": lambda _: iter([fact()])}}, {}, id="while it is not Ready"),
    pytest.param({"diagnosable": None}, {"diagnose_at": "noon"}, id="of what cannot be diagnosed"),
]


@pytest.mark.parametrize(("kind", "request_"), NEVER)
async def test_it_is_not_asked(kind: dict[str, Any], request_: dict[str, Any]) -> None:
    """Neither at first nor later."""
    run = running(CLEAN, **kind)
    if "diagnosable" in kind:
        run.kind.diagnosable = None
    run.edit(**request_)
    for _ in range(4):
        await run.step()
    assert asked(run) == []


ON_REQUEST: list[Any] = [
    pytest.param({"enforce": False}, id="in Observe mode"),
    pytest.param({"parts": {"Other": lambda _: iter([fact()])}}, id="before it is Ready"),
]


@pytest.mark.parametrize("kind", ON_REQUEST)
async def test_a_person_who_asks_is_answered(kind: dict[str, Any]) -> None:
    """Whatever the conditions say, once for each value of the annotation."""
    run = running(WORKS, finds("A"), CLEAN, **kind)
    await run.step()
    for value, questions in (("noon", [ASK, LOOK]), ("noon", [ASK, LOOK]), ("one", [ASK, LOOK, ASK])):
        run.edit(diagnose_at=value)
        for _ in range(4):
            await run.step()
        assert asked(run) == questions
    assert "readyGeneration" not in diagnosis(run)


async def test_an_error_of_azure_is_a_warning_and_information_is_no_event() -> None:
    """It closes and opens nothing, so it is never an error of the isolation; the worst comes first."""
    run = running(
        Reply({"faults": [["I", "Information"], ["W", "Warning"], ["E", "Error"], ["X", "New"], ["W", "Warning"]]})
    )
    await run.settle()
    severities = [(each["message"].split()[5], each["severity"]) for each in run.request.status["findings"]]
    assert severities == [("E:", "Warning"), ("W:", "Warning"), ("X:", "Warning"), ("I:", "Info")]
    assert told(run) == ["DiagnosedByAzure"] * 3


async def test_much_is_cut_to_what_a_status_holds() -> None:
    """Without the worst being lost."""
    much = Reply({"faults": [*[[f"w{number}" * 99, "Warning"] for number in range(99)], ["e", "Error"]]})
    run = running(much, much)
    run.edit(diagnose_at="noon" * 999)
    await run.settle()
    assert len(diagnosis(run)["faults"]) == 32
    assert diagnosis(run)["faults"][0]["code"] == "e"
    assert refused_by_the_schema(run.request.status) == []
    await run.run_for(timedelta(hours=1))
    assert asked(run) == [ASK] * 2, "for the annotation and once Ready; a value that was cut is still the same"


async def test_a_crash_costs_a_second_question_and_no_more() -> None:
    """The handle was only in memory."""
    run = running(WORKS, WORKS, finds("A"))
    for _ in range(2):
        await run.step()
    assert asked(run) == [ASK]
    run.restart()
    await run.settle()
    assert asked(run) == [ASK, ASK, LOOK]
    run.restart()
    await run.settle()
    assert asked(run) == [ASK, ASK, LOOK]
    assert told(run) == ["DiagnosedByAzure"]


async def test_a_refusal_is_told_once_and_left_alone() -> None:
    """No condition speaks of it: nothing else fails."""
    run = running(problem("Forbidden", message="The right x is missing.", advice="Grant it."), CLEAN)
    await run.settle()
    await run.run_for(timedelta(hours=4))
    assert asked(run) == [ASK]
    (finding,) = run.request.status["findings"]
    assert (finding["rule"], finding["severity"]) == ("Forbidden", "Warning")
    assert finding["message"].endswith("The right x is missing.")
    assert finding["advice"] == (
        "Grant it. Then have Azure asked again with the annotation secureml.dev/diagnose-at."
    )
    assert told(run) == ["Forbidden"]
    assert {run.condition(kind)["status"] for kind in ("Ready", "InSync", "Permitted")} == {"True"}
    assert refused_by_the_schema(run.request.status) == []
    run.edit(diagnose_at="now it may")
    await run.settle()
    assert "refusal" not in diagnosis(run)
    assert found(run) == []


BUSY = problem("AzureBusy", retry=Retry.SOON, severity=Severity.NOBODY)


async def test_what_passes_by_itself_is_no_news() -> None:
    """It is asked anew, and ever more rarely; a handle that was lost is one such thing."""
    run = running(BUSY, WORKS, BUSY, CLEAN)
    await run.settle()
    assert asked(run) == [ASK, ASK, LOOK, ASK]
    times = [at for _, at in run.arm.asked]
    assert times[1] - times[0] >= intervals.DIAGNOSIS_REST
    assert times[3] - times[2] >= 2 * intervals.DIAGNOSIS_REST
    assert (told(run), found(run)) == ([], [])


async def test_an_outage_that_lasts_is_told_in_the_end() -> None:
    """And no longer asked about."""
    run = running(*[BUSY] * 99)
    await run.settle()
    await run.run_for(timedelta(hours=4))
    assert asked(run) == [ASK] * intervals.DIAGNOSIS_ATTEMPTS
    assert told(run) == ["AzureBusy"]


async def test_one_that_never_ends_is_given_up() -> None:
    """It was not refused, so it is begun again."""
    run = running(*[WORKS] * 30, CLEAN)
    await run.settle()
    first = asked(run).index(ASK, 1)
    assert run.arm.asked[first][1] - run.arm.asked[0][1] >= intervals.DIAGNOSIS_LONGEST


async def test_a_spent_budget_loses_no_handle() -> None:
    """Nothing is wrong with the diagnosis then."""
    spent = problem("Throttled", throttled=True, retry_after=timedelta(minutes=2), severity=Severity.NOBODY)
    run = running(spent, WORKS, spent, CLEAN)
    await run.settle()
    assert asked(run) == [ASK, ASK, LOOK, LOOK]
    times = [at for _, at in run.arm.asked]
    assert times[1] - times[0] >= timedelta(minutes=2)


async def test_drift_that_comes_while_azure_diagnoses_is_put_right_at_once() -> None:
    """Who comes sooner than was asked for looks at everything, and the diagnosis goes on beside it."""
    run = running(WORKS, WORKS, finds("A"))
    for _ in range(2):
        await run.step()
    run.arm.set(VAULT, publicNetworkAccess="Enabled")
    run.clock.advance(-timedelta(seconds=5))
    await run.settle()
    assert run.arm.written() == [f"PATCH {VAULT.short}"]
    assert asked(run) == [ASK, LOOK, LOOK]
    times = [at for _, at in run.arm.asked]
    assert times[1] - times[0] >= intervals.DIAGNOSIS_LOOK, "who comes sooner does not ask Azure sooner"
    assert run.condition("Ready")["status"] == "True"


async def test_a_name_that_is_awaited_beside_it_is_not_asked_for_more_often() -> None:
    """Each errand has its own time."""
    run = running(*[WORKS] * 3, CLEAN)
    for _ in range(2):
        await run.step()
    run.arm.set(VAULT, publicNetworkAccess="Enabled")
    run.clock.advance(-timedelta(seconds=5))
    await run.step()
    assert (len(run.arm.queries), asked(run)) == (1, [ASK])
    await run.step()
    assert (len(run.arm.queries), asked(run)) == (1, [ASK, LOOK])
    await run.settle()
    assert asked(run) == [ASK, LOOK, LOOK, LOOK]


async def test_who_asks_while_azure_diagnoses_is_answered_anew() -> None:
    """What is under way may have looked before whatever it is that the person has mended."""
    run = running(WORKS, finds("A"), CLEAN)
    for _ in range(2):
        await run.step()
    run.edit(diagnose_at="noon")
    await run.settle()
    assert asked(run) == [ASK, ASK]
    assert (diagnosis(run)["askedAt"], diagnosis(run)["readyGeneration"]) == ("noon", 1)


async def test_a_person_who_wants_everything_read_is_not_kept_waiting_by_it() -> None:
    """The annotation reconcile-at, just when a look is due."""
    run = running(WORKS, WORKS, CLEAN)
    for _ in range(2):
        await run.step()
    reads = len(run.arm.reads)
    run.edit(asked_at="now")
    await run.step()
    assert len(run.arm.reads) == reads + 1


async def test_a_generation_that_is_not_ready_yet_is_not_diagnosed() -> None:
    """The Ready of an earlier one says nothing of it."""
    run = running(CLEAN, CLEAN)
    await run.settle()
    run.edit(generation=2)
    run.arm.set(VAULT, publicNetworkAccess="Enabled")
    await run.look()
    assert asked(run) == [ASK]
    await run.settle()
    assert asked(run) == [ASK, ASK]


async def test_what_stands_stays_while_something_else_is_told() -> None:
    """The findings of the diagnosis are made of the status in every pass, beside those of the pass."""
    advice = fact("the account is old", level=CheckLevel.ADVISORY, about=ACCOUNT)
    run = running(finds("A"))
    await run.settle()
    run.kind.parts = {"Other": lambda _: iter([advice])}
    await run.step()
    assert [each["rule"] for each in run.request.status["findings"]] == ["GEN-WS-01", "DiagnosedByAzure"]
    run.arm.set(VAULT, publicNetworkAccess="Enabled")
    await run.look()
    assert "DiagnosedByAzure" in {each["rule"] for each in run.journal.announced[-1]["findings"]}


async def test_a_release_says_nothing_of_it() -> None:
    """Who is being deleted is not diagnosed."""
    run = running(finds("A"))
    await run.settle()
    run.edit(deleting=True)
    await run.look()
    assert "diagnosis" not in run.request.status

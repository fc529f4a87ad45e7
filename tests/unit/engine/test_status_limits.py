"""Every status fits the schema, whatever Azure says and however much there is: a refused one ends every pass."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.unit.engine.building import ACCOUNT, GROUP, NOW, OWNER, evaluation, fact, problem, said, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.engine import conditions
from secureml_reconcilers.engine.assessment import Advised, Blocked, Differs, Holds
from secureml_reconcilers.engine.blocks import CheckLevel, Closing, StatusField
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.exposure import Exposure, ServiceAccess
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.status_and_events import Report
from secureml_reconcilers.engine.status_limits import INVENTORY, OPERATIONS, SERVICES, WAYS

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import ReconcileResult, Status
    from secureml_reconcilers.engine.view import View

ROOT = Path(__file__).parents[3]
LONG = "policy " * 2000
ENDPOINTS = [GROUP.resource("Microsoft.Network/privateEndpoints", f"endpoint-{number}") for number in range(300)]


@cache
def schema() -> Draft202012Validator:
    """What a status must be like."""
    crd = yaml.safe_load((ROOT / "crds/secureml.dev_secureworkspaces.yaml").read_text(encoding="utf-8"))
    return Draft202012Validator(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"])


def refused(status: Status) -> list[str]:
    """Why the API server would refuse a status."""
    return [f"{error.json_path}: {error.message[:80]}" for error in schema().iter_errors(status)]


def test_what_azure_says_at_length_is_cut() -> None:
    """Six thousand characters of a policy's denial once had every status refused: no condition, no event."""
    said_at_length = problem("DeniedByPolicy", message=LONG, advice=LONG, target=ENDPOINTS[0])
    advised = fact(LONG[:100], level=CheckLevel.ADVISORY, message=LONG, advice=LONG)
    blocks = [wants(each, reason=LONG, rules=("ST-PUB-01",) * 40) for each in ENDPOINTS]
    type_info = [
        StatusField("dnsRecords", {"name": f"n{number}", "addresses": ["10.0.0.4"]}) for number in range(400)
    ]
    change = Difference("properties." + "x" * 900, [LONG], {"value": LONG})
    assessments = {
        **{block.key: Blocked(said_at_length) for block in blocks[:100]},
        **{block.key: Differs("Update", (change,) * 50, shown(ACCOUNT).body) for block in blocks[100:]},
        **{each.key: Holds() for each in type_info},
        advised.key: Advised(),
    }
    found = evaluation([said("Private", *blocks, advised, *type_info, problems=(said_at_length,))], assessments)
    rendered = conditions.with_times(
        conditions.conditions(found, enforce=True, drifting=True, settled_before=False), (), 1, NOW
    )
    ledger = Ledger(FakeClock())
    running = [ledger.send(each, "PUT", OWNER) for each in ENDPOINTS]
    inventory = [{"id": each.text, "kind": "Resource"} for each in ENDPOINTS]
    ways = tuple(f"blob from network-{number}" for number in range(WAYS))
    since = "2026-01-01T12:00:00Z"
    services = [ServiceAccess(each.text, "Open", since, ways) for each in ENDPOINTS[:SERVICES]]
    left_open = wants(ENDPOINTS[0], closing=Closing(LONG, exposed=True, ways=(), by_hand=LONG))
    exposures = [Exposure(left_open, since, said_at_length)] * 100
    for plan in (True, False):
        assert refused(Report(1, rendered, services, exposures, inventory, running).status(found, plan=plan)) == []
    assert rendered[0]["message"].endswith("…")


def test_an_invalid_spec_is_told_within_bounds() -> None:
    """The text may quote the spec."""
    assert refused({"conditions": conditions.with_times(conditions.invalid(LONG), (), 1, NOW)}) == []


def made(_: View) -> Blocks:
    """Many endpoints exist."""
    yield from (wants(each, fragment={}, create={}) for each in ENDPOINTS)


def check(status: Status) -> None:
    """Hold an announcement against the schema."""
    assert refused(status) == []


async def run(arm: FakeArm, status: Status, passes: int) -> list[ReconcileResult]:
    """Passes until there is nothing to wait for; each status is held against the schema."""
    arm.takes = {ENDPOINTS[0].type: timedelta(minutes=1)}
    driven = Run(Kind(made, "Made"), arm, status=status)
    driven.journal.check = check
    for _ in range(passes):
        result = await driven.look()
        assert refused(result.status) == []
        if result.requeue_after is None:
            break
        arm.clock.advance(result.requeue_after)
    return driven.results


async def test_no_more_is_begun_than_a_status_can_tell() -> None:
    """Three hundred endpoints: 128 at a time. All at once, they were announced in vain on every pass."""
    arm = FakeArm(FakeClock())
    outcomes = await run(arm, {}, 200)
    assert outcomes[-1].status["conditions"][0]["status"] == "True"
    assert len(arm.writes) == len(ENDPOINTS)
    assert max(len(outcome.status.get("operations", ())) for outcome in outcomes) == OPERATIONS


@pytest.mark.parametrize("room", [0, 7])
async def test_nothing_is_made_that_the_inventory_cannot_hold(room: int) -> None:
    """What is made and not listed would stay behind for ever."""
    others = [GROUP.resource("Microsoft.Network/privateEndpoints", f"other-{n}") for n in range(INVENTORY - room)]
    arm = FakeArm(FakeClock())
    outcomes = await run(arm, {"inventory": [{"id": each.text, "kind": "Resource"} for each in others]}, 30)
    assert len(arm.writes) == room
    aspect = next(c for c in outcomes[-1].status["conditions"] if c["type"] == "Made")
    assert (aspect["status"], aspect["reason"]) == ("False", "InventoryFull")
    assert aspect["message"].startswith("The inventory of this resource holds 1024 entries")

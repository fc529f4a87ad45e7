"""Every status fits the schema, whatever Azure says and however much there is: a refused one ends every pass."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.unit.engine.building import ACCOUNT, GROUP, NOW, evaluation, fact, problem, said, shown, wants

from secureml_reconcilers.azure.arm import Accepted, NotFound
from secureml_reconcilers.engine import conditions
from secureml_reconcilers.engine.assessment import Advised, Blocked, Differs, Holds
from secureml_reconcilers.engine.blocks import Aspect, CheckLevel, Composition, Ensure, StatusField
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.operations import Operation
from secureml_reconcilers.engine.reconciler import Engine
from secureml_reconcilers.engine.reporting import Report
from secureml_reconcilers.engine.status_limits import INVENTORY, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import ReconcileResult, Status
    from secureml_reconcilers.engine.view import View

ROOT = Path(__file__).parents[3]
LONG = "policy " * 2000
ENDPOINTS = [GROUP.resource("Microsoft.Network/privateEndpoints", f"endpoint-{number}") for number in range(300)]


def refused(status: Status) -> list[str]:
    """Why the API server would refuse a status."""
    crd = yaml.safe_load((ROOT / "crds/secureml.dev_secureworkspaces.yaml").read_text(encoding="utf-8"))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    return [
        f"{error.json_path}: {error.message[:80]}" for error in Draft202012Validator(schema).iter_errors(status)
    ]


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
    running = [Operation.begun(each, "PUT", NOW) for each in ENDPOINTS]
    inventory = [{"id": each.text, "kind": "Resource"} for each in ENDPOINTS]
    for plan in (True, False):
        assert refused(Report(1, rendered, inventory, running).status(found, plan=plan)) == []
    assert rendered[0]["message"].endswith("…")


def test_an_invalid_spec_is_told_within_bounds() -> None:
    """The text may quote the spec."""
    assert refused({"conditions": conditions.with_times(conditions.invalid(LONG), (), 1, NOW)}) == []


@dataclass
class Azure:
    """Makes endpoints, a minute each."""

    now: datetime = NOW
    begun: dict[str, datetime] = field(default_factory=dict)

    async def read(self, target: ResourceId) -> Answer:
        """Show how far it is."""
        if target.key not in self.begun:
            return NotFound()
        done = self.now - self.begun[target.key] >= timedelta(minutes=1)
        return shown(target, "Succeeded" if done else "Updating", tags={"managed-by": "secureml-operator"})

    async def write(self, _: str, target: ResourceId, *__: Any, **___: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Begin."""
        assert target.key not in self.begun
        self.begun[target.key] = self.now
        return Accepted(None, running=True)


class Many:
    """A kind that makes many endpoints."""

    def declare(self, _: Mapping[str, Any], owner: str) -> Composition:
        """All of them exist."""

        def blocks(_: View) -> Blocks:
            yield from (Ensure(each, {}, "it is wanted", create={}) for each in ENDPOINTS)

        return Composition((Aspect("Made", blocks),), owner)


@dataclass
class Journal:
    """Holds what was announced against the schema."""

    announced: list[Status] = field(default_factory=list)

    async def announce(self, status: Status) -> None:
        """Check it."""
        assert refused(status) == []
        self.announced.append(status)


async def run(azure: Azure, status: Status, passes: int) -> list[ReconcileResult]:
    """Passes until there is nothing to wait for; each status is held against the schema."""
    engine = Engine(Many(), azure, clock=lambda: azure.now, cluster="east")  # type: ignore[arg-type]
    request, outcomes = ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, status), []
    for _ in range(passes):
        outcomes.append(await engine.reconcile(request, Journal()))
        assert refused(outcomes[-1].status) == []
        request = replace(request, status=outcomes[-1].status)
        if outcomes[-1].requeue_after is None:
            break
        azure.now += outcomes[-1].requeue_after
    return outcomes


async def test_no_more_is_begun_than_a_status_can_tell() -> None:
    """Three hundred endpoints: 128 at a time. All at once, they were announced in vain on every pass."""
    azure = Azure()
    outcomes = await run(azure, {}, 200)
    assert outcomes[-1].status["conditions"][0]["status"] == "True"
    assert len(azure.begun) == len(ENDPOINTS)
    assert max(len(outcome.status.get("operations", ())) for outcome in outcomes) == OPERATIONS


@pytest.mark.parametrize("room", [0, 7])
async def test_nothing_is_made_that_the_inventory_cannot_hold(room: int) -> None:
    """What is made and not listed would stay behind for ever."""
    others = [GROUP.resource("Microsoft.Network/privateEndpoints", f"other-{n}") for n in range(INVENTORY - room)]
    azure = Azure()
    outcomes = await run(azure, {"inventory": [{"id": each.text, "kind": "Resource"} for each in others]}, 30)
    assert len(azure.begun) == room
    aspect = next(c for c in outcomes[-1].status["conditions"] if c["type"] == "Made")
    assert (aspect["status"], aspect["reason"]) == ("False", "InventoryFull")
    assert aspect["message"].startswith("The inventory of this resource holds 1024 entries")

"""Small worlds for the engine's pure parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.assessment import Differs, Ownership
from secureml_reconcilers.engine.blocks import Aspect, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.composing import Composed
from secureml_reconcilers.engine.evaluation import Evaluation
from secureml_reconcilers.engine.questions import Resource
from secureml_reconcilers.engine.readings import Reading, Readings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.engine.assessment import Assessment
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.evaluation import Busy
    from secureml_reconcilers.engine.questions import Question

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
START = timedelta(days=3)
"""The monotonic clock at `NOW`: it has nothing to do with the wall's."""

GROUP = resource_id("/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/ml")
ACCOUNT = GROUP.resource("Microsoft.Storage/storageAccounts", "frauddata")
NETWORK = GROUP.resource("Microsoft.Network/virtualNetworks", "ml")
VAULT = GROUP.resource("Microsoft.KeyVault/vaults", "fraudvault")
ENDPOINT = GROUP.resource("Microsoft.Network/privateEndpoints", "fraud-blob")
ZONE_GROUP = ENDPOINT.child("privateDnsZoneGroups", "default")
ZONE = GROUP.resource("Microsoft.Network/privateDnsZones", "privatelink.blob.core.windows.net")
LINK = ZONE.child("virtualNetworkLinks", "ml")

OWNER = "team-a/fraud"
MARK = {"managed-by": "secureml-operator", "secureml-owner": OWNER}
SHARED_MARK = {"managed-by": "secureml-operator"}
NOBODYS = Ownership(OWNER)
"""Made nothing so far."""

CLOSED = {"properties": {"publicNetworkAccess": "Disabled"}}


def shown(target: ResourceId, state: str | None = "Succeeded", **parts: Any) -> Present:  # noqa: ANN401 - JSON
    """What Azure shows of a resource."""
    properties = {**({"provisioningState": state} if state else {}), **parts.pop("properties", {})}
    return Present({"id": target.text, "name": target.name, **parts, "properties": properties})


def wants(target: ResourceId = ACCOUNT, **parts: Any) -> Ensure:  # noqa: ANN401 - JSON
    """A block that closes a resource, or whatever its parts say."""
    known: dict[str, Any] = {"fragment": CLOSED, "reason": "it answers the internet", "rules": ("ST-PUB-01",)}
    return Ensure(target, **{**known, **parts})


def fact(name: str = "the sky is blue", **parts: Any) -> Check:  # noqa: ANN401 - JSON
    """A fact that does not hold."""
    known: dict[str, Any] = {
        "holds": False,
        "reason": "SkyGrey",
        "message": f"It is not so that {name}.",
        "advice": "Wait for wind.",
        "rules": ("GEN-WS-01",),
        "about": ACCOUNT,
    }
    return Check(name, **{**known, **parts})


def pending(name: str = "the sky clears", **parts: Any) -> Check:  # noqa: ANN401 - JSON
    """A fact that becomes true by itself."""
    return fact(name, level=CheckLevel.PENDING, **parts)


def problem(reason: str = "Broken", **parts: Any) -> AzureProblem:  # noqa: ANN401 - JSON
    """A classified problem that an administrator must solve."""
    known: dict[str, Any] = {
        "message": f"{reason} happened.",
        "advice": "Mend it.",
        "retry": Retry.SLOW,
        "severity": Severity.AZURE_ADMIN,
    }
    return AzureProblem(reason, **{**known, **parts})


def said(condition: str, *blocks: Block, problems: tuple[AzureProblem, ...] = ()) -> Composed:
    """What an aspect said."""
    return Composed(Aspect(condition, lambda _: iter(())), blocks, problems)


def evaluation(
    composed: list[Composed],
    assessments: Mapping[str, Assessment] | None = None,
    waiting: Mapping[str, Block | Busy] | None = None,
) -> Evaluation:
    """A judged pass, made up."""
    found = assessments or {}
    differing = {key: each for key, each in found.items() if isinstance(each, Differs)}
    return Evaluation(tuple(composed), found, (), waiting or {}, NOBODYS, differing=differing)


def reading(asked: ResourceId | Question, answer: Answer, at: Moment = START, order: int = 0) -> Reading:
    """One answer, to the question what a resource looks like or to another one."""
    return Reading(Resource(asked) if isinstance(asked, ResourceId) else asked, answer, at, order)


def known(answers: Mapping[Any, Answer]) -> dict[str, Reading]:
    """Answers by the key of their question, as a view is given them."""
    every = (reading(asked, answer) for asked, answer in answers.items())
    return {each.question.key: each for each in every}


def readings(answers: Mapping[Any, Answer]) -> Readings:
    """What a pass has read; the keys are resources or questions."""
    return Readings(known(answers))

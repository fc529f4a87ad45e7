"""Who builds images: a cluster that can, named on the workspace before the registry closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    OWNER,
    REGISTRY,
    WORKSPACE,
    added,
    cluster,
    gone,
    put,
    spec,
    unreadable,
    world,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Soon, Waits, Write, case, check, judge_all

from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId

CLUSTER = WORKSPACE.child("computes", "cpu-build")
OTHER = WORKSPACE.child("computes", "cpu-other")
NO_CLUSTER = put(WORKSPACE, "properties.imageBuildCompute", None)
NO_REGISTRY = put(WORKSPACE, "properties.containerRegistry", None)
OPEN = put(REGISTRY, "properties.publicNetworkAccess", "Enabled")
LETS_IN = put(REGISTRY, "properties.networkRuleSet.defaultAction", "Allow")
CLOSE = {"properties": {"publicNetworkAccess": "Disabled"}}
BY_OTHER: dict[str, Any] = {"imageBuild": {"computeName": "cpu-other"}}
NAMED = {"properties": {"imageBuildCompute": "cpu-other"}}
EXISTS = "the cluster cpu-other that builds images exists"
USABLE = "the cluster cpu-other can build images"
MISSING = Finding("ImageBuildComputeNotFound", OTHER, "ACR-CMP-01")
USELESS = Finding("ImageBuildComputeNotUsable", OTHER, "ACR-CMP-01")


def made(target: ResourceId = OTHER, **parts: Any) -> Change:  # noqa: ANN401 - JSON
    """There is a cluster."""
    return added(cluster(target, **parts))


CASES = [
    case(
        "the cluster that the spec names is set on the workspace, and nothing else of it",
        [made()],
        [Write("Update", WORKSPACE, NAMED)],
        violated="ACR-BUILD-02",
        met="ACR-CMP-01",
        **BY_OTHER,
    ),
    case(
        "before the registry is closed",
        [made(), OPEN],
        [Write("Update", WORKSPACE, NAMED), Waits("Update", REGISTRY, WORKSPACE)],
        violated="ACR-BUILD-01",
        **BY_OTHER,
    ),
    case(
        "a cluster that builds images already, by its name in another casing, needs nothing",
        [OPEN, made(CLUSTER)],
        [Write("Update", REGISTRY, CLOSE)],
        met="ACR-BUILD-01 ACR-BUILD-02 ACR-CMP-01",
        imageBuild={"computeName": "CPU-build"},
    ),
    case(
        "or by its id",
        [put(WORKSPACE, "properties.imageBuildCompute", CLUSTER.text), made(CLUSTER)],
        [],
        met="ACR-BUILD-02",
        imageBuild={"computeName": "cpu-build"},
    ),
    case(
        "a cluster that is not there is named nowhere, and the registry stays open as an error",
        [OPEN],
        [MISSING, Waits("Update", WORKSPACE, EXISTS), Waits("Update", REGISTRY, EXISTS)],
        violated="ACR-CMP-01",
        **BY_OTHER,
    ),
    case(
        "a cluster that is gone, though the workspace names it, builds nothing",
        [OPEN, put(WORKSPACE, "properties.imageBuildCompute", "cpu-other")],
        [MISSING, Waits("Update", REGISTRY, EXISTS)],
        violated="ACR-CMP-01",
        **BY_OTHER,
    ),
    case(
        "a cluster that is being made is waited for",
        [made(provisioningState="Creating")],
        [
            Soon("the cluster cpu-other that builds images is finished"),
            Waits("Update", WORKSPACE, "the cluster cpu-other that builds images is finished"),
        ],
        **BY_OTHER,
    ),
    *(
        case(
            sentence,
            [shown, OPEN],
            [USELESS, Waits("Update", WORKSPACE, USABLE), Waits("Update", REGISTRY, USABLE)],
            violated="ACR-CMP-01 ACR-BUILD-02",
            **BY_OTHER,
        )
        for sentence, shown in (
            ("a cluster that failed builds nothing", made(provisioningState="Failed")),
            ("an instance is no cluster", made(computeType="ComputeInstance")),
            ("a cluster of GPUs builds nothing", made(size="Standard_NC6s_v3")),
            ("in no casing", made(size="STANDARD_ND96asr_v4")),
        )
    ),
    case(
        "a cluster that may not be read is not taken for absent, and the registry stays open",
        [OPEN, unreadable(OTHER)],
        [
            Finding("Forbidden"),
            Waits("Update", REGISTRY, f"what is asked for before {REGISTRY.short} is closed can be read"),
        ],
        **BY_OTHER,
    ),
    case(
        "before the workspace has a registry it names the cluster already",
        [NO_REGISTRY, made()],
        [Write("Update", WORKSPACE, NAMED), Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        violated="ACR-BUILD-02",
        **BY_OTHER,
    ),
    case(
        "the default builder gets building back while the registry is open; then it is closed, and nobody builds",
        [OPEN, LETS_IN],
        [
            Write("Update", WORKSPACE, {"properties": {"imageBuildCompute": ""}}),
            Waits("Update", REGISTRY, WORKSPACE),
            Waits("Update", REGISTRY, REGISTRY),
        ],
        violated="ACR-BUILD-03",
        imageBuild={"builder": "Default"},
    ),
    case(
        "a workspace that names no cluster has the default builder",
        [OPEN, LETS_IN, NO_CLUSTER],
        [
            Write("Update", REGISTRY, CLOSE),
            Waits("Update", REGISTRY, REGISTRY),
            Advice("NoImageBuildCompute", WORKSPACE, "ACR-BUILD-02"),
        ],
        met="ACR-BUILD-03",
        imageBuild={"builder": "Default"},
    ),
    case(
        "the default builder does not reach a registry that is private: the cluster stays, and the author is told",
        [],
        [Finding("DefaultBuilderShutOut", WORKSPACE, "ACR-BUILD-03")],
        violated="ACR-BUILD-03",
        imageBuild={"builder": "Default"},
    ),
    case(
        "a setting that the spec does not speak of is left alone",
        [put(WORKSPACE, "properties.imageBuildCompute", "whatever")],
        [],
        met="ACR-BUILD-02",
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_the_builder(row: Case) -> None:
    """Azure takes any text for a cluster's name, so the cluster is looked at before it is named."""
    check(row)


def said_of_registry(changes: list[Change], **parts: Any) -> list[str]:  # noqa: ANN401 - JSON
    """What the registry's condition finds fault with."""
    evaluation = judge_all(SecureWorkspaces().declare(spec(**parts), OWNER), world(*changes))
    said = [each for each in evaluation.composed if each.aspect.condition == "RegistryIsolated"]
    checks = [block for each in said for block in each.blocks if isinstance(block, Check)]
    return [each.message for each in checks if not each.holds]


NOBODY = "The workspace names no cluster that builds images, and registries/fraudimages cannot once it is private."
LACKS = (
    "The workspace has no compute cpu-other, which spec.imageBuild.computeName names to build images; the registry"
)
BUILDING = [
    pytest.param([NO_CLUSTER], {}, [NOBODY], id="closed"),
    pytest.param(
        [NO_CLUSTER, OPEN, LETS_IN], {}, [NOBODY], id="the same of one that is open, so that it is told once"
    ),
    pytest.param([OPEN, LETS_IN], BY_OTHER, [f"{LACKS} stays open."], id="open, and the cluster is missing"),
    pytest.param([], BY_OTHER, [f"{LACKS} is private already."], id="private, and the cluster is missing"),
    pytest.param(
        [NO_REGISTRY],
        BY_OTHER,
        [
            f"{LACKS.removesuffix('the registry')}a registry that comes is not closed before.",
            "The workspace has no container registry yet; Azure ML makes one when it first needs it.",
        ],
        id="no registry, and the cluster is missing",
    ),
]


@pytest.mark.parametrize(("changes", "parts", "messages"), BUILDING)
def test_what_builds_images_is_said_as_it_is(
    changes: list[Change], parts: dict[str, Any], messages: list[str]
) -> None:
    """Open and private were said of one registry in one status, and one thing in two events."""
    assert said_of_registry(changes, **parts) == messages


def test_a_registry_that_is_gone_does_not_hide_the_made() -> None:
    """One part that cannot be told says so, and nothing is closed."""
    evaluation = judge_all(SecureWorkspaces().declare(spec(**BY_OTHER), OWNER), world(gone(REGISTRY), made()))
    assert [problem.reason for said in evaluation.composed for problem in said.problems][-1] == "RegistryNotFound"

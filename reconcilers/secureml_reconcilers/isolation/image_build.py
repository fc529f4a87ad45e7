"""Who builds a workspace's images once its registry is private (ACR-BUILD-01, ACR-BUILD-02, ACR-BUILD-03)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.values import AnyOf
from secureml_reconcilers.isolation.body_values import state_of, text_in
from secureml_reconcilers.isolation.prerequisites import is_private

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.services import ServiceInUse

_PART: Final = "imageBuildCompute"
_ACCELERATED: Final = re.compile(r"(standard|basic)_n", re.IGNORECASE)
"""Sizes of the N family have a GPU or an FPGA (Microsoft's overview of virtual machine sizes)."""

_UNDER_WAY: Final = frozenset({"creating", "updating", "resizing", "unknown"})


def image_builder(registry: ServiceInUse, azure: View) -> Iterator[Block]:
    """The builder that the spec asks for, set before the registry closes: afterwards nobody else builds.

    A PATCH of that one property; the workspace takes any text for a name, so the cluster is looked at first.
    """
    asked = registry.spec.image_build
    if asked.compute_name:
        usable = tuple(_usable(registry, azure.get(cluster := _cluster(registry, asked.compute_name)), cluster))
        yield from usable
        yield _builder(
            registry,
            AnyOf((cluster.name, cluster.text)),
            "a cluster must build the images that a private registry cannot build",
            ("ACR-BUILD-02", "ACR-BUILD-01"),
            after=usable,
        )
    elif asked.builder == "Default":
        yield from _default_builder(registry)


def build_compute(registry: ServiceInUse) -> Iterator[Check]:
    """A registry that is private cannot build images itself, so a cluster in the network must (ACR-BUILD-01)."""
    if registry.resource is None or registry.spec.image_build.compute_name:
        return
    yield Check(
        "images are built by a cluster",
        bool(_named(registry)),
        reasons.NO_IMAGE_BUILD_COMPUTE,
        f"The workspace names no cluster that builds images, and {registry.resource.short} cannot once it is"
        " private.",
        "Name a CPU cluster in the network that builds images in spec.imageBuild.computeName.",
        ("ACR-BUILD-02",),
        registry.workspace,
        CheckLevel.ADVISORY,
    )


def _default_builder(registry: ServiceInUse) -> Iterator[Block]:
    """Azure's default builder does not reach a registry that is private: it builds before only (ACR-BUILD-03)."""
    if registry.body is None or not is_private(registry.body):
        reason = "the spec asks for Azure's default builder"
        yield _builder(registry, "", reason, ("ACR-BUILD-03",))
        return
    assert registry.resource is not None  # noqa: S101 - there is a body
    yield Check(
        "images may be built by the default builder",
        not _named(registry),
        reasons.DEFAULT_BUILDER_SHUT_OUT,
        f"The workspace's image build compute stays {_named(registry)}: {registry.resource.short} is private, and"
        " Azure's default builder does not reach it.",
        "Set spec.imageBuild.builder to Keep, or name the cluster in spec.imageBuild.computeName.",
        ("ACR-BUILD-03",),
        registry.workspace,
        by_user=True,
    )


def _builder(
    registry: ServiceInUse,
    builder: AnyOf | str,
    reason: str,
    rules: tuple[str, ...],
    after: tuple[Block, ...] = (),
) -> Ensure:
    fragment = {"properties": {"imageBuildCompute": builder}}
    return Ensure(registry.workspace, fragment, reason, rules, after=after, part=_PART)


def _cluster(registry: ServiceInUse, name: str) -> ResourceId:
    return registry.workspace.child("computes", name)


def _named(registry: ServiceInUse) -> str:
    """The name of the cluster that the workspace names; it may stand there as an id."""
    return text_in(registry.workspace_body, "properties.imageBuildCompute").rsplit("/", 1)[-1]


def _usable(registry: ServiceInUse, body: Body | None, cluster: ResourceId) -> Iterator[Check]:
    """The cluster exists, is finished, and can build images (ACR-CMP-01, ACR-BUILD-02)."""
    yield Check(
        f"the cluster {cluster.name} that builds images exists",
        body is not None,
        reasons.IMAGE_BUILD_COMPUTE_NOT_FOUND,
        f"The workspace has no compute {cluster.name}, which spec.imageBuild.computeName names to build images;"
        f" {_meanwhile(registry)}.",
        f"Create it (az ml compute create --type AmlCompute --name {cluster.name} --size Standard_DS3_v2"
        f" --min-instances 0 --max-instances 2 --subnet <subnet id> --workspace-name {registry.workspace.name}"
        f" --resource-group {registry.workspace.resource_group}), or name another there.",
        ("ACR-CMP-01", "ACR-BUILD-01"),
        cluster,
    )
    if body is None:
        return
    yield Check(
        f"the cluster {cluster.name} that builds images is finished",
        state_of(body) not in _UNDER_WAY,
        reasons.IMAGE_BUILD_COMPUTE_NOT_USABLE,
        f"Azure ML is still making {cluster.short}, which is to build images.",
        about=cluster,
        level=CheckLevel.PENDING,
    )
    why = _unusable(body)
    yield Check(
        f"the cluster {cluster.name} can build images",
        not why,
        reasons.IMAGE_BUILD_COMPUTE_NOT_USABLE,
        f"{cluster.short}, which spec.imageBuild.computeName names, cannot build images: {why};"
        f" {_meanwhile(registry)}.",
        "Name a cluster of CPU machines there whose state is Succeeded (az ml compute list --type AmlCompute"
        f" --workspace-name {registry.workspace.name} --resource-group {registry.workspace.resource_group}).",
        ("ACR-CMP-01", "ACR-BUILD-02"),
        cluster,
    )


def _unusable(body: Body) -> str:
    """Why a compute builds no images; empty where it does."""
    kind = text_in(body, "properties.computeType", "None")
    size = text_in(body, "properties.properties.vmSize")
    if kind.lower() != "amlcompute":
        return f"it is of type {kind}, not AmlCompute"
    if state_of(body) not in {"succeeded", *_UNDER_WAY}:
        return f"its provisioning state is {text_in(body, 'properties.provisioningState')}"
    if _ACCELERATED.match(size):
        return f"its size {size} has GPUs, and images are built on CPU machines only"
    return ""


def _meanwhile(registry: ServiceInUse) -> str:
    """What becomes of the registry until then."""
    if registry.resource is None:
        return "a registry that comes is not closed before"
    if registry.body is None:
        return "the registry is left as it is"
    return "the registry is private already" if is_private(registry.body) else "the registry stays open"

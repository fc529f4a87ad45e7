"""Who builds a workspace's images once its registry is private (ACR-BUILD-01, ACR-BUILD-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.prerequisites import is_private

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.isolation.services import ServiceInUse


def build_compute(registry: ServiceInUse) -> Iterator[Check]:
    """A registry that is private cannot build images itself, so a cluster in the network must."""
    if registry.resource is None:
        return
    unable = f"{registry.resource.short} will not be able to once it is private"
    if is_private(registry.body or {}):
        unable = f"{registry.resource.short}, which is private, cannot"
    yield Check(
        "images are built by a cluster",
        bool(get_path(registry.workspace_body, "properties.imageBuildCompute")),
        reasons.NO_IMAGE_BUILD_COMPUTE,
        f"The workspace names no cluster that builds images, and {unable}.",
        "Set the workspace's image build compute to a CPU cluster in the network"
        " (az ml workspace update --image-build-compute <cluster>).",
        ("ACR-BUILD-02",),
        registry.workspace,
        CheckLevel.ADVISORY,
    )

"""Custom resource models, and the generator that turns them into CRDs. A leaf: it imports nothing of ours.

`SecureWorkspaceSpec.parse(spec)` turns a spec as Kubernetes holds it into a frozen model with all defaults
filled in, or raises `InvalidSpec`. The models are the only source of the CRDs under `crds/`:
`python -m secureml_reconcilers.api` writes them again.
"""

from secureml_reconcilers.api.model import InvalidSpec
from secureml_reconcilers.api.secure_compute import SecureComputeSpec
from secureml_reconcilers.api.secure_inference_cluster import SecureInferenceClusterSpec
from secureml_reconcilers.api.secure_workspace import SecureWorkspaceSpec
from secureml_reconcilers.api.status import (
    SecureComputeStatus,
    SecureInferenceClusterStatus,
    SecureWorkspaceStatus,
)

__all__ = [
    "InvalidSpec",
    "SecureComputeSpec",
    "SecureComputeStatus",
    "SecureInferenceClusterSpec",
    "SecureInferenceClusterStatus",
    "SecureWorkspaceSpec",
    "SecureWorkspaceStatus",
]

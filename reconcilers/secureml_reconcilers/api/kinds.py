"""The three kinds of the API group: their names, models and the columns of `kubectl get`."""

from dataclasses import dataclass

from secureml_reconcilers.api import condition_types, secure_compute, secure_inference_cluster
from secureml_reconcilers.api.common import GROUP, ManagedSpec
from secureml_reconcilers.api.condition_types import ConditionType
from secureml_reconcilers.api.rules import Rule
from secureml_reconcilers.api.secure_compute import SecureComputeSpec
from secureml_reconcilers.api.secure_inference_cluster import SecureInferenceClusterSpec
from secureml_reconcilers.api.secure_workspace import SecureWorkspaceSpec
from secureml_reconcilers.api.status import (
    SecureComputeStatus,
    SecureInferenceClusterStatus,
    SecureWorkspaceStatus,
    Status,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`; a priority above 0 shows with `-o wide` only."""

    name: str
    json_path: str
    description: str
    type: str = "string"
    priority: int = 0


def _condition(kind: ConditionType, field: str) -> str:
    return f'.status.conditions[?(@.type=="{kind}")].{field}'


# A line must be read at a glance: sentences stand in `kubectl describe`.
READY = Column(
    "Ready",
    _condition(condition_types.READY, "status"),
    "True when everything the spec asks for holds in Azure.",
)
REASON = Column("Reason", _condition(condition_types.READY, "reason"), "Why, in one word.")
AGE = Column("Age", ".metadata.creationTimestamp", "Time since creation.", type="date")
EXPOSED = Column("Exposed", ".status.exposedServices", "Services that answer the internet.", type="integer")
IN_SYNC = Column(
    "InSync",
    _condition(condition_types.IN_SYNC, "status"),
    "False while Azure is not as it had been made.",
    priority=1,
)
PERMITTED = Column(
    "Permitted", _condition(condition_types.PERMITTED, "status"), "False where a right is missing.", priority=1
)
MODE = Column("Mode", ".spec.mode", "Enforce, or Observe to plan only.", priority=1)
TYPE = Column("Type", ".spec.type", "What it is in Azure ML.")
WORKSPACE = Column("Workspace", ".spec.workspaceRef.name", "The SecureWorkspace it belongs to.")
WORKSPACE_NAME = Column("Workspace", ".status.azure.workspaceName", "The Azure ML workspace.", priority=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the API server must know about a kind beside the shape of its spec and status."""

    kind: str
    short_name: str
    description: str
    spec: type[ManagedSpec]
    status: type[Status]
    columns: tuple[Column, ...]
    admission: tuple[Rule, ...] = ()
    """Conditions on the whole resource; only metadata.name and the spec can be seen from there."""

    @property
    def singular(self) -> str:
        """Lower-case name: `secureworkspace`."""
        return self.kind.lower()

    @property
    def plural(self) -> str:
        """Name in URLs: `secureworkspaces`."""
        return f"{self.singular}s"

    @property
    def crd_name(self) -> str:
        """Name of the CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


KINDS = (
    Kind(
        "SecureWorkspace",
        "sws",
        "An Azure ML workspace whose network isolation is declared here and kept true in Azure: private"
        " endpoints, DNS, and the firewalls of its storage, key vault and container registry.",
        SecureWorkspaceSpec,
        SecureWorkspaceStatus,
        (READY, REASON, EXPOSED, AGE, IN_SYNC, PERMITTED, MODE, WORKSPACE_NAME),
    ),
    Kind(
        "SecureCompute",
        "scmp",  # not "sc": that is StorageClass, and kubectl prefers the built-in kind
        "A training compute of a SecureWorkspace, with the security rules, routes and way out of its subnet.",
        SecureComputeSpec,
        SecureComputeStatus,
        (READY, REASON, WORKSPACE, TYPE, AGE, IN_SYNC, PERMITTED, MODE),
        secure_compute.RESOURCE_RULES,
    ),
    Kind(
        "SecureInferenceCluster",
        "sic",
        "A Kubernetes cluster attached to a SecureWorkspace that answers scoring requests, on a private"
        " address unless asked otherwise.",
        SecureInferenceClusterSpec,
        SecureInferenceClusterStatus,
        (READY, REASON, WORKSPACE, TYPE, AGE, IN_SYNC, PERMITTED, MODE),
        secure_inference_cluster.RESOURCE_RULES,
    ),
)
"""In the order in which they depend on each other."""

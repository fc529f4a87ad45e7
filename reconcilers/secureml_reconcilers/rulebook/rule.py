"""What a rule of the catalogue is, and where rules come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["SecureWorkspace", "SecureCompute", "SecureInferenceCluster"]

SW: Final[tuple[Kind, ...]] = ("SecureWorkspace",)
SC: Final[tuple[Kind, ...]] = ("SecureCompute",)
SI: Final[tuple[Kind, ...]] = ("SecureInferenceCluster",)
ALL: Final = SW + SC + SI


class Today(StrEnum):
    """What has become of a rule since its article was written."""

    SAME = "SAME"
    """Still true."""

    RELAXED = "RELAXED"
    """Less is asked than before."""

    TIGHTER = "TIGHTER"
    """More is asked than before."""

    CHANGED = "CHANGED"
    """True in another form; the explanation tells the present one."""

    OBSOLETE = "OBSOLETE"
    """No longer true; never enforced."""

    CONFLICT = "CONFLICT"
    """Present documents disagree; the explanation tells the reading that is followed."""

    NEW = "NEW"
    """In none of the five articles; came later or from experience."""


class Does(StrEnum):
    """What the operator is for, as far as this rule goes."""

    CONVERGE = "converge"
    """Writes to Azure until it holds, at least where the spec asks for it."""

    REPORT = "report"
    """Says so when it does not hold; a person must act."""

    DERIVED = "derived"
    """Follows from other rules, or from how the operator works."""

    ADMISSION = "admission"
    """The API server refuses a spec that breaks it."""

    NONE = "none"
    """Nothing: background, or no longer true."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement, limitation or fact about isolating Azure Machine Learning."""

    id: str
    title: str
    """A few words."""

    explanation: str
    """One or two sentences: what must be so, and why."""

    kinds: tuple[Kind, ...]
    """The custom resources that it concerns; empty for mere background."""

    sources: str
    """Keys of `SOURCES`, separated by blanks."""

    today: Today
    does: Does
    not_applicable: str = ""
    """Why no code serves or reports it, where none has to; a whole sentence."""

    shown_by: str = ""
    """The test that shows as much, as `path::name`; for what not doing something is no matter of course."""


SOURCES: Final[Mapping[str, str]] = {
    "S1": "Network isolation during training and inference with private endpoints and virtual networks (2020-07)",
    "S2": "Secure training environments with virtual networks (2023-04)",
    "S3": "Virtual network isolation and security overview (2020-10)",
    "S4": "Secure a workspace with virtual networks (2021-08)",
    "S5": "Virtual network access to studio, section on Azure Kubernetes Service (2020-07)",
    "access-behind-firewall": "Azure Machine Learning: configure inbound and outbound network traffic",
    "aks": "Azure Kubernetes Service: internal load balancers, outbound rules",
    "assign-roles": "Azure Machine Learning: manage access to workspaces",
    "azure-monitor": "Azure Machine Learning: secure a workspace, section on Azure Monitor",
    "compute-instance": "Azure Machine Learning: create and manage a compute instance",
    "container-registry": "Azure Container Registry: private link, network rules, trusted services",
    "custom-dns": "Azure Machine Learning: use a workspace with a custom DNS server",
    "data-exfiltration": "Azure Machine Learning: prevent data loss",
    "key-vault": "Azure Key Vault: network security",
    "kubernetes-compute": "Azure Machine Learning: deploy the extension, attach a cluster, secure inferencing",
    "local-auth-storage": "Azure Machine Learning: disable shared key access of the storage account",
    "managed-network": "Azure Machine Learning: workspace managed virtual network isolation",
    "network-isolation-v2": "Azure Machine Learning: network isolation change with the v2 API",
    "network-security-groups": "Azure virtual network: network security groups",
    "observed": "Recorded traffic of Azure Resource Manager, and the experience of other operators",
    "online-endpoints": "Azure Machine Learning: secure managed online endpoints",
    "private-endpoint": "Azure Private Link: private endpoint overview, network policies",
    "private-endpoint-dns": "Azure Private Link: private endpoint DNS zone values",
    "private-dns": "Azure DNS: private zones and virtual network links",
    "configure-private-link": "Azure Machine Learning: configure a private endpoint for a workspace",
    "secure-training": "Azure Machine Learning: secure a training environment (2024-04)",
    "secure-workspace": "Azure Machine Learning: secure a workspace (2024-07)",
    "storage": "Azure Storage: firewalls, network rules, private endpoints",
    "studio": "Azure Machine Learning: enable studio in a virtual network (2025-03)",
}
"""The five articles in which the rules began, and the present documents by short name."""

"""SecureInferenceCluster: one Kubernetes cluster attached to a SecureWorkspace to answer scoring requests."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool

from secureml_reconcilers.api.azure_ids import ManagedClusterID, SubnetID
from secureml_reconcilers.api.common import (
    COMPUTE_NAME_MESSAGE,
    COMPUTE_NAME_PATTERN,
    ComputeName,
    FirstPriority,
    ForeignRules,
    ManagedSpec,
    ObjectName,
    WorkspaceReference,
    is_ipv4_range,
    name,
)
from secureml_reconcilers.api.fields import Checked, SetOf
from secureml_reconcilers.api.model import ApiModel
from secureml_reconcilers.api.rules import Rule, immutable, one_block

_TAG = "[A-Z][a-zA-Z0-9]*([.][a-zA-Z0-9]+)?"

TrafficSource = Annotated[
    str,
    Checked(
        80,
        (
            Rule(
                f"self.matches('^{_TAG}$') || (self.contains('/') ? isCIDR(self)"
                " && cidr(self).ip().family() == 4 && cidr(self) == cidr(self).masked()"
                " : isIP(self) && ip(self).family() == 4)",
                "must be an IPv4 address, a range that begins with its first address such as 10.1.0.0/16, or"
                " a service tag such as VirtualNetwork or Internet (NSG-MECH-01)",
                holds=lambda text: is_ipv4_range(text, tag=_TAG),
            ),
        ),
    ),
]

SubnetName = Annotated[
    str,
    name(80, "[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,78}[a-zA-Z0-9_])?", "must be the name of a subnet, not its ARM id"),
]


class LoadBalancer(ApiModel):
    """Where scoring requests arrive."""

    type: Literal["Public", "Internal"] = "Internal"
    """Internal (default) gives the scoring endpoint a private address. The switch is made after the attach,
    and after the cluster's identity holds its role on the network (AKS-LB-02, AKS-LB-03, AKS-RBAC-01).
    Public gives it a public address (AKS-LB-01)."""

    subnet_name: SubnetName | None = None
    """Only with type AKS and Internal: name of the subnet, in the cluster's virtual network, from which the
    load balancer takes its address. Default: the subnet of the cluster's nodes."""

    admission: ClassVar = (
        Rule(
            "!has(self.subnetName) || self.type == 'Internal'",
            "subnetName is for an Internal load balancer: a Public one needs no subnet (AKS-LB-02)",
            holds=lambda balancer: balancer.subnet_name is None or balancer.type == "Internal",
            field_path=".subnetName",
        ),
    )


class RouterTLS(ApiModel):
    """The certificate of the scoring endpoint."""

    secret_name: ObjectName
    """Name of the Secret in the cluster's azureml namespace that holds cert.pem and key.pem."""

    host_name: Annotated[
        str,
        name(
            253,
            "[a-zA-Z0-9-]{1,63}([.][a-zA-Z0-9-]{1,63})+",
            "must be a host name such as scoring.example.org",
        ),
    ]
    """Host name for which the certificate was issued."""


class Kubernetes(ApiModel):
    """Settings of an attachment through the Azure ML extension (K8S-01)."""

    namespace: Annotated[
        str,
        name(63, "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "must be the name of a Kubernetes namespace"),
    ] = "default"
    """Namespace of the cluster in which workloads run; it must exist (K8S-04). Default: default."""

    install_extension: StrictBool = False
    """Let the operator install the extension Microsoft.AzureML.Kubernetes, or change its settings, in the
    cluster. Default false: it must be there, and differing settings are reported (K8S-02, K8S-03)."""

    router: Literal["LoadBalancer", "NodePort", "ClusterIP"] = "LoadBalancer"
    """How the scoring router is exposed: LoadBalancer (default), NodePort or ClusterIP."""

    router_high_availability: StrictBool = False
    """Run three scoring routers; the cluster then needs three nodes (K8S-03). Default false."""

    tls: RouterTLS | None = None
    """The certificate of the scoring endpoint. Default none."""

    allow_insecure_connections: StrictBool = False
    """Answer scoring requests over plain HTTP. Default false."""

    admission: ClassVar = (
        Rule(
            "!(has(self.tls) && self.allowInsecureConnections)",
            "choose tls or allowInsecureConnections, not both (K8S-03)",
            holds=lambda cluster: cluster.tls is None or not cluster.allow_insecure_connections,
        ),
        Rule(
            "!self.installExtension || has(self.tls) || self.allowInsecureConnections",
            "installExtension needs tls, or allowInsecureConnections true: the extension serves no scoring"
            " without one of them (K8S-03)",
            holds=lambda cluster: (
                not cluster.install_extension or bool(cluster.tls) or cluster.allow_insecure_connections
            ),
            reason="FieldValueRequired",
        ),
    )


class AKS(ApiModel):
    """Settings of the legacy attachment of an AKS cluster, for workspaces that still have one (K8S-01)."""

    cluster_purpose: Literal["FastProd", "DenseProd", "DevTest"] = "FastProd"
    """What the cluster is for: FastProd (default), DenseProd or DevTest; DevTest asks for fewer cores."""


class Scoring(ApiModel):
    """Who may call the scoring endpoint, kept as a rule in the subnet's security group (AKS-NSG-01)."""

    allowed_sources: Annotated[tuple[TrafficSource, ...], SetOf(64, min_items=1)]
    """IPv4 addresses, ranges or service tags that may call; Internet lets everybody."""

    ports: Annotated[tuple[Annotated[int, Field(strict=True, ge=1, le=65535)], ...], SetOf(8, min_items=1)] = (
        443,
    )
    """TCP ports to let in. Default 443; add 80 for plain HTTP."""

    first_priority: FirstPriority = 1000
    """Priority of the first rule the operator writes, 100 to 3900; lower numbers win. Default 1000."""

    foreign_rules: ForeignRules = "Report"
    """What to do with a rule nobody declared that blocks the allowed sources or lets others in. Report
    (default) makes it a finding; Remove deletes it."""


class LegacyContainerInstances(ApiModel):
    """A subnet for models deployed to container instances by the retired SDK v1 (ACI-PE-01)."""

    subnet_id: SubnetID
    """ARM id of the subnet to delegate to Microsoft.ContainerInstance/containerGroups (ACI-DELEG-01); it can
    then hold neither computes nor some private endpoints (ACI-CONF-01)."""


class SecureInferenceClusterSpec(ManagedSpec):
    """What must be true of the cluster's attachment and of the way to its scoring endpoint."""

    workspace_ref: WorkspaceReference
    """The SecureWorkspace to which the cluster is attached; it must be closed and reachable first
    (GEN-TOPO-02); immutable."""

    type: Literal["Kubernetes", "AKS"] = "Kubernetes"
    """Kubernetes (default) attaches through the Azure ML extension. AKS is the retired way, for clusters that
    are already attached so (K8S-01). Immutable."""

    compute_name: ComputeName | None = None
    """Name of the compute in Azure ML; immutable. Default: metadata.name (CMP-NAME-01)."""

    cluster_id: ManagedClusterID
    """ARM id of the AKS cluster: in the workspace's subscription (K8S-04), its nodes in the same or a peered
    virtual network (AKS-STG-01); immutable. Clusters are attached, never created (AKS-PRIV-01)."""

    require_private_cluster: StrictBool = False
    """True reports a cluster whose control plane answers on a public address as an error; that cannot be
    changed later (AKS-TYPE-01). Default false."""

    load_balancer: LoadBalancer = LoadBalancer()
    """Where scoring requests arrive. Default: a private address."""

    kubernetes: Kubernetes | None = None
    """Settings of an attachment of type Kubernetes. Default: namespace default, the extension is there."""

    aks: AKS | None = None
    """Settings of an attachment of type AKS. Default: FastProd."""

    scoring: Scoring | None = None
    """Who may call the scoring endpoint. Default: the security group is left alone, and reported where it
    blocks all callers (AKS-NSG-01)."""

    grant_roles: StrictBool = False
    """Let the operator give missing roles: Network Contributor on the network for the cluster's identity
    (AKS-RBAC-01), image and data roles for the compute's (K8S-05). Default false: the switch to an internal
    load balancer waits until somebody gave them. The operator's own identity needs the right to assign
    roles."""

    legacy_container_instances: LegacyContainerInstances | None = None
    """A subnet for models on container instances, by the retired SDK v1. Impossible when the workspace has a
    private endpoint, which is then reported (ACI-PE-01). Default none."""

    admission: ClassVar = (
        *one_block({"Kubernetes": "kubernetes", "AKS": "aks"}, required=False),
        immutable("type", "detach the cluster and create another SecureInferenceCluster"),
        immutable("workspaceRef.name", "an attachment cannot move to another workspace"),
        immutable("computeName", "Azure cannot rename a compute; create another SecureInferenceCluster"),
        immutable("clusterID", "create another SecureInferenceCluster for another cluster", ignore_case=True),
        Rule(
            "!has(self.kubernetes) || self.kubernetes.router == 'LoadBalancer' || !has(self.loadBalancer)",
            "without a load balancer router there is no load balancer: remove loadBalancer, or set"
            " kubernetes.router to LoadBalancer (K8S-03)",
            holds=lambda spec: (
                not spec.kubernetes
                or spec.kubernetes.router == "LoadBalancer"
                or "load_balancer" not in spec.model_fields_set
            ),
            field_path=".loadBalancer",
        ),
        Rule(
            "self.type == 'AKS' || !has(self.loadBalancer) || !has(self.loadBalancer.subnetName)",
            "subnetName is for type AKS: the extension takes addresses of the nodes' subnet (K8S-03)",
            holds=lambda spec: spec.type == "AKS" or spec.load_balancer.subnet_name is None,
            field_path=".loadBalancer",
        ),
    )


RESOURCE_RULES = (
    Rule(
        f"has(self.spec.computeName) || self.metadata.name.matches('^{COMPUTE_NAME_PATTERN}$')",
        f"metadata.name names the compute and {COMPUTE_NAME_MESSAGE}; or set spec.computeName",
    ),
)
"""Conditions on the whole resource: where spec.computeName is left out, metadata.name takes its place."""

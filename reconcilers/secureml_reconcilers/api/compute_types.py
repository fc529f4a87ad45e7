"""The blocks of SecureCompute, one for each type of compute."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool

from secureml_reconcilers.api.azure_ids import (
    DatabricksWorkspaceID,
    HDInsightClusterID,
    SubnetID,
    VirtualMachineID,
)
from secureml_reconcilers.api.common import PublicIPRange, Region, SecretReference, VMSize, name
from secureml_reconcilers.api.fields import SetOf
from secureml_reconcilers.api.model import ApiModel
from secureml_reconcilers.api.rules import Rule

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
ObjectID = Annotated[
    str,
    name(
        36,
        "(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "must be a GUID such as 4f0f3a4e-5b8c-4d2e-9c7a-0123456789ab; see `az ad user show --query id`",
    ),
]


class SSHAccess(ApiModel):
    """Sign-in to the nodes over their public addresses (NSG-BATCH-02)."""

    user_name: Annotated[
        str,
        name(
            32,
            "[a-z_][a-z0-9_-]{0,31}",
            "must be a Linux user name: lower-case letters, digits, _ or -, at most 32",
        ),
    ] = "azureuser"
    """Name of the administrator on the nodes of a cluster. Default azureuser, the name that compute
    instances always use."""

    public_key: Annotated[
        str,
        name(
            4096,
            r"(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*( [^\n\r]*)?",
            "must be an OpenSSH public key on one line, such as `ssh-ed25519 AAAA… alice`",
        ),
    ]
    """OpenSSH public key that may sign in."""

    allowed_ip_ranges: Annotated[tuple[PublicIPRange, ...], SetOf(64, min_items=1)]
    """Public IPv4 addresses or ranges from which port 22 is let in; nobody else may connect."""


_SSH_NEEDS_PUBLIC_ADDRESS = Rule(
    "!has(self.ssh) || !self.noPublicIP",
    "ssh goes over public addresses: set noPublicIP to false, or remove ssh and sign in from within the"
    " virtual network (NSG-BATCH-02)",
    holds=lambda compute: compute.ssh is None or not compute.no_public_ip,
    field_path=".ssh",
    reason="FieldValueForbidden",
)


class Scale(ApiModel):
    """How many nodes a cluster has."""

    min_nodes: Annotated[int, Field(strict=True, ge=0, le=65000)] = 0
    """Nodes kept running even when idle. Default 0."""

    max_nodes: Annotated[int, Field(strict=True, ge=1, le=65000)]
    """Most nodes the cluster may have. Each takes one address of the subnet: too few free addresses are
    reported before the cluster grows (CMP-SUBNET-01)."""

    idle_seconds_before_scale_down: Annotated[int, Field(strict=True, ge=60, le=86400)] = 120
    """Seconds a node may be idle before it is released. Default 120."""

    admission: ClassVar = (
        Rule(
            "self.minNodes <= self.maxNodes",
            "minNodes may not exceed maxNodes",
            holds=lambda scale: scale.min_nodes <= scale.max_nodes,
            field_path=".minNodes",
        ),
    )


class AmlCompute(ApiModel):
    """A cluster that Azure ML creates and scales (CMP-CFG-01)."""

    vm_size: VMSize
    """VM size of the nodes, such as STANDARD_DS3_V2."""

    vm_priority: Literal["Dedicated", "LowPriority"] = "Dedicated"
    """Dedicated (default), or LowPriority: cheaper nodes that Azure may take away (CMP-CFG-02)."""

    subnet_id: SubnetID
    """ARM id of the subnet in which nodes have their addresses: in the workspace's subscription
    (CMP-VNET-01), not delegated (CMP-SUBNET-03), with one free address for each node (CMP-SUBNET-02)."""

    no_public_ip: StrictBool = True
    """True (default): nodes have private addresses only, nothing comes in from the internet, and the way out
    must exist (CMP-NPIP-02, see spec.egress). False: each node has a public address and TCP 44224 is let in
    from the service tag AzureMachineLearning (CMP-PIP-05)."""

    location: Region | None = None
    """Azure region of the cluster. Default: the workspace's. Naming another region is the opt-in to a
    cross-region cluster, which needs peered networks and linked zones (CMP-REG-01, CMP-REG-02)."""

    scale: Scale
    """How many nodes the cluster has."""

    ssh: SSHAccess | None = None
    """Sign-in to the nodes over their public addresses. Default: closed."""

    image_build: StrictBool = False
    """True when the workspace builds its images on this cluster (spec.imageBuild.computeName of the
    SecureWorkspace): checks that the VM size has no GPU and that package indexes can be reached
    (ACR-BUILD-02, ACR-BUILD-04). Default false."""

    admission: ClassVar = (
        _SSH_NEEDS_PUBLIC_ADDRESS,
        Rule(
            "!self.imageBuild || self.vmPriority == 'Dedicated'",
            "a cluster that builds images must be Dedicated: a node taken away breaks it (ACR-BUILD-02)",
            holds=lambda cluster: not cluster.image_build or cluster.vm_priority == "Dedicated",
            field_path=".vmPriority",
        ),
    )


class AssignedUser(ApiModel):
    """A person in Entra ID."""

    object_id: ObjectID
    """Object id of the user."""

    tenant_id: ObjectID
    """Id of the user's tenant."""


class ComputeInstance(ApiModel):
    """A workstation for one person that Azure ML creates."""

    vm_size: VMSize
    """VM size of the instance, such as STANDARD_DS3_V2."""

    subnet_id: SubnetID
    """ARM id of the subnet in which the instance has its address: in the workspace's subscription and region
    (CMP-VNET-01, CMP-VNET-02), not delegated (CMP-SUBNET-03). An instance joins a subnet only when it is
    created (CMP-CI-01)."""

    no_public_ip: StrictBool = True
    """True (default): a private address only; the way out must exist (CMP-NPIP-02, see spec.egress). False:
    a public address, and TCP 44224 is let in from the service tag AzureMachineLearning (CMP-PIP-05)."""

    ssh: SSHAccess | None = None
    """Sign-in over the instance's public address. Default: closed."""

    assigned_user: AssignedUser | None = None
    """The person who may use the instance. Default: only its creator may, which is the operator's own
    identity, so leave it out for tests only."""

    admission: ClassVar = (_SSH_NEEDS_PUBLIC_ADDRESS,)


class Serverless(ApiModel):
    """Where the workspace's serverless jobs run (WS-SRVLESS-01)."""

    subnet_id: SubnetID
    """ARM id of the subnet in which serverless nodes have their addresses, one each."""

    no_public_ip: StrictBool = True
    """True (default): serverless nodes have private addresses only."""


class VirtualMachine(ApiModel):
    """An Ubuntu machine of yours, attached to the workspace (VM-01)."""

    virtual_machine_id: VirtualMachineID
    """ARM id of the virtual machine; it must run Ubuntu (VM-01)."""

    ssh_port: Port = 22
    """TCP port on which the machine answers SSH (VM-02). Default 22."""

    credentials_secret_ref: SecretReference | None = None
    """Secret with `username` and either `password` or `privateKey`, with which Azure ML signs in. Default:
    the operator attaches nothing itself and only checks a machine that somebody attached (VM-08)."""


class HDInsight(ApiModel):
    """An HDInsight cluster of yours, attached to the workspace (HDI-01)."""

    cluster_id: HDInsightClusterID
    """ARM id of the HDInsight cluster."""

    ssh_port: Port = 22
    """TCP port on which the head node answers SSH (VM-02). Default 22."""

    credentials_secret_ref: SecretReference | None = None
    """Secret with `username` and either `password` or `privateKey`, with which Azure ML signs in. Default:
    the operator attaches nothing itself and only checks a cluster that somebody attached (VM-08)."""


class Databricks(ApiModel):
    """A Databricks workspace of yours, injected into the virtual network and attached (DBX-05)."""

    databricks_workspace_id: DatabricksWorkspaceID
    """ARM id of the Databricks workspace. Its network must hold the subnets databricks-private,
    databricks-public and default (DBX-03)."""

    credentials_secret_ref: SecretReference | None = None
    """Secret with `accessToken`, a Databricks token for Azure ML. Default: the operator attaches nothing
    itself and only checks a Databricks workspace that somebody attached (DBX-05)."""

"""SecureCompute: one training compute of a SecureWorkspace, with the subnet it needs."""

from typing import Annotated, ClassVar, Literal

from pydantic import StrictBool

from secureml_reconcilers.api.azure_ids import (
    NATGatewayID,
    RouteTableID,
    SecurityGroupID,
    ServiceEndpointPolicyID,
    StorageAccountID,
)
from secureml_reconcilers.api.common import (
    COMPUTE_NAME_MESSAGE,
    COMPUTE_NAME_PATTERN,
    ComputeName,
    FirstPriority,
    ForeignRules,
    ManagedSpec,
    RuleName,
    WorkspaceReference,
    is_ipv4,
    name,
)
from secureml_reconcilers.api.compute_types import (
    AmlCompute,
    ComputeInstance,
    Databricks,
    HDInsight,
    Serverless,
    VirtualMachine,
)
from secureml_reconcilers.api.fields import Checked, SetOf
from secureml_reconcilers.api.model import ApiModel
from secureml_reconcilers.api.rules import Rule, immutable, one_block

OutboundUse = Literal[
    "Studio",
    "MicrosoftImages",
    "Monitoring",
    "RStudio",
    "FileShareThroughFirewall",
    "HighBusinessImpact",
    "PublicRegistry",
]

HostName = Annotated[
    str,
    name(
        253,
        r"([*][.])?[a-zA-Z0-9-]{1,63}([.][a-zA-Z0-9-]{1,63})+",
        "must be a host name such as conda.example.org or *.example.org, without scheme, port or path",
    ),
]

PrivateAddress = Annotated[
    str,
    Checked(
        15,
        (Rule("isIP(self) && ip(self).family() == 4", "must be an IPv4 address such as 10.1.0.4", is_ipv4),),
    ),
]


class SecurityRules(ApiModel):
    """The rules of the network security group on the compute's subnet (section 11 of the rule book)."""

    profile: Literal["Current", "Legacy2020"] = "Current"
    """Current (default) follows today's documents. Legacy2020 adds what computes made before simplified
    node communication needed: TCP 29876-29877 from BatchNodeManagement (NSG-BATCH-01)."""

    outbound: Literal["Unrestricted", "Restricted"] = "Unrestricted"
    """Unrestricted (default) keeps Azure's default outbound rules. Restricted allows the documented
    destinations and then denies the internet (NSG-OUT-01 to NSG-OUT-24)."""

    outbound_uses: Annotated[tuple[OutboundUse, ...], SetOf(7)] = ("Studio", "MicrosoftImages")
    """With Restricted: what the jobs use beyond the necessary; each opens documented destinations. Studio
    (AzureFrontDoor.Frontend), MicrosoftImages (NSG-OUT-07, NSG-OUT-08), Monitoring (AzureMonitor), RStudio
    (TCP 8787), FileShareThroughFirewall (Storage TCP 445, ST-445-01), HighBusinessImpact (AzureKeyVault),
    PublicRegistry (NSG-OUT-03). Default Studio and MicrosoftImages."""

    security_group_id: SecurityGroupID | None = None
    """ARM id of the network security group to put on the subnet when it has none. Default: a subnet without
    one stays so; one that is there is used (NSG-SUBNET-01)."""

    first_priority: FirstPriority = 1000
    """Priority of the first rule the operator writes, 100 to 3900; the others follow in steps of 10, the
    final deny has 4096. Lower numbers win. Default 1000."""

    foreign_rules: ForeignRules = "Report"
    """What to do with a rule nobody declared that blocks a required flow or opens a forbidden one. Report
    (default) makes it a finding; Remove deletes it (CMP-PIP-07). Groups that Azure ML made itself are never
    touched (NSG-CAUTION-01)."""

    narrow_rule: RuleName | None = None
    """Only with VirtualMachine and HDInsight: name of an existing rule that lets SSH in from anywhere; its
    source becomes the service tag AzureMachineLearning (VM-04). Default: no rule of others is changed."""


def _way_out_is_told(egress: "Egress") -> bool:
    return (egress.via == "Firewall") == (egress.firewall_address is not None)


def _one_nat_gateway(egress: "Egress") -> bool:
    chosen = [egress.nat_gateway_id is not None, egress.create_nat_gateway].count(True)
    return chosen == (1 if egress.via == "NATGateway" else 0)


class Egress(ApiModel):
    """The way from the compute's subnet to the internet and to Azure's public services."""

    via: Literal["AsIs", "NATGateway", "Firewall"] = "AsIs"
    """AsIs (default) changes nothing and reports a subnet without a way out (CMP-NPIP-02). NATGateway puts a
    NAT gateway on the subnet (UDR-02). Firewall routes 0.0.0.0/0 to firewallAddress (UDR-09)."""

    nat_gateway_id: NATGatewayID | None = None
    """With NATGateway: ARM id of an existing NAT gateway to put on the subnet. Default none."""

    create_nat_gateway: StrictBool = False
    """With NATGateway: create one with a public address, beside the virtual network. Billable, so default
    false."""

    firewall_address: PrivateAddress | None = None
    """With Firewall: the private IPv4 address of the firewall or other appliance. Default none."""

    route_table_id: RouteTableID | None = None
    """ARM id of the route table to put on the subnet when it has none. Default: the operator creates one
    where a route is needed."""

    service_routes: Literal["ServiceTag", "Prefixes"] = "ServiceTag"
    """How the routes that computes with public addresses need behind a firewall are written (UDR-04,
    UDR-05): ServiceTag (default), at most 25 such routes in a table, or Prefixes, each of the service's
    address ranges, kept up to date."""

    additional_hosts: Annotated[tuple[HostName, ...], SetOf(128)] = ()
    """Public hosts that jobs and image builds need beyond Azure's own, such as package indexes; they join
    the list in status.requiredEgress for the firewall's owner (FW-USE-01, ACR-BUILD-04). Default none."""

    admission: ClassVar = (
        Rule(
            "(self.via == 'Firewall') == has(self.firewallAddress)",
            "firewallAddress belongs to via Firewall: set both, or neither (UDR-09)",
            holds=_way_out_is_told,
            field_path=".firewallAddress",
        ),
        Rule(
            "self.via == 'NATGateway' ? has(self.natGatewayID) != self.createNATGateway"
            " : !has(self.natGatewayID) && !self.createNATGateway",
            "via NATGateway needs either natGatewayID or createNATGateway, and other ways out need neither"
            " (UDR-02)",
            holds=_one_nat_gateway,
        ),
    )


class ServiceEndpointPolicy(ApiModel):
    """Limits storage traffic from the subnet to known accounts, against exfiltration (ST-SEP-01)."""

    policy_id: ServiceEndpointPolicyID | None = None
    """ARM id of an existing policy to use and complete. Default: the operator creates one beside the
    virtual network."""

    allowed_account_ids: Annotated[tuple[StorageAccountID, ...], SetOf(199)] = ()
    """ARM ids of storage accounts to allow beside the workspace's own; Azure takes 200 in all.
    Default none."""


_KEPT = {
    "amlCompute": ("subnetID", "vmSize", "vmPriority", "noPublicIP", "location"),
    "computeInstance": ("subnetID", "vmSize", "noPublicIP"),
}
"""Fields that Azure cannot change on an existing compute (CMP-CI-01, CMP-CFG-01)."""


def _kept(block: str, fields: tuple[str, ...]) -> Rule:
    def same_field(field: str) -> str:
        here, before = f"self.{block}.{field}", f"oldSelf.{block}.{field}"
        lower = "" if field == "noPublicIP" else ".lowerAscii()"
        return f"has({here}) == has({before}) && (!has({here}) || {here}{lower} == {before}{lower})"

    same = " && ".join(map(same_field, fields))
    return Rule(
        f"self.recreate == 'OnDrift' || !has(self.{block}) || !has(oldSelf.{block}) || ({same})",
        f"Azure cannot change {', '.join(fields)} of an existing compute: set spec.recreate to OnDrift to"
        " have it deleted and made again, or create another SecureCompute (CMP-CI-01)",
        field_path=f".{block}",
        reason="FieldValueForbidden",
    )


_INSTANCE_NAME_MESSAGE = (
    "in the name of a compute instance each hyphen must be followed by a letter: ci-alice, not ci-1 (CMP-NAME-01)"
)


def _instance_name(spec: "SecureComputeSpec") -> bool:
    last = (spec.compute_name or "").rpartition("-")
    return spec.type != "ComputeInstance" or not last[1] or any(c.isalpha() for c in last[2])


class SecureComputeSpec(ManagedSpec):
    """What must be true of the compute and its subnet."""

    workspace_ref: WorkspaceReference
    """The SecureWorkspace to which the compute belongs; it must be closed and reachable first (GEN-TOPO-02);
    immutable."""

    type: Literal["AmlCompute", "ComputeInstance", "Serverless", "VirtualMachine", "HDInsight", "Databricks"]
    """Kind of compute; the block of the same name must be set, and no other; immutable."""

    compute_name: ComputeName | None = None
    """Name of the compute in Azure ML; immutable. Default: metadata.name. Names of compute instances are
    unique in a region (CMP-NAME-01). Without meaning for Serverless."""

    aml_compute: AmlCompute | None = None
    """A cluster that Azure ML creates and scales. Required with type AmlCompute, default none."""

    compute_instance: ComputeInstance | None = None
    """A workstation for one person, made by Azure ML. Required with type ComputeInstance, default none."""

    serverless: Serverless | None = None
    """Where the workspace's serverless jobs run. Required with type Serverless, default none."""

    virtual_machine: VirtualMachine | None = None
    """An Ubuntu machine of yours to attach. Required with type VirtualMachine, default none."""

    hd_insight: HDInsight | None = None
    """An HDInsight cluster of yours to attach. Required with type HDInsight, default none."""

    databricks: Databricks | None = None
    """A Databricks workspace of yours to attach. Required with type Databricks, default none."""

    security_rules: SecurityRules = SecurityRules()
    """Rules of the subnet's network security group. Default: what today's documents require, in the group
    that is there; rules of others are only reported."""

    egress: Egress = Egress()
    """The way out of the subnet. Default: left as it is, and reported when missing."""

    service_endpoint_policy: ServiceEndpointPolicy | None = None
    """Limits storage traffic from the subnet to known accounts, against exfiltration (ST-SEP-01). Set it (an
    empty object will do) to switch it on; running nodes must be made again afterwards. Default: off."""

    recreate: Literal["Never", "OnDrift"] = "Never"
    """What to do when something differs that Azure cannot change on an existing compute, such as its subnet.
    Never (default) reports it. OnDrift deletes the compute and makes it again; what is stored on a compute
    instance's disk is lost (CMP-CI-01)."""

    admission: ClassVar = (
        *one_block(
            {
                "AmlCompute": "aml_compute",
                "ComputeInstance": "compute_instance",
                "Serverless": "serverless",
                "VirtualMachine": "virtual_machine",
                "HDInsight": "hd_insight",
                "Databricks": "databricks",
            }
        ),
        immutable("type", "create another SecureCompute for another type"),
        immutable("workspaceRef.name", "a compute cannot move to another workspace"),
        immutable("virtualMachine.virtualMachineID", "create another SecureCompute", ignore_case=True),
        immutable("hdInsight.clusterID", "create another SecureCompute", ignore_case=True),
        immutable("databricks.databricksWorkspaceID", "create another SecureCompute", ignore_case=True),
        immutable("computeName", "Azure cannot rename a compute; create another SecureCompute"),
        *(_kept(block, fields) for block, fields in _KEPT.items()),
        Rule(
            r"self.type != 'ComputeInstance' || !has(self.computeName)"
            r" || !self.computeName.matches('-[^a-zA-Z]*$')",
            _INSTANCE_NAME_MESSAGE,
            holds=_instance_name,
            field_path=".computeName",
        ),
        Rule(
            "self.type in ['AmlCompute', 'ComputeInstance', 'Serverless']"
            " || (!has(self.egress) && !has(self.serviceEndpointPolicy))",
            "egress and serviceEndpointPolicy are for computes that Azure ML creates (AmlCompute,"
            " ComputeInstance, Serverless): remove them",
            holds=lambda spec: (
                spec.type in {"AmlCompute", "ComputeInstance", "Serverless"}
                or not spec.model_fields_set & {"egress", "service_endpoint_policy"}
            ),
        ),
        Rule(
            "self.type != 'Databricks' || !has(self.securityRules)",
            "Databricks keeps the security rules of its own subnets: remove securityRules (DBX-05)",
            holds=lambda spec: spec.type != "Databricks" or "security_rules" not in spec.model_fields_set,
            field_path=".securityRules",
        ),
        Rule(
            "!has(self.securityRules) || !has(self.securityRules.narrowRule)"
            " || self.type in ['VirtualMachine', 'HDInsight']",
            "narrowRule is for the SSH rule of a VirtualMachine or HDInsight cluster: remove it (VM-04)",
            holds=lambda spec: not spec.security_rules.narrow_rule or spec.type in {"VirtualMachine", "HDInsight"},
            field_path=".securityRules",
        ),
    )


_NAME_IS_NEEDED = "has(self.spec.computeName) || self.spec.type == 'Serverless'"

RESOURCE_RULES = (
    Rule(
        f"{_NAME_IS_NEEDED} || self.metadata.name.matches('^{COMPUTE_NAME_PATTERN}$')",
        f"metadata.name names the compute and {COMPUTE_NAME_MESSAGE}; or set spec.computeName",
    ),
    Rule(
        f"{_NAME_IS_NEEDED} || self.spec.type != 'ComputeInstance' || !self.metadata.name.matches('-[^a-zA-Z]*$')",
        f"{_INSTANCE_NAME_MESSAGE}; choose another metadata.name, or set spec.computeName",
    ),
)
"""Conditions on the whole resource: where spec.computeName is left out, metadata.name takes its place."""

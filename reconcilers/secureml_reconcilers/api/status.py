"""What the operator reports about a custom resource; every list is bounded so that status stays readable."""

from typing import Annotated, Literal

from pydantic import Field

from secureml_reconcilers.api.fields import Checked, MapOf
from secureml_reconcilers.api.model import ApiModel

Text = Annotated[str, Checked(2048)]
Identifier = Annotated[str, Checked(512)]
CsvMember = Annotated[str, Checked(128)]
Timestamp = Annotated[str, Checked(64), Field(json_schema_extra={"format": "date-time"})]


class Condition(ApiModel):
    """One statement about the resource, true when `status` is True."""

    type: Annotated[str, Checked(128)]
    """What the statement is about: Ready, Reconciling, Stalled, InSync, Permitted, or one aspect."""

    status: Literal["True", "False", "Unknown"]
    """Whether the statement holds; Unknown when Azure could not be asked."""

    reason: Annotated[str, Checked(128)]
    """One CamelCase word, for machines."""

    message: Annotated[str, Checked(4096)]
    """What is the matter and what to do, for people."""

    last_transition_time: Timestamp
    """When `status` last changed."""

    observed_generation: int | None = None
    """The metadata.generation on which this statement is based."""


class Finding(ApiModel):
    """A rule that is not met and that the operator may not, or not yet, repair."""

    rule: CsvMember
    """Rule id, as in the rule book: `secureml explain <id>` tells its story."""

    severity: Literal["Error", "Warning", "Info"]
    """Error breaks the isolation or the workspace, Warning will or may, Info is good to know."""

    resource: Identifier | None = None
    """ARM id of the resource that was found so."""

    message: Text
    """What was found."""

    advice: Text | None = None
    """What to do about it."""


class Change(ApiModel):
    """One property that differs between Azure and what should be true."""

    path: Annotated[str, Checked(512)]
    """Where in the resource's body, with dots: properties.networkAcls.defaultAction."""

    observed: Annotated[str, Checked(1024)] | None = None
    """What Azure has, as text; `not set` when Azure has nothing there."""

    desired: Annotated[str, Checked(1024)] | None = None
    """What should stand there, as text; `not set` when it should go."""


class PlannedAction(ApiModel):
    """One write that Enforce would begin."""

    verb: CsvMember
    """Create, Update or Delete."""

    id: Identifier
    """ARM id of the resource that would be written."""

    reason: Text | None = None
    """Why, in one sentence."""

    rules: Annotated[tuple[CsvMember, ...], Field(max_length=16)] = ()
    """Rule ids that the write serves."""

    changes: Annotated[tuple[Change, ...], Field(max_length=32)] = ()
    """Property by property; the first 32."""

    count: int | None = None
    """How many writes of this verb to resources of this type stand here for want of room; absent for one."""


class InventoryItem(ApiModel):
    """Something the operator made in Azure, noted before it was written so that a crash loses nothing."""

    id: Identifier
    """ARM id of the resource."""

    kind: Literal["Resource", "Adopted", "Entry"]
    """Resource: the operator created the whole resource. Adopted: somebody else did, and spec.adoption handed it
    over. Entry: it only added an entry to a list in it."""

    path: Annotated[str, Checked(512)] | None = None
    """For Entry: the list within the resource, as properties.networkAcls.ipRules."""

    entry: Annotated[str, Checked(512)] | None = None
    """For Entry: the key of the entry in that list (an address, an id, a name)."""

    by: Annotated[str, Checked(512)] | None = None
    """For Entry: by what it is known in that list; default value, and itself where the entry is a text."""

    created_at: Timestamp | None = None
    """When the write was announced."""


class Operation(ApiModel):
    """A long-running operation in Azure that has not ended."""

    id: Identifier
    """ARM id of the resource that is being written."""

    verb: CsvMember
    """PUT, PATCH or DELETE."""

    since: Timestamp
    """When it began."""


class DNSRecord(ApiModel):
    """A name and the private addresses to which it must resolve in the virtual networks."""

    name: Annotated[str, Checked(253)]
    """Fully qualified host name."""

    zone: Annotated[str, Checked(253)] | None = None
    """The private DNS zone that holds the record, or should."""

    addresses: Annotated[tuple[Annotated[str, Checked(45)], ...], Field(max_length=16)] = ()
    """IP addresses in the virtual network."""


class ServiceAccess(ApiModel):
    """One service of the workspace, and who reaches it."""

    id: Identifier
    """ARM id of the workspace, account, vault or registry."""

    public_access: Literal["Closed", "Open", "Restricted"]
    """Closed: as declared. Open: it answers the internet. Restricted: its public address is on, and its firewall
    refuses whom no rule names."""

    exposed_since: Timestamp | None = None
    """Since when it was seen to be Open."""

    private_ways: Annotated[tuple[Annotated[str, Checked(256)], ...], Field(max_length=400)] = ()
    """The private ways that worked when it was last seen Closed. One that was opened again is closed as soon as
    these work, whatever else the spec has come to ask for."""


class EgressDestination(ApiModel):
    """A destination that a firewall between the subnet and the internet must let through."""

    destination: Annotated[str, Checked(253)]
    """Host name (`*` stands for any first labels), service tag, or address range."""

    protocol: CsvMember
    """TCP, UDP or Any."""

    ports: Annotated[str, Checked(64)]
    """Port numbers, separated by commas."""

    purpose: Annotated[str, Checked(512)] | None = None
    """What stops working without it, with its rule id."""


class Status(ApiModel):
    """What every kind reports."""

    observed_generation: int | None = None
    """The metadata.generation this status is based on; -1 until the operator has seen the resource."""

    conditions: Annotated[tuple[Condition, ...], MapOf(32, key="type")] = ()
    """Ready sums up; Reconciling and Stalled say whether the operator or a person must act; InSync and
    Permitted speak of drift and rights; the others stand for one aspect each."""

    findings: Annotated[tuple[Finding, ...], Field(max_length=128)] = ()
    """Rules that are not met and that somebody must know of; the most severe 128."""

    plan: Annotated[tuple[PlannedAction, ...], Field(max_length=128)] = ()
    """With mode Observe: the writes that Enforce would begin, each after those that it waits for; empty when there
    are none. Of more than 128, those of one kind are counted, and what closes a service stands alone."""

    inventory: Annotated[tuple[InventoryItem, ...], Field(max_length=1024)] = ()
    """All that the operator made in Azure for this resource; deletionPolicy Delete removes just this."""

    operations: Annotated[tuple[Operation, ...], Field(max_length=128)] = ()
    """Long-running operations that have not ended."""


class WorkspaceDiscovery(ApiModel):
    """What the workspace itself names in Azure."""

    workspace_name: CsvMember | None = None
    """The workspace's name."""

    workspace_guid: CsvMember | None = None
    """The workspace's immutable GUID, part of its host names."""

    location: CsvMember | None = None
    """Azure region of the workspace."""

    principal_id: CsvMember | None = None
    """Object id of the workspace's managed identity, which holds the roles."""

    storage_account_id: Identifier | None = None
    """ARM id of the workspace's default storage account."""

    key_vault_id: Identifier | None = None
    """ARM id of the workspace's key vault."""

    container_registry_id: Identifier | None = None
    """ARM id of the workspace's container registry; absent until it has one."""

    application_insights_id: Identifier | None = None
    """ARM id of the workspace's Application Insights."""


class TagGiven(ApiModel):
    """A tag that the operator gives to what it makes, or gave: one that the spec drops is known for ours by it."""

    name: Annotated[str, Checked(512)]
    """Its name."""

    value: Annotated[str, Checked(256)]
    """Its value."""


class Fault(ApiModel):
    """One thing that Azure's own diagnosis found."""

    category: Annotated[str, Checked(128)]
    """What it is about, in Azure's words: dnsResolutionResults, containerRegistryResults."""

    code: Annotated[str, Checked(128)] | None = None
    """Azure's word for the fault, for machines."""

    level: Annotated[str, Checked(128)] | None = None
    """Error, Warning or Information, as Azure says."""

    message: Annotated[str, Checked(1024)] | None = None
    """What Azure says of it."""


class NoDiagnosis(ApiModel):
    """Why Azure did not diagnose."""

    reason: CsvMember
    """One CamelCase word, for machines."""

    message: Text
    """What happened."""

    advice: Text | None = None
    """What to do about it."""


class Diagnosis(ApiModel):
    """What Azure found when it was last asked to look for faults by itself."""

    at: Timestamp
    """When it answered."""

    resource: Identifier
    """ARM id of what was diagnosed."""

    asked_at: Annotated[str, Checked(256)] | None = None
    """The annotation secureml.dev/diagnose-at as it was then."""

    ready_generation: int | None = None
    """The latest metadata.generation that was Ready when it was asked."""

    faults: Annotated[tuple[Fault, ...], Field(max_length=32)] = ()
    """The 32 worst; none when all was well."""

    refusal: NoDiagnosis | None = None
    """Set when there was no diagnosis."""


class SecureWorkspaceStatus(Status):
    """The state of the workspace's isolation."""

    azure: WorkspaceDiscovery | None = None
    """What the workspace itself names in Azure."""

    exposed_services: int | None = None
    """How many of the services answer the internet; the list below tells which."""

    diagnosis: Diagnosis | None = None
    """What Azure itself found wrong; asked for once Ready, and with the annotation secureml.dev/diagnose-at."""

    services: Annotated[tuple[ServiceAccess, ...], MapOf(64, key="id")] = ()
    """Every service that is to be closed, and whether it is: what is Open answers the internet."""

    tags: Annotated[tuple[TagGiven, ...], Field(max_length=256)] = ()
    """The tags of spec.tags, and those of earlier specs that are still to be taken off or replaced."""

    dns_records: Annotated[tuple[DNSRecord, ...], Field(max_length=256)] = ()
    """The private names and their addresses: the table for a DNS server of your own (DNS-01). With spec.dns.mode
    None it has those of compute instances, too (`*.<region>.instances…`): where workspaces share that server, make
    a record for each instance, `<name>.<region>.instances…`, in place of these."""

    dns_forwarders: Annotated[tuple[Annotated[str, Checked(253)], ...], Field(max_length=256)] = ()
    """The zones that DNS servers of your own must forward to 168.63.129.16, as seen from the networks of
    spec.dns.serverNetworkIDs; listed while a network of this resource asks such a server (DNS-07)."""


class ComputeDiscovery(ApiModel):
    """What the compute is and where it stands."""

    compute_id: Identifier | None = None
    """ARM id of the compute in its workspace."""

    workspace_id: Identifier | None = None
    """ARM id of the workspace."""

    location: CsvMember | None = None
    """Azure region of the compute."""

    subnet_id: Identifier | None = None
    """ARM id of the subnet in which its nodes have their addresses."""

    security_group_id: Identifier | None = None
    """ARM id of the network security group on that subnet."""

    free_addresses: int | None = None
    """Addresses left in the subnet, after the five that Azure keeps (CMP-SUBNET-01)."""


class SecureComputeStatus(Status):
    """The state of a compute's isolation."""

    azure: ComputeDiscovery | None = None
    """What the compute is and where it stands."""

    required_egress: Annotated[tuple[EgressDestination, ...], Field(max_length=256)] = ()
    """What a firewall must let out of the compute's subnet: the list for its owner (FW-01)."""


class InferenceDiscovery(ApiModel):
    """What the inference cluster is and where it answers."""

    compute_id: Identifier | None = None
    """ARM id of the attached compute in its workspace."""

    workspace_id: Identifier | None = None
    """ARM id of the workspace."""

    location: CsvMember | None = None
    """Azure region of the cluster."""

    subnet_id: Identifier | None = None
    """ARM id of the subnet of the cluster's nodes."""

    principal_id: CsvMember | None = None
    """Object id of the identity with which the cluster makes load balancers (AKS-ID-01)."""

    scoring_addresses: Annotated[tuple[Annotated[str, Checked(45)], ...], Field(max_length=16)] = ()
    """IP addresses of the load balancer that receives scoring requests."""


class SecureInferenceClusterStatus(Status):
    """The state of an inference cluster's isolation."""

    azure: InferenceDiscovery | None = None
    """What the cluster is and where it answers."""

    required_egress: Annotated[tuple[EgressDestination, ...], Field(max_length=256)] = ()
    """What a firewall must let out of the cluster's subnets: the list for its owner (AKS-EGR-01)."""

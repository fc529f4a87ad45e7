"""SecureWorkspace: one Azure ML workspace and everything it leans on, kept off the public internet."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool

from secureml_reconcilers.api.azure_ids import (
    ContainerRegistryID,
    PrivateDNSZoneID,
    ResourceGroupID,
    StorageAccountID,
    SubnetID,
    VirtualNetworkID,
    WorkspaceID,
)
from secureml_reconcilers.api.common import (
    Access,
    ComputeName,
    DNSName,
    ManagedSpec,
    MemberName,
    NamePrefix,
    PrivateAddress,
    PrivateLinkGroup,
    PublicIPRange,
    RequestMessage,
    StorageSubResource,
)
from secureml_reconcilers.api.fields import MapOf, SetOf
from secureml_reconcilers.api.model import ApiModel
from secureml_reconcilers.api.rules import Rule, immutable
from secureml_reconcilers.api.tags import Tags
from secureml_reconcilers.api.zone_names import ZONE_NAMES


class Network(ApiModel):
    """The virtual networks from which the workspace is used."""

    endpoint_subnet_id: SubnetID
    """ARM id of the subnet in which all private endpoints are created; immutable. With the defaults it needs
    8 free addresses: 3 for the workspace, 1 for each storage sub-resource and the vault, 2 for the registry
    (WS-PE-01, ACR-DATA-01). A delegated subnet is refused by Azure (ACI-CONF-01)."""

    client_network_ids: Annotated[tuple[VirtualNetworkID, ...], SetOf(64)] = ()
    """ARM ids of further virtual networks, peered with the first, that must resolve the private names: each
    is linked to every zone (DNS-03). Default none."""

    admission: ClassVar = (
        immutable(
            "endpointSubnetID",
            "the subnet of a private endpoint is fixed; create another SecureWorkspace and delete this one",
            ignore_case=True,
        ),
    )


_ZONES = tuple(dict.fromkeys(name for cloud in ZONE_NAMES.values() for zones in cloud.values() for name in zones))
"""The zones of all clouds: the API server does not know in which one it is."""

_SHOWN = ("amlworkspace", "blob", "vault", "registry")
"""Private link groups whose zones a refusal names, so that a typing error is seen at once."""


def _zone_names(dns: "DNS") -> list[str]:
    return [zone.lower().rsplit("/", 1)[1] for zone in dns.zone_ids]


def _distinct_zone_names(dns: "DNS") -> bool:
    return len(set(_zone_names(dns))) == len(dns.zone_ids)


def _known_zone_names(dns: "DNS") -> bool:
    return set(_zone_names(dns)) <= set(_ZONES)


class ConfirmedRecord(ApiModel):
    """A record that its author says exists: an entry of status.dnsRecords, copied."""

    name: DNSName
    """Full name, such as frauddata.blob.core.windows.net."""

    addresses: Annotated[tuple[PrivateAddress, ...], SetOf(16, min_items=1)]
    """IPv4 addresses of its private endpoint, to which the name leads."""


class DNS(ApiModel):
    """Who keeps the private DNS zones in which the private endpoints are found."""

    mode: Literal["Managed", "Existing", "None"] = "Managed"
    """Managed (default) uses the zone of the right name that is already linked to the virtual network, else
    creates one (DNS-04). Existing only uses zones that exist, and reports the missing ones. None leaves DNS
    to somebody else: no zone, link or zone group is written, and status.dnsRecords lists the records that
    must exist (DNS-01); a service is closed once its records stand in confirmedRecords."""

    zone_resource_group_id: ResourceGroupID | None = None
    """ARM id of the resource group in which zones are looked for and created; default the group of the
    virtual network. May lie in another subscription, as in hub and spoke."""

    zone_ids: Annotated[tuple[PrivateDNSZoneID, ...], SetOf(16)] = ()
    """ARM ids of zones to use in place of those the operator would find; each serves the private endpoints
    whose zone has its name. Where the network is linked to another zone of that name, the one named here is
    prepared, and a finding tells what is left to do. Default none."""

    server_network_ids: Annotated[tuple[VirtualNetworkID, ...], SetOf(16)] = ()
    """ARM ids of the virtual networks in which DNS servers of your own live that networks of this resource ask
    (their dhcpOptions.dnsServers): a DNS server machine, a firewall that forwards names, the inbound endpoint of a
    resolver. These are linked to the zones in place of the networks that ask them, and every one of such servers
    must have its address in one of them. Naming them says that the servers forward the zones of
    status.dnsForwarders to 168.63.129.16 (DNS-07). Default none: then nothing is closed while a network asks
    such a server."""

    fallback: Literal["PublicDNS", "None"] = "PublicDNS"
    """What a linked network is answered for a name of which the zone holds no record. PublicDNS (default): the
    public address, as without the zone, so that accounts of others go on to be found; links that the operator
    makes have the resolution policy NxDomainRedirect. None: that there is no such name; links are then made only
    after the records, and one that falls back already is left so. Means nothing with mode None."""

    confirmed_records: Annotated[tuple[ConfirmedRecord, ...], MapOf(128, key="name")] = ()
    """Only with None: the entries of status.dnsRecords whose records exist, copied from there. The operator
    cannot check them, so it closes each service only when all of its names stand here with the addresses that
    its endpoint has (DNS-01, OPS-08). Default none: nothing is closed."""

    admission: ClassVar = (
        Rule(
            "self.mode == 'None' || !has(self.confirmedRecords) || self.confirmedRecords.size() == 0",
            "confirmedRecords needs dns.mode None: in the other modes the operator reads the records itself",
            holds=lambda dns: dns.mode == "None" or not dns.confirmed_records,
            field_path=".confirmedRecords",
        ),
        Rule(
            "self.mode != 'None' || (!has(self.zoneResourceGroupID) && (!has(self.zoneIDs)"
            " || self.zoneIDs.size() == 0) && (!has(self.serverNetworkIDs) || self.serverNetworkIDs.size() == 0))",
            "with dns.mode None the operator touches no zone: remove zoneResourceGroupID, zoneIDs and"
            " serverNetworkIDs, or choose Managed or Existing",
            holds=lambda dns: (
                dns.mode != "None" or not (dns.zone_resource_group_id or dns.zone_ids or dns.server_network_ids)
            ),
        ),
        Rule(
            "!has(self.zoneIDs) || self.zoneIDs.all(z, self.zoneIDs.exists_one(y,"
            " y.lowerAscii().split('/')[8] == z.lowerAscii().split('/')[8]))",
            "two ids name zones of one name: a virtual network can be linked to only one of them (DNS-04)",
            holds=_distinct_zone_names,
            field_path=".zoneIDs",
        ),
        Rule(
            f"!has(self.zoneIDs) || self.zoneIDs.all(z, z.lowerAscii().split('/')[8] in {list(_ZONES)})",
            "every id must name a zone in which a workspace, a storage account, a key vault or a registry has its"
            f" private names: {', '.join(ZONE_NAMES['AzureCloud'][group][0] for group in _SHOWN)}, say (DNS-02)",
            holds=_known_zone_names,
            field_path=".zoneIDs",
        ),
    )


class StaticAddress(ApiModel):
    """An address that an endpoint is to have."""

    group: PrivateLinkGroup
    """What the endpoint leads to: amlworkspace, vault, registry, or a part of a storage account."""

    member: MemberName
    """Which of the endpoint's addresses it is. Of amlworkspace: default, notebook and inference; of vault:
    default; of registry: registry, and registry_data_<region> for each region; of an account the part itself."""

    address: PrivateAddress
    """A free IPv4 address of the endpoint subnet."""

    account_id: StorageAccountID | None = None
    """ARM id of the storage account whose part it is; default the workspace's own."""


def _members(endpoints: "Endpoints") -> list[tuple[str, str, str]]:
    return [(each.group, each.member, each.account_id or "") for each in endpoints.static_addresses]


class Endpoints(ApiModel):
    """Where and how private endpoints are created."""

    resource_group_id: ResourceGroupID | None = None
    """ARM id of the resource group in which private endpoints are created; immutable, default the group of
    the virtual network."""

    name_prefix: NamePrefix | None = None
    """What the names of private endpoints begin with that are made from now on, `pe-` say; those that exist keep
    their names and are used as they are. Default: the service's name comes first."""

    static_addresses: Annotated[tuple[StaticAddress, ...], MapOf(64, key="address")] = ()
    """Addresses for endpoints that are made from now on, for rules of firewalls and DNS servers of your own. Azure
    takes an address for each member of a group, or for none. Default: Azure chooses."""

    connection: Literal["Automatic", "Manual"] = "Automatic"
    """How endpoints that are made from now on are connected. Automatic (default): the service approves at once,
    or the operator does. Manual: whoever keeps the service approves, as where that is another team's or another
    tenant's; until then nothing of it is closed, and the message tells the command."""

    request_message: RequestMessage | None = None
    """Only with Manual: what whoever approves is told, at most 140 characters. Default none."""

    subnet_network_policies: Literal["Keep", "Disable"] = "Keep"
    """Keep (default) leaves the network policies of the endpoint subnet alone. Disable switches them off
    before an endpoint is made, for which the operator needs Microsoft.Network/virtualNetworks/subnets/write;
    security groups and routes then no longer apply to any private endpoint in that subnet (WS-PE-02)."""

    stranded_computes: Literal["Report", "Hold"] = "Report"
    """What happens when the workspace is to get its first private endpoint and has clusters or instances outside
    of the declared networks, which stop working then (WS-PE-07). Report (default) names them beforehand and goes
    on. Hold makes no endpoint, and so closes nothing, until none is left."""

    admission: ClassVar = (
        Rule(
            "self.connection == 'Manual' || !has(self.requestMessage)",
            "requestMessage is read by whoever approves: set connection to Manual, or remove it",
            holds=lambda endpoints: endpoints.connection == "Manual" or endpoints.request_message is None,
            field_path=".requestMessage",
        ),
        Rule(
            "!has(self.staticAddresses) || self.staticAddresses.all(a, self.staticAddresses.exists_one(b,"
            " a.group == b.group && a.member == b.member && (has(a.accountID) ? a.accountID : '')"
            " == (has(b.accountID) ? b.accountID : '')))",
            "two addresses are given for one member of one group: an endpoint takes one for each",
            holds=lambda endpoints: len(set(_members(endpoints))) == len(endpoints.static_addresses),
            field_path=".staticAddresses",
        ),
    )


SubResources = Annotated[tuple[StorageSubResource, ...], SetOf(6, min_items=1)]

_DFS_NEEDS_BLOB = Rule(
    "!has(self.subResources) || !('dfs' in self.subResources) || 'blob' in self.subResources",
    "dfs needs blob beside it: a Data Lake endpoint answers some calls through the blob name (ST-PE-05)",
    holds=lambda storage: "dfs" not in storage.sub_resources or "blob" in storage.sub_resources,
    field_path=".subResources",
)


class AdditionalAccount(ApiModel):
    """A storage account that the workspace uses beside its own."""

    account_id: StorageAccountID
    """ARM id of the storage account (ST-SCOPE-01)."""

    access: Access = "PrivateEndpoint"
    """PrivateEndpoint (default) or ServiceEndpoint, for this account; see storage.access (ST-MODE-01)."""

    sub_resources: SubResources = ("blob",)
    """Parts of the account that get a private endpoint: those that hold the data (ST-PE-04). Default blob."""

    admission: ClassVar = (_DFS_NEEDS_BLOB,)


def _service_endpoint_has_subnets(storage: "Storage") -> bool:
    modes = {storage.access, *(account.access for account in storage.additional_accounts)}
    return "ServiceEndpoint" not in modes or bool(storage.allowed_subnet_ids)


class Storage(ApiModel):
    """How the workspace's storage accounts are reached, and by whom."""

    access: Access = "PrivateEndpoint"
    """How the default account is reached. PrivateEndpoint (default) gives it addresses in the virtual network
    and, when no range or subnet is allowed below, switches its public access off (ST-PUB-01).
    ServiceEndpoint keeps its public address but lets only allowedSubnetIDs and allowedIPRanges in
    (ST-SE-01)."""

    sub_resources: SubResources = ("blob", "file")
    """Parts of the default account that get a private endpoint. Default blob and file (ST-PE-01, ST-PE-02);
    add queue and table for ParallelRunStep and batch endpoints (ST-PE-03), dfs for Data Lake Gen2.
    Without effect with ServiceEndpoint."""

    allowed_ip_ranges: Annotated[tuple[PublicIPRange, ...], SetOf(400)] = ()
    """Public IPv4 addresses or ranges let in through the firewall, for machines outside the virtual network
    that run the SDK (ST-IP-01). Entries of others stay. The account then keeps a public address that denies
    everybody else; one that is switched off already stays off, which is reported. Default none."""

    allowed_subnet_ids: Annotated[tuple[SubnetID, ...], SetOf(400)] = ()
    """ARM ids of subnets let in through the firewall. Each gets the service endpoint Microsoft.Storage first,
    which changes the source address of its running traffic (ST-SE-01). Required with ServiceEndpoint,
    default none."""

    anonymous_access: Literal["Keep", "Disable"] = "Keep"
    """Disable has nobody read blobs anonymously, from wherever, on every account (ST-PUB-01). Keep (default)
    leaves that as it is: a firewall decides who reaches the account, not who may read without signing in."""

    trusted_access: Literal["AzureServices", "WorkspaceOnly"] = "AzureServices"
    """Which Azure services pass the firewall: AzureServices (default) all that Azure trusts, unless a rule lets
    the workspace in already (ST-TRUST-01); WorkspaceOnly this workspace alone, by a resource instance rule that
    is added before the others are shut out (ST-RIR-01). The rule stays when the field changes back."""

    datastore_auth: Literal["AccessKey", "Identity"] | None = None
    """How the workspace's default datastores sign in to the account: AccessKey or Identity (preview).
    Identity is needed where the account's keys are switched off; users then need roles on the account
    (WS-DSAUTH-01). Default: left as it is."""

    additional_accounts: Annotated[tuple[AdditionalAccount, ...], MapOf(32, key="account_id")] = ()
    """Further storage accounts of the workspace's datastores; the firewall entries above hold for them too
    (ST-SCOPE-01). Default none."""

    admission: ClassVar = (
        _DFS_NEEDS_BLOB,
        Rule(
            "(self.access != 'ServiceEndpoint' && !(has(self.additionalAccounts)"
            " && self.additionalAccounts.exists(a, a.access == 'ServiceEndpoint')))"
            " || (has(self.allowedSubnetIDs) && self.allowedSubnetIDs.size() > 0)",
            "access ServiceEndpoint needs storage.allowedSubnetIDs, the subnets of computes and clients:"
            " without them nothing in the virtual network reaches the account (ST-SE-01)",
            holds=_service_endpoint_has_subnets,
            reason="FieldValueRequired",
        ),
    )


class KeyVault(ApiModel):
    """How the workspace's key vault is reached, and by whom."""

    access: Access = "PrivateEndpoint"
    """PrivateEndpoint (default) gives the vault an address in the virtual network and, when no range or
    subnet is allowed below, switches its public access off (KV-PNA-01). ServiceEndpoint keeps its public
    address but lets only allowedSubnetIDs and allowedIPRanges in (KV-NET-01). Trusted Azure services may
    bypass the firewall either way, as the workspace itself does (KV-BYP-01)."""

    allowed_ip_ranges: Annotated[tuple[PublicIPRange, ...], SetOf(1000)] = ()
    """Public IPv4 addresses or ranges let in through the vault's firewall. Public access that
    is off already stays off, which is reported. Default none."""

    allowed_subnet_ids: Annotated[tuple[SubnetID, ...], SetOf(200)] = ()
    """ARM ids of subnets let in through the vault's firewall; each gets the service endpoint
    Microsoft.KeyVault first, effective after up to 15 minutes (KV-LAG-01). Required with ServiceEndpoint,
    default none."""

    admission: ClassVar = (
        Rule(
            "self.access != 'ServiceEndpoint' || (has(self.allowedSubnetIDs) && self.allowedSubnetIDs.size() > 0)",
            "access ServiceEndpoint needs keyVault.allowedSubnetIDs, the subnets of computes and clients:"
            " without them nothing in the virtual network reaches the vault (KV-NET-01)",
            holds=lambda vault: vault.access != "ServiceEndpoint" or bool(vault.allowed_subnet_ids),
            reason="FieldValueRequired",
        ),
    )


class ContainerRegistry(ApiModel):
    """The registry that keeps the workspace's images; always reached by private endpoint (ACR-MODE-01)."""

    registry_id: ContainerRegistryID | None = None
    """ARM id of the registry to give to a workspace that has none; ignored once it has one. It must exist, unless
    create is true. Default: wait until Azure ML creates its own at the first training run or deployment
    (ACR-EXIST-01)."""

    create: StrictBool = False
    """Let the operator make the registry of registryID, Premium and closed from the start, for a workspace that
    has none. Billable, so default false. It is never deleted by the operator: it holds images."""

    allowed_ip_ranges: Annotated[tuple[PublicIPRange, ...], SetOf(200)] = ()
    """Public IPv4 addresses or ranges let in through the registry's firewall. Public access that is off
    already stays off, which is reported. Default none: it is switched off (ACR-PNA-01)."""

    upgrade_to_premium: StrictBool = False
    """Allow the upgrade of a Basic or Standard registry to Premium, without which it cannot be private
    (ACR-SKU-01). Billable, so default false: the need is reported and the registry stays as it is."""

    admission: ClassVar = (
        Rule(
            "!self.create || has(self.registryID)",
            "create needs registryID, the id of the registry to make",
            holds=lambda registry: not registry.create or registry.registry_id is not None,
            reason="FieldValueRequired",
        ),
    )


class ImageBuild(ApiModel):
    """What builds the images of jobs and deployments once the registry is private."""

    compute_name: ComputeName | None = None
    """Name of a CPU cluster (AmlCompute) of this workspace that builds images, because a private registry
    cannot build them itself (ACR-BUILD-01, ACR-BUILD-02). It is set on the workspace before the registry is
    closed; until the cluster is there, a registry that is open stays so, which is reported. Default: the
    workspace's setting is left alone, and reported when it is empty."""

    builder: Literal["Keep", "Default"] = "Keep"
    """Only without computeName. Keep (default) leaves the workspace's setting alone. Default gives building back
    to Azure's default builder while the registry is not private yet (ACR-BUILD-03); afterwards that does not
    reach the registry, and it is reported."""

    admission: ClassVar = (
        Rule(
            "self.builder == 'Keep' || !has(self.computeName)",
            "builder Default and computeName contradict each other: remove one of them",
            holds=lambda build: build.builder == "Keep" or not build.compute_name,
            field_path=".builder",
        ),
    )


class Studio(ApiModel):
    """Use of Azure ML studio with data in the virtual network."""

    enabled: StrictBool = False
    """True when people use studio: checks that the workspace has a managed identity and that it holds the
    roles to read the storage account (STUDIO-MI-01, STUDIO-RBAC-01 to -03). Default false. Without the roles
    data previews, designer charts, AutoML and labeling fail."""

    grant_roles: StrictBool = False
    """Let the operator give the workspace identity its missing roles: Reader and Storage Blob Data Reader on
    the account, Reader on its private endpoints. Accounts close once they are heeded, ten minutes later at the
    latest. Default false: missing roles are only reported, and accounts do not wait for them. The operator's own
    identity needs the right to assign roles (docs/azure-role-studio.json)."""

    labeling: StrictBool = False
    """True when ML-assisted labeling is used, which cannot read a default account behind a virtual network:
    an additional account is then asked for (STUDIO-LABEL-01). Default false."""

    admission: ClassVar = (
        Rule(
            "self.enabled || !(self.grantRoles || self.labeling)",
            "grantRoles and labeling mean nothing without studio: set studio.enabled to true, or remove them",
            holds=lambda studio: studio.enabled or not (studio.grant_roles or studio.labeling),
        ),
    )


class PublicAccess(ApiModel):
    """Whether the workspace itself still answers on the public internet."""

    workspace: Literal["Disabled", "Enabled"] = "Disabled"
    """Disabled (default) closes the workspace's public address, after every private way in works (WS-PE-03,
    OPS-08). Enabled leaves it as it is, which is told; there is no condition PublicAccessClosed then."""

    allowed_ip_ranges: Annotated[tuple[PublicIPRange, ...], SetOf(200)] = ()
    """Only with Enabled: the public IPv4 addresses or ranges that may still reach the workspace; everybody
    else is refused (WS-IPALLOW-01). At most 200. Default none: everybody may."""

    admission: ClassVar = (
        Rule(
            "self.workspace == 'Enabled' || !has(self.allowedIPRanges) || self.allowedIPRanges.size() == 0",
            "allowedIPRanges needs publicAccess.workspace Enabled: a closed workspace lets nobody in by"
            " address (WS-IPALLOW-01)",
            holds=lambda public: public.workspace == "Enabled" or not public.allowed_ip_ranges,
            field_path=".allowedIPRanges",
        ),
    )


class ServerlessCompute(ApiModel):
    """Where the nodes of serverless jobs live."""

    subnet_id: SubnetID
    """ARM id of the subnet in which serverless nodes get their addresses, one each; its network must be one of
    spec.network (WS-SRVLESS-01)."""

    no_public_ip: StrictBool = False
    """True gives serverless nodes no public address; they then need the workspace's private endpoint and a way
    out of the network for packages (WS-SRVLESS-01). Default false."""


class WorkspaceSettings(ApiModel):
    """Settings of the workspace itself; each is left as it is where the spec does not speak of it."""

    v1_legacy_mode: StrictBool | None = None
    """True keeps calls of the first API inside the private endpoint and blocks the second; false lets calls of
    the second pass through Azure Resource Manager (WS-LEGACY-01). Azure takes up to an hour and more to leave
    the mode. Default: left as it is."""

    serverless_compute: ServerlessCompute | None = None
    """Where serverless nodes live (WS-SRVLESS-01). Default: left as it is."""


class SecureWorkspaceSpec(ManagedSpec):
    """What must be true of the workspace; storage, vault and registry are discovered from it."""

    workspace_id: WorkspaceID
    """ARM id of the Azure ML workspace to isolate; it must exist (GEN-WS-01); immutable."""

    network: Network
    """The virtual networks from which the workspace is used."""

    dns: DNS = DNS()
    """Private DNS: who keeps the zones. Default: managed by the operator."""

    endpoints: Endpoints = Endpoints()
    """Where private endpoints are created. Default: beside the virtual network."""

    tags: Tags = Field(default_factory=dict)
    """Tags for what the operator makes: endpoints, zones and links, and a registry when it is created; where a
    policy demands some, put them here. They are put back when they are lost or changed; tags of others stay. A tag
    taken out of the spec is taken off our endpoints again; zones and links are shared and keep theirs, and of two
    resources that want different values there the first one's stands. Zones and links get only tags whose names
    they can carry: a letter, then letters, digits, hyphens and underscores. Default none."""

    storage: Storage = Storage()
    """The workspace's storage accounts. Default: private endpoints for blob and file, no public access."""

    key_vault: KeyVault = KeyVault()
    """The workspace's key vault. Default: a private endpoint, no public access."""

    container_registry: ContainerRegistry = ContainerRegistry()
    """The workspace's container registry. Default: a private endpoint, no public access, no upgrade."""

    image_build: ImageBuild = ImageBuild()
    """What builds images when the registry is private. Default: the workspace's setting is left alone."""

    studio: Studio = Studio()
    """Use of Azure ML studio. Default: not used, nothing checked."""

    public_access: PublicAccess = PublicAccess()
    """Public access to the workspace itself. Default: closed."""

    advice: Literal["Brief", "Full"] = "Brief"
    """How much is told of the estate around the workspace, as findings that hold nothing up. Brief (default) tells
    what shows anyway. Full also looks at ways into the network, firewall, monitoring, region, online endpoints and
    linked Synapse pools, which takes a few more requests each time, and names what no private endpoint covers."""

    shared_services: Literal["Wait", "Close"] = "Wait"
    """What happens to an account, vault or registry that another resource declares as well, from other networks.
    Wait (default) leaves it open until every declared network has its private way into it, and says for whom it
    waits. Close closes it when the networks of this resource have theirs: clients elsewhere may be cut off."""

    legacy_edition_checks: StrictBool = False
    """Tell what the edition of the workspace's SKU did not allow when there were two (WS-ED-01 to WS-ED-09).
    Default false: there is one edition now, and every workspace made today calls itself Basic."""

    workspace_settings: WorkspaceSettings = WorkspaceSettings()
    """Settings of the workspace itself. Default: left as they are."""

    admission: ClassVar = (
        immutable("workspaceID", "create another SecureWorkspace for another workspace", ignore_case=True),
        immutable(
            "endpoints.resourceGroupID",
            "private endpoints cannot move to another group; create another SecureWorkspace instead",
            ignore_case=True,
        ),
    )

"""Reasons for which a workspace is not isolated, found by looking at Azure and at the spec."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.api.reasons.entry import Reason, Section, Who, entered


def _problem(word: str, when: str, who: Who, do: str) -> Reason:
    return entered(word, Section.PROBLEM, who, when, do)


def _advice(word: str, when: str, who: Who, do: str) -> Reason:
    return entered(word, Section.ADVICE, who, when, do)


# the workspace and its services
WORKSPACE_NOT_FOUND: Final = _problem(
    "WorkspaceNotFound",
    "The workspace that `spec.workspaceID` names does not exist.",
    Who.AUTHOR,
    "Create it, or name another one in a new resource.",
)
WORKSPACE_NOT_PROVISIONED: Final = _problem(
    "WorkspaceNotProvisioned",
    "The workspace's provisioning state is Failed, Canceled or Deleting.",
    Who.ADMINISTRATOR,
    "Repair it (`az ml workspace diagnose`).",
)
WORKSPACE_INCOMPLETE: Final = _problem(
    "WorkspaceIncomplete",
    "The workspace names no storage account or no key vault, as a project of a hub does.",
    Who.ADMINISTRATOR,
    "Repair it; for a project, name the hub's workspace in a new resource.",
)
STORAGE_NOT_FOUND: Final = _problem(
    "StorageNotFound",
    "A storage account that the workspace or the spec names does not exist.",
    Who.AUTHOR,
    "Restore it, or correct what names it.",
)
STORAGE_KIND_UNSUPPORTED: Final = _problem(
    "StorageKindUnsupported",
    "A storage account is general purpose v1, which cannot have private endpoints.",
    Who.ADMINISTRATOR,
    "Upgrade it to v2.",
)
KEY_VAULT_NOT_FOUND: Final = _problem(
    "KeyVaultNotFound",
    "The key vault that the workspace names does not exist.",
    Who.AUTHOR,
    "Recover it.",
)
REGISTRY_NOT_FOUND: Final = _problem(
    "RegistryNotFound",
    "The container registry that the workspace names does not exist.",
    Who.AUTHOR,
    "Restore it, or have the workspace name another.",
)
REGISTRY_NOT_PREMIUM: Final = _problem(
    "RegistryNotPremium",
    "The container registry's SKU has neither private endpoints nor network rules.",
    Who.ADMINISTRATOR,
    "Upgrade it to Premium; it then costs more.",
)
EXPOSED: Final = _problem(
    "Exposed",
    "A service that is declared closed answers the internet, and is not being closed: Azure refuses that, or it"
    " would cut off clients that have no other way. `status.services` tells when that was first seen; an event"
    " says it again at growing intervals.",
    Who.ADMINISTRATOR,
    "Remove what the message names, or close the service by hand with the command that it ends with.",
)
IMAGE_BUILD_COMPUTE_NOT_FOUND: Final = _problem(
    "ImageBuildComputeNotFound",
    "The workspace has no compute of the name that `spec.imageBuild.computeName` gives. A registry that is open"
    " stays open until it has.",
    Who.AUTHOR,
    "Create the cluster, or name another.",
)
IMAGE_BUILD_COMPUTE_NOT_USABLE: Final = _problem(
    "ImageBuildComputeNotUsable",
    "The compute that `spec.imageBuild.computeName` names is no AmlCompute, has failed, or has GPUs.",
    Who.AUTHOR,
    "Name a cluster of CPU machines whose state is Succeeded.",
)
DEFAULT_BUILDER_SHUT_OUT: Final = _problem(
    "DefaultBuilderShutOut",
    "`spec.imageBuild.builder` is Default, and the registry is private already: Azure's default builder does not"
    " reach it, so the workspace keeps its cluster.",
    Who.AUTHOR,
    "Set it to Keep, or name the cluster in `spec.imageBuild.computeName`.",
)
WAITS_FOR_ANOTHER: Final = _problem(
    "WaitsForAnother",
    "A service stays open because another resource declares it as well, and the private way of that one does not"
    " work yet. Told by Exposed, and in `status.findings`.",
    Who.AUTHOR,
    "See the conditions of the other resource, or set `spec.sharedServices` to Close.",
)
PUBLIC_ACCESS_DISABLED: Final = _problem(
    "PublicAccessDisabled",
    "The spec lets addresses into a service whose public access is off, so they have no effect.",
    Who.ADMINISTRATOR,
    "Switch public access on (the operator opens nothing), or take the ranges out of the spec.",
)

ROLE_MISSING: Final = _problem(
    "RoleMissing",
    "`spec.studio.enabled` is true, and the workspace's identity lacks a role that studio needs to read data.",
    Who.ADMINISTRATOR,
    "Assign it as the message says, or set `spec.studio.grantRoles`.",
)
WORKSPACE_IDENTITY_MISSING: Final = _problem(
    "WorkspaceIdentityMissing",
    "`spec.studio.enabled` is true, and the workspace has no managed identity to read as.",
    Who.ADMINISTRATOR,
    "Give it a system-assigned identity.",
)

ALLOW_LIST_UNSUPPORTED: Final = _problem(
    "AllowListUnsupported",
    "The spec limits the workspace to addresses, and Azure shows no list of addresses of it.",
    Who.AUTHOR,
    "Have it closed, or remove the ranges.",
)
SUBNET_OUTSIDE_NETWORKS: Final = _problem(
    "SubnetOutsideNetworks",
    "A subnet that the spec has machines live in lies in none of the networks of `spec.network`.",
    Who.AUTHOR,
    "Add its network to `spec.network.clientNetworkIDs`, or name another subnet.",
)

# network and private endpoints
NETWORK_NOT_FOUND: Final = _problem(
    "NetworkNotFound",
    "The virtual network of `spec.network` does not exist.",
    Who.AUTHOR,
    "Create it, or create another resource that names a subnet of another network.",
)
SUBNET_NOT_FOUND: Final = _problem(
    "SubnetNotFound",
    "The network has no subnet of the name that `spec.network.endpointSubnetID` gives. Advice only where endpoints"
    " in another subnet serve already.",
    Who.AUTHOR,
    "Create the subnet, or create another resource that names another.",
)
ENDPOINT_IN_OTHER_SUBNET: Final = _advice(
    "EndpointInOtherSubnet",
    "Private endpoints that this resource uses are in another subnet than the spec names: they were there before.",
    Who.ADMINISTRATOR,
    "Leave them, or delete one after the other, and each is made anew in the named subnet; until then nobody"
    " reaches what it leads to.",
)
STATIC_ADDRESSES_INCOMPLETE: Final = _problem(
    "StaticAddressesIncomplete",
    "`spec.endpoints.staticAddresses` names some members of a group and not others, or one that it has not.",
    Who.AUTHOR,
    "Give each member that the message names one address, or leave the group out.",
)
STATIC_ADDRESS_OUTSIDE_SUBNET: Final = _problem(
    "StaticAddressOutsideSubnet",
    "`spec.endpoints.staticAddresses` chooses an address that the endpoint subnet does not give.",
    Who.AUTHOR,
    "Choose a free address of the subnet.",
)
STATIC_ADDRESS_NOT_USED: Final = _advice(
    "StaticAddressNotUsed",
    "A private endpoint exists already, and has other addresses than `spec.endpoints.staticAddresses` chooses; or"
    " none of its group is declared.",
    Who.ADMINISTRATOR,
    "Leave it, or delete it, and it is made anew with them; until then nobody reaches what it leads to.",
)
SUBNET_DELEGATED: Final = _problem(
    "SubnetDelegated",
    "The subnet is delegated to another service, which refuses private endpoints.",
    Who.AUTHOR,
    "Take the delegation off, or create another resource that names another subnet.",
)
SUBNET_FULL: Final = _problem(
    "SubnetFull",
    "The subnet has fewer free addresses than the private endpoints that are missing take.",
    Who.AUTHOR,
    "Have it widened, or name another.",
)
SUBNET_NETWORK_POLICIES_ENABLED: Final = _problem(
    "SubnetNetworkPoliciesEnabled",
    "Azure refuses a private endpoint, because the subnet's `privateEndpointNetworkPolicies` are on.",
    Who.AUTHOR,
    "Name a subnet where they are Disabled.",
)
SERVICE_ENDPOINT_MISSING: Final = _problem(
    "ServiceEndpointMissing",
    "A firewall lets in, or is to let in, a subnet that has no service endpoint for that service.",
    Who.ADMINISTRATOR,
    "Remove the rule for the subnet that the message names, or enable the service endpoint on it.",
)
PRIVATE_ENDPOINT_PENDING: Final = _problem(
    "PrivateEndpointPending",
    "The connection of a private endpoint waits for an approval that the operator cannot give.",
    Who.ADMINISTRATOR,
    "Approve it on the service (`az network private-endpoint-connection approve`).",
)
PRIVATE_ENDPOINT_REJECTED: Final = _problem(
    "PrivateEndpointRejected",
    "The connection of a private endpoint was rejected.",
    Who.ADMINISTRATOR,
    "Approve it on the service, or delete the endpoint to have it requested anew.",
)
PRIVATE_ENDPOINT_TIMED_OUT: Final = _problem(
    "PrivateEndpointTimedOut",
    "Nobody approved the connection of a private endpoint in time.",
    Who.ADMINISTRATOR,
    "Delete the endpoint to have it requested anew.",
)
PRIVATE_ENDPOINT_DISCONNECTED: Final = _problem(
    "PrivateEndpointDisconnected",
    "The connection of a private endpoint was removed on the service; it never comes back.",
    Who.ADMINISTRATOR,
    "Nothing where the operator made the endpoint, for it makes it anew; else delete it.",
)
PRIVATE_ENDPOINT_FAILED: Final = _problem(
    "PrivateEndpointFailed",
    "A private endpoint that somebody else made and that is used ended as failed or canceled.",
    Who.ADMINISTRATOR,
    "Have its owner write it again or delete it.",
)
NAME_TAKEN: Final = _problem(
    "NameTaken",
    "A resource of the name that the operator gives exists, and is not the operator's or leads elsewhere.",
    Who.AUTHOR,
    "Delete or rename it, or set `spec.adoption` to Adopt where the message offers it.",
)
COMPUTES_STRANDED: Final = _problem(
    "ComputesStranded",
    "Computes outside of the declared networks stop working when the workspace gets its first private endpoint. A"
    " condition shows it where `spec.endpoints.strandedComputes` is Hold.",
    Who.ADMINISTRATOR,
    "Make them anew in a subnet of the network.",
)

# names
ZONE_CONFLICT: Final = _problem(
    "ZoneConflict",
    "A network is linked to another private DNS zone of the same name, and can see one only.",
    Who.ADMINISTRATOR,
    "Remove that link, or have `spec.dns.zoneIDs` name that zone.",
)
ZONE_MOVE_WAITS: Final = _problem(
    "ZoneMoveWaits",
    "The spec declares another private DNS zone than the network sees; all is ready but the step that interrupts.",
    Who.ADMINISTRATOR,
    "Remove the old link when nobody is at work, or take the new zone out of `spec.dns`.",
)
VIRTUAL_NETWORK_LINK_FAILED: Final = _problem(
    "VirtualNetworkLinkFailed",
    "The link of a private DNS zone to a network, made by somebody else, has failed.",
    Who.ADMINISTRATOR,
    "Have its owner make it anew.",
)
ZONE_GROUP_INCOMPLETE: Final = _problem(
    "ZoneGroupIncomplete",
    "The DNS zone group of a private endpoint, made by somebody else, leaves out a zone that the network sees.",
    Who.ADMINISTRATOR,
    "Have its owner add the zone, or delete the group: the operator then makes its own.",
)
DNS_RECORD_TAKEN: Final = _problem(
    "DNSRecordTaken",
    "A record that leads elsewhere and is not the operator's stands where a private endpoint's would be written.",
    Who.ADMINISTRATOR,
    "Delete it if nobody needs it, or let the network use the endpoint that it leads to, or a zone of its own.",
)
CLIENT_NETWORK_NOT_PEERED: Final = _problem(
    "ClientNetworkNotPeered",
    "A network of `spec.network.clientNetworkIDs` cannot send to the network of the endpoints.",
    Who.ADMINISTRATOR,
    "Peer the two in both directions, or take it out of the spec.",
)
CLIENT_NETWORK_OVERLAPS: Final = _problem(
    "ClientNetworkOverlaps",
    "A network of `spec.network.clientNetworkIDs` has addresses of the network of the endpoints.",
    Who.AUTHOR,
    "Give it endpoints of its own, in another resource.",
)
CUSTOM_DNS_SERVER: Final = _problem(
    "CustomDNSServer",
    "A network asks a DNS server of its own, which was not shown to see the private zones or to be reached.",
    Who.AUTHOR,
    "Name the network in which it lives in `spec.dns.serverNetworkIDs`, or set `spec.dns.mode` to None.",
)
DNS_RECORD_UNREACHABLE: Final = _problem(
    "DNSRecordUnreachable",
    "A network is not linked to a zone that would answer its clients with an address where it cannot send to.",
    Who.ADMINISTRATOR,
    "Peer the two networks, delete the record if nobody needs it, or give the network zones of its own.",
)
DNS_RECORDS_NOT_TOLD: Final = _problem(
    "DNSRecordsNotTold",
    "A network is not linked to a zone that holds too many records to look through.",
    Who.ADMINISTRATOR,
    "Link it yourself where all of them are known to be reached, or give the network zones of its own.",
)
DNS_RECORD_MISMATCH: Final = _problem(
    "DNSRecordMismatch",
    "A record of a private endpoint that somebody else keeps leads elsewhere than the endpoint answers.",
    Who.ADMINISTRATOR,
    "Have the endpoint's owner write its zone group anew.",
)
DNS_RECORDS_NOT_CONFIRMED: Final = _problem(
    "DNSRecordsNotConfirmed",
    "`spec.dns.mode` is None, and records of `status.dnsRecords` are not in `spec.dns.confirmedRecords`.",
    Who.AUTHOR,
    "Make the records on the DNS server, then copy them into the spec.",
)

# the custom resource itself
INVALID_SPEC: Final = _problem(
    "InvalidSpec",
    "The spec cannot be understood, though the API server took it. Nothing is done.",
    Who.AUTHOR,
    "Correct it as the message says.",
)
NOT_IMPLEMENTED: Final = _problem(
    "NotImplemented",
    "This version does not act upon this kind.",
    Who.AUTHOR,
    "Remove the field, or wait for a version that does.",
)
REFERENCE_NOT_FOUND: Final = _problem(
    "ReferenceNotFound",
    "The spec names a custom resource that does not exist.",
    Who.AUTHOR,
    "Create it, or correct the name.",
)
REFERENCE_NOT_READY: Final = _problem(
    "ReferenceNotReady",
    "The custom resource that the spec names is not Ready, was not looked at yet, or is being deleted.",
    Who.AUTHOR,
    "Help that resource first, if the message does not say that it comes by itself.",
)
INVENTORY_FULL: Final = _problem(
    "InventoryFull",
    "`status.inventory` has no room for what would be made next.",
    Who.AUTHOR,
    "Divide what the resource declares between several.",
)
RECONCILE_FAILED: Final = _problem(
    "ReconcileFailed",
    "A pass ended in an exception or was cut off (event); at least two in a row did (conditions).",
    Who.RUNNER,
    "Report it with the log of the pass; apply the custom resource definitions of this version if it says so.",
)

# advice
NO_REGISTRY: Final = _advice(
    "NoRegistry",
    "The workspace has no container registry; it is isolated as soon as it has one.",
    Who.NOBODY,
    "",
)
NO_IMAGE_BUILD_COMPUTE: Final = _advice(
    "NoImageBuildCompute",
    "No cluster builds the workspace's images, and its registry cannot once it is private.",
    Who.ADMINISTRATOR,
    "Name a CPU cluster in the network in `spec.imageBuild.computeName`.",
)
ZONE_NOT_USED: Final = _advice(
    "ZoneNotUsed",
    "`spec.dns` declares a private DNS zone that no name is looked for in.",
    Who.AUTHOR,
    "Take it out, or name the zone that is to be used in `spec.dns.zoneIDs`.",
)
LINK_WITHOUT_FALLBACK: Final = _advice(
    "LinkWithoutFallback",
    "A link of others answers that there is no such name where the zone holds no record, and records are missing.",
    Who.ADMINISTRATOR,
    "Have its owner set the link's resolution policy to NxDomainRedirect.",
)
LINK_FALLS_BACK: Final = _advice(
    "LinkFallsBack",
    "`spec.dns.fallback` is None, and a link falls back to public names all the same.",
    Who.ADMINISTRATOR,
    "Leave it, or set the link's resolution policy to Default.",
)
PATH_NOT_TOLD: Final = _advice(
    "PathNotTold",
    "Whether a network reaches an address through a hub cannot be told.",
    Who.ADMINISTRATOR,
    "Look whether the hub forwards to it.",
)
WORKSPACE_IDENTITY_WITHOUT_ROLES: Final = _advice(
    "WorkspaceIdentityWithoutRoles",
    "Azure assigns the workspace's identity no role on its resource group, and nobody else has.",
    Who.ADMINISTRATOR,
    "Assign Azure AI Administrator there, or narrower roles on what the workspace uses.",
)
LABELING_NEEDS_ACCOUNT: Final = _advice(
    "LabelingNeedsAccount",
    "`spec.studio.labeling` is true, and the workspace has its default account only, which labeling cannot use.",
    Who.AUTHOR,
    "Name another account in `spec.storage.additionalAccounts`.",
)
STUDIO_SHUT_OUT: Final = _advice(
    "StudioShutOut",
    "Studio does not reach an account's blobs: it has no blob endpoint, or the workspace's subnet is not let in.",
    Who.AUTHOR,
    "Add the sub-resource or the subnet that the message names.",
)
COMPUTES_SHUT_OUT: Final = _advice(
    "ComputesShutOut",
    "An account is reached by service endpoint, and lets in no subnet of some computes of the workspace.",
    Who.AUTHOR,
    "Add their subnets to `spec.storage.allowedSubnetIDs`.",
)
KEYS_SWITCHED_OFF: Final = _advice(
    "KeysSwitchedOff",
    "The keys of the workspace's account are switched off, and its default datastores sign in by key.",
    Who.AUTHOR,
    "Set `spec.storage.datastoreAuth` to Identity.",
)
REGISTRY_SERVICE_ENDPOINTS: Final = _advice(
    "RegistryServiceEndpoints",
    "Subnets reach the registry by service endpoint, which ends when its public access is switched off.",
    Who.ADMINISTRATOR,
    "Let machines there use a private endpoint.",
)
SHARED_PRIVATE_LINK: Final = _advice(
    "SharedPrivateLink",
    "The workspace has a shared private link to its registry, as templates of 2019 made; it is left as it is.",
    Who.NOBODY,
    "",
)
MANAGED_NETWORK_ENABLED: Final = _advice(
    "ManagedNetworkEnabled",
    "The workspace has a managed network: its computes cannot use a subnet of yours.",
    Who.NOBODY,
    "",
)
PUBLIC_ACCESS_ALLOWED: Final = _advice(
    "PublicAccessAllowed",
    "`spec.publicAccess.workspace` is Enabled, so the workspace is not closed.",
    Who.AUTHOR,
    "Set it to Disabled to have it closed.",
)
UNDECLARED_FIREWALL_RULE: Final = _advice(
    "UndeclaredFirewallRule",
    "The firewall of a service lets in somebody whom the spec does not name.",
    Who.ADMINISTRATOR,
    "Name them in the spec, or remove the entry; the operator removes none.",
)
SECURITY_GROUP_APPLIES: Final = _advice(
    "SecurityGroupApplies",
    "Private endpoints in the subnet obey its security group or route table, which are not looked into.",
    Who.ADMINISTRATOR,
    "Check that clients reach the subnet on TCP 443.",
)
TAG_TAKEN: Final = _advice(
    "TagTaken",
    "A zone, a link or an endpoint that several resources use carries another value of a tag than `spec.tags`"
    " says. The value that was there first stays.",
    Who.AUTHOR,
    "Give the tag one value in all of them, and set it once in Azure.",
)
DUPLICATE_DECLARATION: Final = _advice(
    "DuplicateDeclaration",
    "Another custom resource, perhaps of another cluster, declares the same workspace.",
    Who.AUTHOR,
    "Delete one of them, or keep their specs alike.",
)
DECIDED_BY_ANOTHER: Final = _problem(
    "DecidedByAnother",
    "Another custom resource of this operator declares a property with another value, and is older: it decides.",
    Who.AUTHOR,
    "Give the property one value in both, or take it out of one of them.",
)
NO_LONGER_DECLARED: Final = _advice(
    "NoLongerDeclared",
    "Something was made or used for an earlier spec, and stays.",
    Who.AUTHOR,
    "Set `spec.deletionPolicy` to Delete to have it removed, or delete it yourself.",
)
KEPT: Final = _advice(
    "Kept",
    "Something that was to be removed stays: others use it, names in use may go with it, or it is not known to be"
    " the operator's.",
    Who.ADMINISTRATOR,
    "Delete it once nobody needs it, or leave it.",
)
MANAGED_NETWORK_NOT_PROVISIONED: Final = _advice(
    "ManagedNetworkNotProvisioned",
    "The workspace's managed network does not exist yet: it comes with the first compute.",
    Who.ADMINISTRATOR,
    "Have it made beforehand.",
)
SECURED_BY_PERIMETER: Final = _advice(
    "SecuredByPerimeter",
    "A network security perimeter takes the place of a service's firewall and of its bypass.",
    Who.ADMINISTRATOR,
    "Look whether the perimeter lets the workspace in.",
)
ROUTE_OVER_ENDPOINTS: Final = _advice(
    "RouteOverEndpoints",
    "A route of the endpoint subnet takes the place of those of its private endpoints.",
    Who.ADMINISTRATOR,
    "See that what it leads to passes the traffic on.",
)
ADVICE_INCOMPLETE: Final = _advice(
    "AdviceIncomplete",
    "Something that the full advice is about cannot be read, so nothing is said of it.",
    Who.ADMINISTRATOR,
    "Grant the right to read it, or set `spec.advice` to Brief.",
)
STAYS_PUBLIC: Final = _advice(
    "StaysPublic",
    "What no private endpoint covers, told where `spec.advice` is Full.",
    Who.ADMINISTRATOR,
    "Let machines of the network reach Azure Resource Manager; mind browsers that pass by private DNS.",
)
NO_WAY_IN: Final = _advice(
    "NoWayIn",
    "The network has no gateway, no Bastion and no peering, so only machines in it reach the workspace.",
    Who.ADMINISTRATOR,
    "Connect people to it.",
)
SITES_NEED_FORWARDING: Final = _advice(
    "SitesNeedForwarding",
    "A gateway connects sites to the network, which has nothing that their DNS servers could forward to.",
    Who.ADMINISTRATOR,
    "Make a resolver with an inbound endpoint.",
)
NO_FIREWALL_IN_FRONT: Final = _advice(
    "NoFirewallInFront",
    "No route of the endpoint subnet leads to a firewall.",
    Who.ADMINISTRATOR,
    "Route the subnets through one, where what leaves the network must be looked at.",
)
INSIGHTS_NOT_WORKSPACE_BASED: Final = _advice(
    "InsightsNotWorkspaceBased",
    "The workspace's Application Insights keeps its data itself.",
    Who.ADMINISTRATOR,
    "Give it a workspace of Azure Monitor.",
)
MONITOR_SCOPE_NOT_OPEN: Final = _advice(
    "MonitorScopeNotOpen",
    "A private link scope of Azure Monitor that the workspace's Application Insights is in is not in open mode.",
    Who.ADMINISTRATOR,
    "Set both of its modes to Open.",
)
PRIVATE_LINK_NOT_OFFERED: Final = _advice(
    "PrivateLinkNotOffered",
    "The workspace's region does not list workspaces among what takes private endpoints.",
    Who.ADMINISTRATOR,
    "Register the providers in the subscription.",
)
ONLINE_ENDPOINT_PUBLIC: Final = _advice(
    "OnlineEndpointPublic",
    "A managed online endpoint of the workspace answers the internet.",
    Who.ADMINISTRATOR,
    "Close it by its own switch.",
)
SYNAPSE_LINKED: Final = _advice(
    "SynapseLinked",
    "A Synapse pool is linked, and cannot be used if its Synapse workspace prevents data exfiltration.",
    Who.ADMINISTRATOR,
    "Look at it, and detach the pool where that is so.",
)
EDITION_UNKNOWN: Final = _advice(
    "EditionUnknown",
    "`spec.legacyEditionChecks` is set, and the workspace's SKU is none of the two editions.",
    Who.AUTHOR,
    "Set it to false.",
)
EDITION_TOO_LOW: Final = _advice(
    "EditionTooLow",
    "`spec.legacyEditionChecks` is set, and the workspace's edition did not allow what it has.",
    Who.NOBODY,
    "",
)
STUDIO_DATA: Final = _advice(
    "StudioData",
    "People use studio: what kinds of data it shows inside a network, and what Azure SQL takes.",
    Who.ADMINISTRATOR,
    "Make the workspace's identity a user of each database (docs/studio.md).",
)
STUDIO_LIMITS: Final = _advice(
    "StudioLimits",
    "People use studio: what fails inside a network where a role is missing, and what works otherwise.",
    Who.ADMINISTRATOR,
    "Give the roles that other findings name (docs/studio.md).",
)
DATASTORES_BY_KEY: Final = _advice(
    "DatastoresByKey",
    "People use studio, and the default datastores sign in by key.",
    Who.AUTHOR,
    "Set `spec.storage.datastoreAuth` to Identity.",
)
NOTEBOOKS_UNREACHABLE: Final = _advice(
    "NotebooksUnreachable",
    "People use studio, and the file share of their notebooks has no private endpoint.",
    Who.AUTHOR,
    "Add file to `spec.storage.subResources`.",
)
DATA_LAKE_LISTS: Final = _advice(
    "DataLakeLists",
    "People use studio, and the account is a Data Lake, whose access control lists count besides roles.",
    Who.ADMINISTRATOR,
    "Give the workspace's identity the lists where it has no role.",
)
DIAGNOSED_BY_AZURE: Final = _advice(
    "DiagnosedByAzure",
    "Azure's own diagnosis of the workspace finds a fault; `status.diagnosis` has all of them.",
    Who.ADMINISTRATOR,
    "Do what the message says, then ask again with the annotation `secureml.dev/diagnose-at`.",
)
FIRST_SDK_VALIDATES: Final = _advice(
    "FirstSDKValidates",
    "The workspace is in legacy mode: the first SDK looks at data when they are registered, and fails.",
    Who.NOBODY,
    "",
)

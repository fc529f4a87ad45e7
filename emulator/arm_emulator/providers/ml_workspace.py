"""How a workspace document is composed, what it must refer to, and what its creation does elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.errors import bad_request
from arm_emulator.providers import firewall, ml_fields, targets
from arm_emulator.providers.identities import identity_of
from arm_emulator.providers.system_data import system_data

if TYPE_CHECKING:
    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import JsonObject, Resource

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
COMPUTES = f"{WORKSPACES}/computes"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"

AI_ADMINISTRATOR = "b78c5d69-af96-48a3-bf8d-a8b4d589de94"
"""Azure AI Administrator: what a workspace's own identity gets on the resource group (WS-MIROLE-01). The
GUID is unverified; clients must look it up by name."""

PURGED = "purged"
"""Hidden member: the running deletion was asked for with forceToPurge."""

DATASTORE_MODES = frozenset({"AccessKey", "Identity", "UserDelegationSAS"})
"""How the default datastores are accessed (WS-DSAUTH-01)."""

MAX_ADDRESSES = 200
"""Selected public addresses per workspace (limits table)."""

FIRST_LABEL = 63
"""Longest label of a host name; the notebook host's holds name, region and guid."""

NOTEBOOK_REGIONS = {"westus3": "westus2"}
"""Regions whose notebooks live in another one; recorded."""

DEFAULTS: JsonObject = {
    "friendlyName": "",
    "description": "",
    "applicationInsights": None,
    "hbiWorkspace": False,
    "imageBuildCompute": None,
    "allowRoleAssignmentOnRG": True,
    "v1LegacyMode": False,
    "softDeleteEnabled": False,
    "linkedModelInventoryArmId": None,
    "publicNetworkAccess": "Enabled",
    "ipAllowlist": [],
    "serverlessComputeSettings": None,
    "EnableSoftwareBillOfMaterials": False,
    "sasGetterUri": "",
    "enableDataIsolation": False,
    "systemDatastoresAuthMode": "AccessKey",
}
"""Members of a fresh workspace; recorded, but for the last, which newer versions show."""

MANAGED_NETWORK: JsonObject = {
    "changeableIsolationModes": ["AllowInternetOutbound", "AllowOnlyApprovedOutbound"],
    "isolationMode": "Disabled",
}


def region_of(resource: Resource) -> str:
    """The short form of the resource's region."""
    return resource.location.replace(" ", "").lower()


def tombstone(workspace: ResourceId) -> str:
    """Id under which the emulator remembers a softly deleted workspace; no client sees it."""
    group = workspace.group.lower()
    return (
        f"/subscriptions/{workspace.subscription}/providers/Microsoft.MachineLearningServices/locations/{group}"
        f"/deletedWorkspaces/{workspace.name.lower()}"
    )


def compose(write: Write) -> JsonObject:
    """The document of a workspace; a PUT replaces every member that clients own."""
    before = write.previous.body if write.previous else {}
    return {
        "location": write.body.get("location") or before.get("location"),
        "tags": write.body.get("tags") or {},
        "kind": write.body.get("kind") or before.get("kind") or "Default",
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": identity_of(write) or before.get("identity"),
        "systemData": system_data(write),
        "properties": _properties(write),
    }


def _properties(write: Write) -> JsonObject:
    hidden = ml_fields.READ_ONLY | {"allowPublicAccessWhenBehindVnet", "managedNetwork", PURGED}
    asked = {k: v for k, v in write.properties.items() if k not in hidden and v is not None}
    served = _served(write)
    properties = {**DEFAULTS, **asked, **served, "imageBuildCompute": _builder(write)}
    properties["publicNetworkAccess"] = _public_access(write)
    properties["managedNetwork"] = {**MANAGED_NETWORK, **(write.properties.get("managedNetwork") or {})}
    if "keyVault" in properties:
        # The service prints the vault's namespace in its own casing; recorded.
        properties["keyVault"] = str(properties["keyVault"]).replace("Microsoft.KeyVault", "Microsoft.Keyvault")
    return properties


def _builder(write: Write) -> str | None:
    """Who builds images: free text that nobody checks at write (field report F10).

    The name of a cluster that is made later is taken, and so is none beside a registry that is closed: what is
    wrong shows when an image is built. `null` leaves what there is; the empty text clears it.
    """
    asked = write.call.body.get("properties") or {}
    if asked.get("imageBuildCompute") is not None:
        return str(asked["imageBuildCompute"]) or None
    keeps = write.patching or "imageBuildCompute" in asked
    return write.kept("imageBuildCompute") if keeps else None


def _served(write: Write) -> JsonObject:
    """The members of the service: made at creation and kept."""
    if write.previous is not None:
        present = write.previous.properties
        names = (*ml_fields.READ_ONLY, "sdkTelemetryAppInsightsKey", "storageAccount", "keyVault")
        return {name: present[name] for name in names if name in present and name != "provisioningState"}
    ctx, guid = write.ctx, write.ctx.guid("workspace", write.id.key, write.ctx.now)
    region = str(write.body.get("location", "")).replace(" ", "").lower()
    storage = ctx.find(write.properties.get("storageAccount"))
    return {
        "tenantId": ctx.config.tenant,
        "creationTime": ctx.now_text,
        "workspaceId": guid,
        "privateLinkCount": 0,
        "notebookInfo": {
            "resourceId": ctx.guid("notebooks", guid).replace("-", ""),
            "fqdn": f"{_notebook_label(write.id.name, region, guid)}.{NOTEBOOK_REGIONS.get(region, region)}"
            ".notebooks.azure.net",
            "isPrivateLinkEnabled": False,
            "notebookPreparationError": None,
        },
        "storageHnsEnabled": bool(storage and storage.properties.get("isHnsEnabled")),
        "discoveryUrl": f"https://{region}.api.azureml.ms/discovery",
        "mlFlowTrackingUri": f"azureml://{region}.api.azureml.ms/mlflow/v1.0{write.id.text}",
        "sdkTelemetryAppInsightsKey": ctx.guid("telemetry", guid),
    }


def _notebook_label(name: str, region: str, guid: str) -> str:
    """`ml-<name>-<region>-<guid>` with as much of the name as fits into one label."""
    room = FIRST_LABEL - len(f"ml--{region}-{guid}")
    return f"ml-{name[:room]}-{region}-{guid}".lower()


def _public_access(write: Write) -> str:
    """Each write of the new or the legacy member overrides the other (WS-PNA-01).

    The legacy member speaks of a workspace behind a VNet only; recorded: `false` on a workspace without
    private endpoint leaves public access Enabled.
    """
    asked = write.call.body.get("properties") or {}
    if asked.get("publicNetworkAccess"):
        return str(asked["publicNetworkAccess"])
    legacy = asked.get("allowPublicAccessWhenBehindVnet")
    if legacy is not None and write.previous and targets.approved(write.ctx, write.previous):
        return "Enabled" if legacy else "Disabled"
    kept = write.kept("publicNetworkAccess") if write.patching or legacy is not None else None
    return str(kept or DEFAULTS["publicNetworkAccess"])


def check_references(write: Write) -> None:
    """Refuse references to a storage account that is being made, or to a registry that does not exist.

    Whether storage account and vault exist at all is judged when the operation ends: recorded, a workspace
    asked for a moment before them was accepted with 202 and succeeded.

    Raises:
        ArmError: 400 BadRequest.
    """
    account = write.ctx.find(write.properties.get("storageAccount"))
    if write.creating and account is not None and not write.ctx.type_of(account).usable(write.ctx, account):
        raise bad_request(
            "BadRequest",
            f"Could not access storage account '{account.id.name}': StorageAccountIsNotProvisioned: The "
            "storage account provisioning state must be 'Succeeded' before executing the operation.",
        )
    registry = write.properties.get("containerRegistry")
    if registry and write.ctx.find(registry) is None:
        raise bad_request("BadRequest", f"The container registry '{registry}' does not exist.")


def check_network(write: Write) -> None:
    """Selected addresses are public IPv4, at most 200, and only with public access (WS-IPALLOW-01).

    Raises:
        ArmError: 400 BadRequest.
    """
    asked = write.call.body.get("properties") or {}
    access = asked.get("publicNetworkAccess", "Enabled")
    if access not in {"Enabled", "Disabled"}:
        raise bad_request("BadRequest", f"publicNetworkAccess '{access}' is neither Enabled nor Disabled.")
    rules = (asked.get("networkAcls") or {}).get("ipRules") or ()
    addresses = [*(asked.get("ipAllowlist") or ()), *(rule.get("value") for rule in rules)]
    if len(addresses) > MAX_ADDRESSES:
        raise bad_request("BadRequest", f"A workspace has at most {MAX_ADDRESSES} selected addresses.")
    for address in addresses:
        network = firewall.parse_range(address)
        if network is None or firewall.is_private(network):
            raise bad_request("BadRequest", f"'{address}' is not a public IPv4 address or range.")
    _check_managed_network(write, asked)
    _check_serverless(write, asked.get("serverlessComputeSettings"))


def check_datastore_mode(write: Write) -> None:
    """The three modes of the OpenAPI document of 2024-10-01-preview.

    Raises:
        ArmError: 400 BadRequest.
    """
    mode = (write.call.body.get("properties") or {}).get("systemDatastoresAuthMode")
    if mode is not None and mode not in DATASTORE_MODES:
        raise bad_request(
            "BadRequest", f"systemDatastoresAuthMode '{mode}' is none of {', '.join(sorted(DATASTORE_MODES))}."
        )


def _check_serverless(write: Write, asked: object) -> None:
    """Nodes without public addresses need a subnet where they had public ones, or the workspace is closed.

    hashicorp/terraform-provider-azurerm pull request 25660; the code is unverified.
    """
    if not isinstance(asked, dict):
        return
    subnet = asked.get("serverlessComputeCustomSubnet")
    if subnet and write.ctx.find(subnet) is None:
        raise bad_request("BadRequest", f"The subnet '{subnet}' of serverless compute does not exist.")
    if subnet or not asked.get("serverlessComputeNoPublicIP"):
        return
    before = (write.kept("serverlessComputeSettings") or {}).get("serverlessComputeNoPublicIP")
    closed = write.properties.get("publicNetworkAccess") == "Disabled"
    if closed or before is False:
        raise bad_request(
            "BadRequest", "serverlessComputeNoPublicIP needs serverlessComputeCustomSubnet in this workspace."
        )


def _check_managed_network(write: Write, asked: JsonObject) -> None:
    """Isolation once enabled stays, and Approved does not go back to Internet (WS-MNET-01)."""
    old = (write.kept("managedNetwork") or {}).get("isolationMode", "Disabled")
    new = (asked.get("managedNetwork") or {}).get("isolationMode", old)
    if old in {new, "Disabled"} or (old, new) == ("AllowInternetOutbound", "AllowOnlyApprovedOutbound"):
        return
    raise bad_request("BadRequest", f"The managed network's isolation mode cannot change from {old} to {new}.")


def check_arrived(ctx: Context, workspace: Resource) -> None:
    """Fail the operation when storage account or vault are not there by its end.

    Raises:
        ArmError: 400 BadRequest.
    """
    for member in ("storageAccount", "keyVault"):
        wanted = workspace.properties.get(member)
        if ctx.find(wanted) is None:
            raise bad_request("BadRequest", f"The workspace's {member} '{wanted}' does not exist.")


def check_name(ctx: Context, workspace: Resource) -> None:
    """Fail the operation of a workspace whose namesake is softly deleted: the write itself is taken.

    Field reports, section 2 (Azure/ResourceModules issue 3596, Azure/azure-cli issue 33756).

    Raises:
        ArmError: 400 BadRequest.
    """
    if ctx.find(tombstone(workspace.id)) is not None:
        raise bad_request(
            "BadRequest",
            f"Soft-deleted workspace exists. Please purge or recover it: '{workspace.id.name}' in resource group "
            f"'{workspace.id.group}'.",
        )


def let_identity_into_vault(ctx: Context, workspace: Resource) -> None:
    """Give the workspace's identity an access policy in the vault; recorded."""
    vault = ctx.find(workspace.properties.get("keyVault"))
    principal = (workspace.body.get("identity") or {}).get("principalId")
    if vault is None or not principal or vault.properties.get("enableRbacAuthorization"):
        return
    policies = vault.properties.get("accessPolicies") or []
    if any(policy.get("objectId") == principal for policy in policies):
        return
    entry = {
        "tenantId": ctx.config.tenant,
        "objectId": principal,
        "permissions": {"keys": ["all"], "secrets": ["all"], "certificates": ["all"], "storage": []},
    }
    ctx.set_properties(vault, accessPolicies=[*policies, entry])


def grant_identity(ctx: Context, workspace: Resource) -> None:
    """Give the workspace's identity its role on the resource group, unless the workspace forbids it."""
    principal = (workspace.body.get("identity") or {}).get("principalId")
    if not principal or not workspace.properties.get("allowRoleAssignmentOnRG"):
        return
    scope = workspace.id.text.partition("/providers/")[0]
    where = f"{scope}/providers/{ASSIGNMENTS}/{ctx.guid('workspace role', workspace.id.key, principal)}"
    if ctx.find(where) is not None:
        return
    subscription = "/".join(scope.split("/")[:3])
    ctx.apply(
        where,
        {
            "properties": {
                "roleDefinitionId": f"{subscription}/providers/{DEFINITIONS}/{AI_ADMINISTRATOR}",
                "principalId": principal,
                "principalType": "ServicePrincipal",
                "scope": scope,
                "condition": None,
                "conditionVersion": None,
                "createdOn": ctx.now_text,
                "updatedOn": ctx.now_text,
                "createdBy": "",
                "updatedBy": "",
                "delegatedManagedIdentityResourceId": None,
                "description": None,
            }
        },
    )

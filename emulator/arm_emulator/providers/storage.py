"""Storage accounts.

Witnesses: recordings Test_Storage_StorageAccount_20250601_CRUD,
Test_Authorization_RoleAssignment_OnStorageAccount_CRUD and Test_Networking_PrivateEndpoint_20250301_CRUD;
wire examples section 8; rules ST-*.
"""

from __future__ import annotations

import ipaddress
import re
import zlib
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request, conflict
from arm_emulator.hooks import READ_ONLY, Member, ResourceType
from arm_emulator.model import WriteStyle
from arm_emulator.providers import firewall, name_availability, storage_services, targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arm_emulator.hooks import Context, View, Write
    from arm_emulator.model import Call, JsonObject, Resource

SUFFIX = "core.windows.net"
"""Host suffix of the public cloud."""

NAME = re.compile(r"[a-z0-9]{3,24}")
MAX_RULES = 400
"""Limit of address rules and of virtual network rules (limits table)."""

ENDPOINTS = {
    "StorageV2": ("dfs", "web", "blob", "queue", "table", "file"),
    "BlobStorage": ("dfs", "blob", "table"),
    "Storage": ("blob", "queue", "table", "file"),
    "BlockBlobStorage": ("dfs", "web", "blob"),
    "FileStorage": ("file",),
}
"""Services per account kind; the first two as recorded."""

BYPASS = frozenset({"None", "Logging", "Metrics", "AzureServices"})
PUBLIC_ACCESS = frozenset({"Enabled", "Disabled", "SecuredByPerimeter"})

CREATE = WriteStyle(
    created=202,
    updated=200,
    body="none",
    result_url="{subscription}/providers/Microsoft.Storage/locations/{location}/asyncoperations/{operation}?monitor=true",
    retry_after=17,
    running="Creating",
    result_body=True,
    update_async=False,
)
"""Recorded: 202 without a body, Location polled at 17 s, and the account as the last poll's body."""

IPV6_RULES_SINCE = "2024-01-01"
DELEGATION_SAS_SINCE = "2025-01-01"
"""API versions that show these members; recorded with 2025-06-01 and absent with 2021-04-01."""


USABLE_AFTER = 10.0
"""Virtual seconds from which others may use an account that is still being made. Recorded in
Test_Networking_PrivateEndpoint_20250301_CRUD: an endpoint to an account was taken after the first poll of the
account's creation, at 17 s, had said that it was running, and before the last one; and in
Test_MachineLearning_Workspaces_20240401_CRUD a workspace on one succeeded in between. The moment itself is not
recorded: it lies between the refusals at once and those 17 s."""


class StorageAccounts(ResourceType):
    """Storage accounts: asynchronous creation, synchronous updates, a firewall, private link per service."""

    name = "Microsoft.Storage/storageAccounts"
    located = True
    put: ClassVar[WriteStyle] = CREATE

    @property
    def views(self) -> Mapping[str, View]:
        """`privateLinkResources`."""
        return {"privatelinkresources": targets.private_link_resources}

    @property
    def actions(self) -> Mapping[str, View]:
        """`listKeys` and `regenerateKey`, with invented keys."""
        return {"listkeys": _list_keys, "regeneratekey": _list_keys}

    def validate(self, write: Write) -> None:
        """Names, required members, the state of a running creation and the firewall.

        Raises:
            ArmError: with the codes that the recordings and the wire examples name.
        """
        if write.previous is not None:
            require_provisioned(write.previous)
        else:
            problem = _name_problem(write.ctx, write.id.name)
            if problem:
                raise problem
            missing = [part for part in ("sku", "kind") if not write.body.get(part)]
            if missing:
                raise _invalid(", ".join(missing))
        _check_changes(write)
        _check_firewall(write)

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """The right to join each subnet of the firewall."""
        return firewall.joins(write)

    def compose(self, write: Write) -> JsonObject:
        """The account with the defaults that the recordings show; members that a PUT omits stay."""
        before = write.previous.body if write.previous else {}
        kind = str(write.body.get("kind") or before.get("kind"))
        document = {k: v for k, v in {**before, **write.body}.items() if k not in READ_ONLY and v is not None}
        return {
            **document,
            "sku": _sku(write.body.get("sku") or before.get("sku") or {}),
            "kind": kind,
            "tags": write.body.get("tags") or {},
            "properties": _properties(write, kind),
        }

    def completed(self, ctx: Context, resource: Resource) -> None:
        """A finished creation brings the services of its kind."""
        storage_services.create_defaults(ctx, resource, ENDPOINTS.get(str(resource.body.get("kind")), ()))

    def check_delete(self, ctx: Context, resource: Resource) -> None:  # noqa: ARG002
        """Refuse to delete an account that is still being made."""
        require_provisioned(resource)

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Fill in connections, and the rules whose subnet has gone."""
        properties = dict(resource.properties)
        acls = dict(properties.get("networkAcls") or {})
        acls["virtualNetworkRules"] = [_shown_rule(ctx, rule) for rule in acls.get("virtualNetworkRules") or ()]
        connections = targets.connections(ctx, resource)
        return {
            **resource.body,
            "properties": {**properties, "privateEndpointConnections": connections, "networkAcls": acls},
        }

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Leave out what the API version of the request does not know."""
        document = self.render(ctx, resource)
        properties = dict(document["properties"])
        if call.api_version < DELEGATION_SAS_SINCE:
            properties.pop("allowCrossTenantDelegationSas", None)
        acls = {"ipv6Rules": [], **properties["networkAcls"]}
        if call.api_version < IPV6_RULES_SINCE:
            del acls["ipv6Rules"]
        properties["networkAcls"] = acls
        return {**document, "properties": properties}

    def usable(self, ctx: Context, target: Resource) -> bool:
        """Others get in some seconds after the creation began, long before it ends (`USABLE_AFTER`)."""
        return target.settled or ctx.now - target.created >= USABLE_AFTER

    def private_link_groups(self, ctx: Context, target: Resource) -> Sequence[str]:  # noqa: ARG002
        """One group per service; none for general purpose v1 (ST-KIND-01)."""
        if target.body.get("kind") == "Storage":
            return ()
        groups = list(ENDPOINTS.get(str(target.body.get("kind")), ()))
        if str(target.body.get("sku", {}).get("name", "")).startswith("Standard_RA"):
            groups += [f"{group}_secondary" for group in groups if group != "file"]
        return groups

    def private_link_members(self, ctx: Context, target: Resource, group: str) -> Sequence[Member]:  # noqa: ARG002
        """One address; its record is the account's name, `-secondary` behind it for the read replica."""
        service, secondary, _ = group.partition("_secondary")
        host = f"{target.id.name.lower()}-secondary" if secondary else target.id.name.lower()
        return (Member(group, (f"{host}.{service}.{SUFFIX}",), {f"privatelink.{service}.{SUFFIX}": (host,)}),)


def require_provisioned(account: Resource) -> None:
    """Refuse what the owner of an account does to it while it is still being made; others are let in sooner.

    Raises:
        ArmError: 409 StorageAccountIsNotProvisioned, recorded.
    """
    if not account.settled:
        raise conflict(
            "StorageAccountIsNotProvisioned",
            f"The storage account provisioning state must be 'Succeeded' before executing the operation; "
            f"it is '{account.state}'.",
        )


def _invalid(what: str) -> ArmError:
    return bad_request("InvalidValuesForRequestParameters", f"Values for request parameters are invalid: {what}.")


def _name_problem(ctx: Context, name: str) -> ArmError | None:
    if not NAME.fullmatch(name):
        return bad_request(
            "AccountNameInvalid",
            f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 "
            "characters in length and use numbers and lower-case letters only.",
        )
    if any(other.id.name == name for other in ctx.of_type(StorageAccounts.name)):
        return conflict("StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
    return None


def _check_changes(write: Write) -> None:
    access = write.properties.get("publicNetworkAccess")
    if access is not None and access not in PUBLIC_ACCESS:
        raise _invalid("publicNetworkAccess")
    if write.previous is None:
        return
    old, new = write.previous.body.get("kind"), write.body.get("kind")
    if new and new != old and (old, new) != ("Storage", "StorageV2"):
        raise conflict(
            "AccountPropertyCannotBeUpdated",
            f"The kind of a storage account cannot change from {old} to {new}.",
        )


def _check_firewall(write: Write) -> None:
    acls = firewall.acls(write)
    words = {word.strip() for word in str(acls.get("bypass", "None")).split(",")}
    if not words <= BYPASS:
        raise _invalid("networkAcls.bypass")
    if acls and acls.get("defaultAction", "Allow") not in {"Allow", "Deny"}:
        raise _invalid("networkAcls.defaultAction")
    ranges = acls.get("ipRules") or ()
    if len(ranges) > MAX_RULES or not all(_acceptable(rule.get("value")) for rule in ranges):
        raise _invalid("networkAcls.ipRule[*].value")
    if not all(_acceptable_ipv6(rule.get("value")) for rule in _ipv6_rules(write)):
        raise _invalid("networkAcls.ipv6Rule[*].value")
    if not all(rule.get("tenantId") and rule.get("resourceId") for rule in acls.get("resourceAccessRules") or ()):
        raise _invalid("networkAcls.resourceAccessRules[*]")
    if len(firewall.subnets(write)) > MAX_RULES:
        raise _invalid("networkAcls.virtualNetworkRules")
    for subnet in firewall.subnets(write):
        _check_subnet(write.ctx, subnet)


def _acceptable(value: object) -> bool:
    """Public IPv4 only; ranges of one or two addresses must be written as single addresses (ST-IP-01)."""
    network = firewall.parse_range(value)
    if network is None or firewall.is_private(network):
        return False
    return "/" not in str(value) or network.prefixlen <= 30  # noqa: PLR2004 - /31 and /32 are refused


def _ipv6_rules(write: Write) -> list[JsonObject]:
    """IPv6 rules of the request; versions that do not know the member ignore it."""
    known = write.call.api_version >= IPV6_RULES_SINCE
    return list(firewall.acls(write).get("ipv6Rules") or ()) if known else []


def _acceptable_ipv6(value: object) -> bool:
    """Global IPv6 only, by analogy with ST-IP-01 (unverified)."""
    try:
        return ipaddress.IPv6Network(str(value), strict=False).is_global
    except ValueError:
        return False


def _check_subnet(ctx: Context, subnet: str) -> None:
    present = firewall.has_service_endpoint(ctx, subnet, "Microsoft.Storage", "Microsoft.Storage.Global")
    name, network = firewall.split_subnet(subnet)
    if present is None:
        raise bad_request(
            "NetworkAclsValidationFailure",
            f"Validation of network acls failure: SubnetNotFound: subnet {name} of virtual network {network} "
            "does not exist.",
        )
    if not present:
        raise bad_request(
            "NetworkAclsValidationFailure",
            f"Validation of network acls failure: SubnetsHaveNoServiceEndpointsConfigured: subnets {name} of "
            f"virtual network {network} do not have ServiceEndpoints for Microsoft.Storage resources "
            "configured.",
        )


def _sku(asked: JsonObject) -> JsonObject:
    name = str(asked.get("name", ""))
    return {"name": name, "tier": name.partition("_")[0]}


def _properties(write: Write, kind: str) -> JsonObject:
    before = write.previous.properties if write.previous else _initial(write, kind)
    asked = {k: v for k, v in write.properties.items() if v is not None and k not in SERVER_OWNED}
    merged = {**before, **asked}
    if firewall.acls(write):
        merged["networkAcls"] = _composed_acls({**firewall.acls(write), "ipv6Rules": _ipv6_rules(write)})
    return merged


SERVER_OWNED = frozenset(
    {
        "provisioningState",
        "primaryEndpoints",
        "primaryLocation",
        "statusOfPrimary",
        "creationTime",
        "keyCreationTime",
        "privateEndpointConnections",
        "networkAcls",
    }
)
"""Members that a request cannot set as they are."""


def _initial(write: Write, kind: str) -> JsonObject:
    now = write.ctx.now_text
    service = {"keyType": "Account", "enabled": True, "lastEnabledTime": now}
    where = _region(str(write.body.get("location", "")))
    return {
        "allowCrossTenantDelegationSas": False,
        "keyCreationTime": {"key1": now, "key2": now},
        "allowCrossTenantReplication": False,
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "networkAcls": _composed_acls({"bypass": "AzureServices"}),
        "supportsHttpsTrafficOnly": True,
        "encryption": {"services": {"file": service, "blob": service}, "keySource": "Microsoft.Storage"},
        "accessTier": "Hot",
        "creationTime": now,
        "primaryEndpoints": {each: _endpoint(write.id.name, each, where) for each in ENDPOINTS.get(kind, ())},
        "primaryLocation": where,
        "statusOfPrimary": "available",
    }


def _region(location: str) -> str:
    return location.replace(" ", "").lower()


def _endpoint(account: str, service: str, region: str) -> str:
    """Service URL; the zone in front of `web` is the region's, invented but stable."""
    zone = f"z{zlib.crc32(region.encode()) % 99 + 1}." if service == "web" else ""
    return f"https://{account}.{zone}{service}.{SUFFIX}/"


def _composed_acls(asked: JsonObject) -> JsonObject:
    """The firewall as one object that replaces the old one, with server defaults for what is not said."""
    shown: JsonObject = {"bypass": asked.get("bypass") or "AzureServices"}
    if asked.get("resourceAccessRules"):
        shown["resourceAccessRules"] = asked["resourceAccessRules"]
    shown["ipv6Rules"] = _address_rules(asked.get("ipv6Rules"))
    shown["virtualNetworkRules"] = [
        {"id": rule["id"], "action": rule.get("action") or "Allow", "state": "Succeeded"}
        for rule in asked.get("virtualNetworkRules") or ()
    ]
    shown["ipRules"] = _address_rules(asked.get("ipRules"))
    shown["defaultAction"] = asked.get("defaultAction") or "Allow"
    return shown


def _address_rules(rules: Iterable[JsonObject] | None) -> list[JsonObject]:
    return [{"value": rule["value"], "action": rule.get("action") or "Allow"} for rule in rules or ()]


def _shown_rule(ctx: Context, rule: JsonObject) -> JsonObject:
    return rule if ctx.find(rule.get("id")) else {**rule, "state": "NetworkSourceDeleted"}


def _list_keys(ctx: Context, resource: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    require_provisioned(resource)
    keys = [
        {
            "creationTime": resource.properties["keyCreationTime"][name],
            "keyName": name,
            "value": ctx.guid("storage key", resource.id.key, name),
            "permissions": "FULL",
        }
        for name in ("key1", "key2")
    ]
    return {"keys": keys}


class StorageConnections(targets.ConnectionType):
    """Private endpoint connections of storage accounts."""

    name = "Microsoft.Storage/storageAccounts/privateEndpointConnections"
    actions_member = "actionRequired"


TYPES = (StorageAccounts(), StorageConnections(), *storage_services.TYPES)
ROUTES = (
    name_availability.route(StorageAccounts.name, _name_problem, "Microsoft.Storage/checknameavailability/read"),
)

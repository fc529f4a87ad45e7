"""Key vaults and the vaults that are deleted but not purged.

Witnesses: recordings Test_KeyVault_Vault_20230701_CRUD (recovery, deletion) and
Test_MachineLearning_Workspaces_20240401_CRUD (a fresh vault registers its name first); wire examples
section 9.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.clock import iso
from arm_emulator.durations import draw
from arm_emulator.errors import ArmError, bad_request, conflict
from arm_emulator.hooks import Member, ResourceType, Route
from arm_emulator.model import Answer, WriteStyle
from arm_emulator.operations import Operation
from arm_emulator.providers import firewall, name_availability, targets
from arm_emulator.providers.system_data import system_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from arm_emulator.hooks import Context, View, Write
    from arm_emulator.model import Call, JsonObject, Resource

VAULTS = "Microsoft.KeyVault/vaults"
DELETED = "Microsoft.KeyVault/locations/deletedVaults"
ZONE = "privatelink.vaultcore.azure.net"

NAME = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")
MAX_SUBNETS, MAX_RANGES = 200, 1000
"""Limits of virtual network rules and address rules (limits table)."""

REGISTERING_SECONDS = 40.0
"""Virtual seconds in which a new vault says RegisteringDns. Recorded: seen on three reads that span an AML
workspace creation (3 to 32 s), gone on the fourth."""

RETENTION_DAYS = 90
SECONDS_PER_DAY = 86_400

SHOWN_SINCE = "2021-06-01"
"""`publicNetworkAccess` and `softDeleteRetentionInDays` are recorded with 2023-07-01 and absent with
2021-04-01-preview."""

KEPT = "vault"
"""Member of a deleted vault's document that holds the vault itself, for recovery; never shown."""


class Vaults(ResourceType):
    """Vaults: synchronous, PUT replaces everything, deletion leaves a deleted vault that blocks the name."""

    name = VAULTS
    located = True
    put: ClassVar[WriteStyle] = WriteStyle(created=200, updated=200)

    @property
    def views(self) -> Mapping[str, View]:
        """`privateLinkResources`."""
        return {"privatelinkresources": targets.private_link_resources}

    def validate(self, write: Write) -> None:
        """Names, soft-deleted namesakes, required members and the firewall.

        Raises:
            ArmError: with the codes of the wire examples and the vault documents.
        """
        if write.previous is None:
            _check_name(write)
        recovering = _recovers(write)
        if not recovering:
            _check_members(write)
        _check_firewall(write)

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """The right to join each subnet of the firewall."""
        return firewall.joins(write)

    def compose(self, write: Write) -> JsonObject:
        """A full write; recovery brings back what was deleted."""
        old = _deleted(write.ctx, write.id.name) if _recovers(write) else None
        if old is not None:
            kept = dict(old.body[KEPT])
            return {k: v for k, v in kept.items() if k not in {"id", "name", "type"}}
        return {
            "location": write.body.get("location"),
            "tags": write.body.get("tags") or {},
            "systemData": system_data(write),
            "properties": _properties(write),
        }

    def accepted(self, ctx: Context, write: Write, resource: Resource) -> None:
        """Recovery ends the deleted vault; its name was registered long ago, so it is ready at once."""
        if not _recovers(write):
            return
        old = _deleted(ctx, write.id.name)
        if old is not None:
            resource.created = 0.0
            ctx.remove(old.id.text)

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """Keep the vault as a deleted one (soft delete cannot be off)."""
        ctx.apply(
            f"{_subscription(resource)}/providers/Microsoft.KeyVault/locations/{resource.location}"
            f"/deletedVaults/{resource.id.name}",
            {
                "type": "Microsoft.KeyVault/deletedVaults",
                "properties": {
                    "vaultId": resource.id.text,
                    "location": resource.location,
                    "tags": resource.body.get("tags") or {},
                    "deletionDate": ctx.now_text,
                    "scheduledPurgeDate": iso(ctx.now + _retention(resource)),
                },
                KEPT: resource.body,
            },
        )

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Show the state of the name registration, and connections once there are any."""
        properties = dict(resource.properties)
        if ctx.now - resource.created < REGISTERING_SECONDS:
            properties["provisioningState"] = "RegisteringDns"
        connections = targets.connections(ctx, resource)
        if connections:
            properties["privateEndpointConnections"] = [
                {"id": each["id"], "properties": each["properties"]} for each in connections
            ]
        return {**resource.body, "properties": properties}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Leave out what old API versions do not show; a fresh vault's URI has no slash yet (recorded)."""
        document = self.render(ctx, resource)
        properties = dict(document["properties"])
        if call.api_version < SHOWN_SINCE:
            properties.pop("publicNetworkAccess", None)
            properties.pop("softDeleteRetentionInDays", None)
        if call.method == "PUT" and resource.created == resource.modified:
            properties["vaultUri"] = str(properties["vaultUri"]).rstrip("/")
        return {**document, "properties": properties}

    def private_link_groups(self, ctx: Context, target: Resource) -> Sequence[str]:  # noqa: ARG002
        """`vault` only."""
        return ("vault",)

    def private_link_members(self, ctx: Context, target: Resource, group: str) -> Sequence[Member]:  # noqa: ARG002
        """One address under the vault's name."""
        name = target.id.name.lower()
        return (Member("default", (f"{name}.vault.azure.net",), {ZONE: (name,)}),)


def _subscription(resource: Resource) -> str:
    return "/".join(resource.id.text.split("/")[:3])


def _retention(vault: Resource) -> float:
    """Seconds for which a vault is kept once it is deleted."""
    return float(vault.properties.get("softDeleteRetentionInDays") or RETENTION_DAYS) * SECONDS_PER_DAY


def _kept(ctx: Context) -> Iterator[Resource]:
    """Every deleted vault whose time has not come: the service purges it by itself then."""
    return (each for each in ctx.of_type(DELETED) if each.properties["scheduledPurgeDate"] > ctx.now_text)


def _deleted(ctx: Context, name: str) -> Resource | None:
    """The deleted vault of a name; names are global, so whichever region it was in."""
    return next((each for each in _kept(ctx) if each.id.name.lower() == name.lower()), None)


def _recovers(write: Write) -> bool:
    return write.previous is None and write.properties.get("createMode") == "recover"


def _name_problem(ctx: Context, name: str) -> ArmError | None:
    if not NAME.fullmatch(name):
        return bad_request(
            "VaultNameNotValid",
            f"The vault name '{name}' is invalid: 3 to 24 letters, digits and hyphens, a letter first, no "
            "hyphen last, no two hyphens in a row.",
        )
    if any(other.id.name.lower() == name.lower() for other in ctx.of_type(VAULTS)):
        return conflict(
            "VaultAlreadyExists", f"The vault name '{name}' is already in use. Vault names are unique."
        )
    return None


def _deletion_problem(ctx: Context, name: str) -> ArmError | None:
    if _deleted(ctx, name) is None:
        return None
    return conflict(
        "ConflictError",
        "A vault with the same name already exists in deleted state. You need to either recover or purge "
        "existing key vault.",
    )


def _unavailable(ctx: Context, name: str) -> ArmError | None:
    return _name_problem(ctx, name) or _deletion_problem(ctx, name)


def _check_name(write: Write) -> None:
    name = write.id.name
    problem = _name_problem(write.ctx, name)
    if problem:
        raise problem
    deletion = _deletion_problem(write.ctx, name)
    if deletion is None and _recovers(write):
        raise _not_found(name)
    if deletion and not _recovers(write):
        raise deletion


def _check_members(write: Write) -> None:
    asked = write.properties
    for member in ("tenantId", "sku"):
        if not asked.get(member):
            raise bad_request("BadRequest", f"The property '{member}' of the vault is missing.")
    if asked.get("accessPolicies") is None and not asked.get("enableRbacAuthorization"):
        raise bad_request("BadRequest", "The parameter accessPolicies is not specified.")
    if write.kept("enablePurgeProtection") and asked.get("enablePurgeProtection") is False:
        raise bad_request("BadRequest", 'The property "enablePurgeProtection" cannot be set to false.')


def _check_firewall(write: Write) -> None:
    acls = firewall.acls(write)
    if len(firewall.subnets(write)) > MAX_SUBNETS or len(acls.get("ipRules") or ()) > MAX_RANGES:
        raise bad_request("BadRequest", "The vault's firewall has too many rules.")
    for rule in acls.get("ipRules") or ():
        network = firewall.parse_range(rule.get("value"))
        if network is None or firewall.is_private(network):
            raise bad_request(
                "BadRequest", f"The IP rule '{rule.get('value')}' is not a public IPv4 address or range."
            )
    for rule in acls.get("virtualNetworkRules") or ():
        _check_subnet(write.ctx, rule)


def _check_subnet(ctx: Context, rule: JsonObject) -> None:
    present = firewall.has_service_endpoint(ctx, str(rule.get("id")), "Microsoft.KeyVault")
    if present is None:
        raise bad_request("VirtualNetworkNotValid", f"The subnet '{rule.get('id')}' does not exist.")
    if not present and not rule.get("ignoreMissingVnetServiceEndpoint"):
        raise bad_request(
            "VirtualNetworkNotValid",
            f"The subnet '{rule.get('id')}' does not have a service endpoint for Microsoft.KeyVault.",
        )


def _properties(write: Write) -> JsonObject:
    asked = {k: v for k, v in write.properties.items() if v is not None and k not in SERVER_OWNED}
    properties: JsonObject = {
        "enabledForDeployment": False,
        **asked,
        "accessPolicies": asked.get("accessPolicies") or [],
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": asked.get("softDeleteRetentionInDays") or RETENTION_DAYS,
        "vaultUri": f"https://{write.id.name}.vault.azure.net/",
        "publicNetworkAccess": _public_access(asked.get("publicNetworkAccess")),
    }
    acls = firewall.acls(write)
    if acls:
        properties["networkAcls"] = _composed_acls(acls)
    return properties


PUBLIC_ACCESS = {"enabled": "Enabled", "disabled": "Disabled", "securedbyperimeter": "SecuredByPerimeter"}
"""How the service spells the words, whatever the request's casing; the third is of a security perimeter."""


def _public_access(asked: object) -> str:
    return PUBLIC_ACCESS.get(str(asked or "Enabled").lower(), str(asked))


SERVER_OWNED = frozenset(
    {"createMode", "provisioningState", "vaultUri", "privateEndpointConnections", "hsmPoolResourceId"}
)
"""Members that a request cannot set; `createMode` is an instruction, not a state."""


def _composed_acls(asked: JsonObject) -> JsonObject:
    """The firewall as the vault service prints it: ranges with their length, subnet ids in lower case."""
    return {
        "bypass": asked.get("bypass") or "AzureServices",
        "defaultAction": asked.get("defaultAction") or "Allow",
        "ipRules": [{"value": str(firewall.parse_range(rule["value"]))} for rule in asked.get("ipRules") or ()],
        "virtualNetworkRules": [
            {
                "id": str(rule["id"]).lower(),
                "ignoreMissingVnetServiceEndpoint": bool(rule.get("ignoreMissingVnetServiceEndpoint")),
            }
            for rule in asked.get("virtualNetworkRules") or ()
        ],
    }


def _not_found(name: str) -> ArmError:
    return ArmError(
        404,
        "DeletedVaultNotFound",
        f"The specified deleted vault '{name}' does not exist. Ensure that the vault was indeed deleted and "
        "that it is in recoverable state. If soft delete was not enabled then the vault is permanently "
        "deleted. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2149745",
        failure_cause=None,
    )


def _shown(deleted: Resource) -> JsonObject:
    return {name: value for name, value in deleted.body.items() if name != KEPT}


def _get_deleted(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:  # noqa: ARG001
    deleted = _deleted(ctx, found["vault"])
    if deleted is None or deleted.properties["location"].lower() != found["location"].lower():
        raise _not_found(found["vault"])
    return _shown(deleted)


def _list_deleted(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:  # noqa: ARG001
    here = f"/subscriptions/{found['subscription']}/".lower()
    return {"value": [_shown(each) for each in _kept(ctx) if each.id.key.startswith(here)]}


PURGE = WriteStyle(
    updated=202,
    body="none",
    result_url="{subscription}/providers/Microsoft.KeyVault/locations/{location}/operationResults/{operation}",
    result_body=True,
)
"""Recorded by the tests of Azure/azure-cli (test_keyvault_softdelete): 202 without a body, Location, no
Retry-After, and at the end 200 with times and status. The vault document of 2023-07-01 has 200 and 202."""


def _purge(ctx: Context, call: Call, found: Mapping[str, str]) -> Answer:
    _get_deleted(ctx, call, found)
    deleted = _deleted(ctx, found["vault"])
    if deleted is None:  # `_get_deleted` refused this before
        raise _not_found(found["vault"])
    if deleted.body[KEPT]["properties"].get("enablePurgeProtection"):
        # microsoft/AzureTRE issue 1446
        raise ArmError(400, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")

    def finish(_: Operation) -> None:
        ctx.remove(deleted.id.text, caller=call.caller, correlation_id=call.correlation_id)

    operation = Operation(
        id=ctx.guid(),
        verb="POST",
        target=deleted.id,
        style=PURGE,
        due=ctx.now + draw(ctx.config.seed, deleted.id.key, DELETED.lower(), "POST", 0) * call.slow_operation,
        finish=finish,
        started=ctx.now,
    )
    operation.final = lambda: {
        "createdDateTime": iso(operation.started),
        "lastActionDateTime": iso(operation.due),
        "status": operation.state,
    }
    ctx.operations.begin(operation, call, str(deleted.properties["location"]))
    return Answer(PURGE.updated, None, operation.headers(call.base_url, PURGE.retry_after))


class VaultConnections(targets.ConnectionType):
    """Private endpoint connections of vaults."""

    name = f"{VAULTS}/privateEndpointConnections"


_ONE = (
    r"/subscriptions/(?P<subscription>[^/]+)/providers/Microsoft\.KeyVault"
    r"/locations/(?P<location>[^/]+)/deletedVaults/(?P<vault>[^/]+)"
)

TYPES = (Vaults(), VaultConnections())
ROUTES = (
    name_availability.route(VAULTS, _unavailable, "Microsoft.KeyVault/checkNameAvailability/read"),
    Route(
        "GET",
        re.compile(_ONE, re.IGNORECASE),
        _get_deleted,
        "Microsoft.KeyVault/locations/deletedVaults/read",
    ),
    Route(
        "POST",
        re.compile(_ONE + "/purge", re.IGNORECASE),
        _purge,
        "Microsoft.KeyVault/locations/deletedVaults/purge/action",
    ),
    Route(
        "GET",
        re.compile(
            r"/subscriptions/(?P<subscription>[^/]+)/providers/Microsoft\.KeyVault/deletedVaults",
            re.IGNORECASE,
        ),
        _list_deleted,
        "Microsoft.KeyVault/deletedVaults/read",
    ),
)

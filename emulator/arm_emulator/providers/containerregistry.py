"""Container registries and their replications.

Witnesses: recording Test_ContainerRegistry_Registry_20230701_CRUD; wire examples section 10; rules ACR-*.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import bad_request, conflict
from arm_emulator.hooks import READ_ONLY, Member, ResourceType
from arm_emulator.model import WriteStyle
from arm_emulator.providers import endpoint_members, firewall, name_availability, targets
from arm_emulator.providers.system_data import system_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arm_emulator.errors import ArmError
    from arm_emulator.hooks import Context, View, Write
    from arm_emulator.model import Call, JsonObject, Resource

REGISTRIES = "Microsoft.ContainerRegistry/registries"
REPLICATIONS = f"{REGISTRIES}/replications"
HOST = "azurecr.io"
ZONE = f"privatelink.{HOST}"

NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
SKUS = frozenset({"Basic", "Standard", "Premium"})
LIMITS = {
    "Basic": (10 << 30, 2, 100, 100),
    "Standard": (100 << 30, 10, 500, 500),
    "Premium": (500 << 30, 500, 50_000, 50_000),
}
"""Bytes of storage, webhooks, scope maps and tokens that each sku includes (article on registry skus)."""

MAX_RANGES = 200
"""Limit of address rules (limits table)."""

CREATED_OK = WriteStyle(created=200, updated=200)

DELETE = WriteStyle(
    updated=202,
    result_url="{subscription}/providers/Microsoft.ContainerRegistry/locations/{location}/operationResults/registries-{operation}",
    retry_after=10,
    running="Deleting",
)
"""Recorded: 202 with the registry in state Deleting, Location, and an empty 200 at the end."""

REPLICATE = WriteStyle(
    created=201,
    updated=200,
    status_url="{id}/operationStatuses/replications-{operation}",
    retry_after=10,
    running="Creating",
    word="Creating",
    poll_repeats=True,
    update_async=False,
)
"""Recorded: the operation lives below the replication and calls itself Creating."""


class Registries(ResourceType):
    """Registries: synchronous writes; network isolation needs the Premium sku (ACR-SKU-01)."""

    name = REGISTRIES
    located = True
    put: ClassVar[WriteStyle] = CREATED_OK
    delete: ClassVar[WriteStyle] = DELETE

    @property
    def views(self) -> Mapping[str, View]:
        """`privateLinkResources` and `listUsages`."""
        return {"privatelinkresources": targets.private_link_resources, "listusages": _usages}

    @property
    def actions(self) -> Mapping[str, View]:
        """`listCredentials`, with invented passwords."""
        return {"listcredentials": _credentials}

    def validate(self, write: Write) -> None:
        """Names, the sku and what it allows, the firewall.

        Raises:
            ArmError: AlreadyInUse for a taken name; the other codes are unverified.
        """
        if write.previous is None:
            problem = _name_problem(write.ctx, write.id.name)
            if problem:
                raise problem
        if _sku(write) not in SKUS:
            raise bad_request(
                "InvalidSku", f"The registry's sku '{_sku(write)}' is none of {', '.join(sorted(SKUS))}."
            )
        _check_sku(write)
        rules = (write.properties.get("networkRuleSet") or {}).get("ipRules") or ()
        if len(rules) > MAX_RANGES:
            raise bad_request("BadRequest", f"A registry has at most {MAX_RANGES} IP rules.")
        for rule in rules:
            if firewall.parse_range(rule.get("value")) is None:
                raise bad_request(
                    "BadRequest", f"The IP rule '{rule.get('value')}' is not an IPv4 address or range."
                )

    def compose(self, write: Write) -> JsonObject:
        """The registry with the recorded defaults."""
        document = {k: v for k, v in write.body.items() if k not in READ_ONLY}
        return {
            **document,
            "sku": {"name": _sku(write), "tier": _sku(write)},
            "tags": write.body.get("tags") or {},
            "systemData": system_data(write),
            "properties": _properties(write),
        }

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Fill in connections and the hosts of data endpoints."""
        properties = dict(resource.properties)
        enabled = properties.get("dataEndpointEnabled")
        hosts = [f"{_host(resource)}.{region}.data.{HOST}" for region in _regions(ctx, resource)]
        properties["dataEndpointHostNames"] = hosts if enabled else []
        properties["privateEndpointConnections"] = targets.connections(ctx, resource)
        return {**resource.body, "properties": properties}

    def private_link_groups(self, ctx: Context, target: Resource) -> Sequence[str]:  # noqa: ARG002
        """`registry`, for Premium only."""
        return ("registry",) if target.body["sku"]["name"] == "Premium" else ()

    def private_link_members(self, ctx: Context, target: Resource, group: str) -> Sequence[Member]:  # noqa: ARG002
        """One address per regional data endpoint and one for the registry itself (ACR-DATA-01)."""
        host = _host(target)
        data = [
            Member(
                f"registry_data_{region}",
                (f"{host}.{region}.data.{HOST}",),
                {ZONE: (f"{host}.{region}.data",)},
            )
            for region in _regions(ctx, target)
        ]
        return (*data, Member("registry", (f"{host}.{HOST}",), {ZONE: (host,)}))

    def connections_changed(self, ctx: Context, target: Resource) -> None:
        """A private endpoint switches the dedicated data endpoints on; removing it leaves them on."""
        if targets.children(ctx, target) and not target.properties.get("dataEndpointEnabled"):
            ctx.set_properties(target, dataEndpointEnabled=True)


def _host(registry: Resource) -> str:
    return registry.id.name.lower()


def _region(location: str) -> str:
    return location.replace(" ", "").lower()


def _regions(ctx: Context, registry: Resource) -> list[str]:
    """The home region first, then those of the replications."""
    replicas = [_region(each.location) for each in ctx.children(registry, REPLICATIONS)]
    return list(dict.fromkeys([_region(registry.location), *replicas]))


def _sku(write: Write) -> str:
    return str((write.body.get("sku") or {}).get("name") or "")


def _name_problem(ctx: Context, name: str) -> ArmError | None:
    if not NAME.fullmatch(name):
        return bad_request("InvalidRegistryName", f"The registry name '{name}' is not 5 to 50 letters and digits.")
    if any(other.id.name.lower() == name.lower() for other in ctx.of_type(REGISTRIES)):
        return conflict("AlreadyInUse", f"The registry DNS name {name.lower()}.{HOST} is already in use.")
    return None


def _check_sku(write: Write) -> None:
    """Network members, replicas and endpoints hold a registry in Premium.

    Field report F11 and hashicorp/terraform-provider-azurerm pull request 26054 have the code for public access;
    the others are unverified.
    """
    if _sku(write) == "Premium":
        return
    rules = write.properties.get("networkRuleSet") or {}
    if rules.get("defaultAction") == "Deny" or rules.get("ipRules"):
        raise bad_request("SkuNotSupported", f"Network rules are not supported by the sku '{_sku(write)}'.")
    if write.properties.get("publicNetworkAccess") == "Disabled":
        raise bad_request(
            "DisablingPublicNetworkAccessNotSupported",
            f"Disabling public network access is not supported for the SKU {_sku(write)}. For more information, "
            "please visit https://aka.ms/acr/private-link.",
        )
    if write.previous is None:
        return
    if targets.children(write.ctx, write.previous) or write.ctx.children(write.previous, REPLICATIONS):
        raise conflict(
            "SkuNotSupported", "Remove private endpoints and replications before leaving the Premium sku."
        )


def _properties(write: Write) -> JsonObject:
    now = write.ctx.now_text
    asked = {k: v for k, v in write.properties.items() if v is not None and k not in SERVER_OWNED}
    rules = asked.get("networkRuleSet") or {}
    return {
        "loginServer": f"{write.id.name.lower()}.{HOST}",
        "creationDate": write.kept("creationDate", now),
        "adminUserEnabled": False,
        "policies": _policies(now),
        "encryption": {"status": "disabled"},
        "dataEndpointEnabled": write.kept("dataEndpointEnabled", default=False),
        "publicNetworkAccess": "Enabled",
        "networkRuleBypassOptions": "AzureServices",
        "zoneRedundancy": "Disabled",
        "anonymousPullEnabled": False,
        **asked,
        "networkRuleSet": {
            "defaultAction": rules.get("defaultAction") or "Allow",
            "ipRules": [
                {"action": rule.get("action") or "Allow", "value": rule["value"]}
                for rule in rules.get("ipRules") or ()
            ],
        },
    }


SERVER_OWNED = frozenset(
    {
        "provisioningState",
        "loginServer",
        "creationDate",
        "privateEndpointConnections",
        "dataEndpointHostNames",
        "status",
    }
)
"""Members that a request cannot set."""


def _policies(now: str) -> JsonObject:
    return {
        "quarantinePolicy": {"status": "disabled"},
        "trustPolicy": {"type": "Notary", "status": "disabled"},
        "retentionPolicy": {"days": 7, "lastUpdatedTime": now, "status": "disabled"},
        "exportPolicy": {"status": "enabled"},
        "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
        "softDeletePolicy": {"retentionDays": 7, "lastUpdatedTime": now, "status": "disabled"},
    }


def _usages(ctx: Context, resource: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    """What the sku includes, and that nothing of it is used: images, webhooks and tokens are not emulated."""
    limits = LIMITS[str((resource.body.get("sku") or {}).get("name"))]
    rows = zip(
        ("Size", "Webhooks", "ScopeMaps", "Tokens"), limits, ("Bytes", "Count", "Count", "Count"), strict=True
    )
    return {"value": [{"name": n, "limit": limit, "currentValue": 0, "unit": unit} for n, limit, unit in rows]}


def _credentials(ctx: Context, resource: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    if not resource.properties.get("adminUserEnabled"):
        raise bad_request("UnAuthorizedForCredentialOperations", "The admin user of the registry is disabled.")
    passwords = [
        {"name": name, "value": ctx.guid("registry password", resource.id.key, name)}
        for name in ("password", "password2")
    ]
    return {"username": resource.id.name, "passwords": passwords}


class Replications(ResourceType):
    """Replications of a Premium registry; each adds a regional data endpoint."""

    name = REPLICATIONS
    located = True
    orphan_delete = 204
    put: ClassVar[WriteStyle] = REPLICATE
    delete: ClassVar[WriteStyle] = WriteStyle(
        updated=202, body="none", status_url=REPLICATE.status_url, retry_after=10, running="Deleting"
    )

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """A replica adds an address to every endpoint of the registry: a right on each of them."""
        registry = write.ctx.store.get(write.id.parent)
        if registry is not None and write.creating:
            for each in endpoint_members.endpoints_of(write.ctx, registry):
                yield endpoint_members.PROXIES, each.id.text

    def completed(self, ctx: Context, resource: Resource) -> None:
        """Its data endpoint gets an address on every private endpoint.

        Raises:
            ArmError: 400, when a subnet is full; the replica is rolled back then.
        """
        _adapt_endpoints(ctx, resource)

    def failed(self, ctx: Context, resource: Resource) -> None:
        """A replica that cannot be made is rolled back."""
        ctx.remove(resource.id.text)

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """Its address goes from every private endpoint."""
        _adapt_endpoints(ctx, resource)

    def compose(self, write: Write) -> JsonObject:
        """The replication with the recorded defaults."""
        asked = {k: v for k, v in write.properties.items() if k not in {"provisioningState", "status"}}
        return {
            "location": write.body.get("location"),
            "tags": write.body.get("tags") or {},
            "systemData": system_data(write),
            "properties": {
                "status": {"timestamp": write.ctx.now_text},
                "regionEndpointEnabled": True,
                "zoneRedundancy": "Disabled",
                **asked,
            },
        }

    def render(self, ctx: Context, resource: Resource) -> JsonObject:  # noqa: ARG002
        """A replication that is ready says so."""
        if not resource.settled:
            return resource.body
        status = {"displayStatus": "Ready", **resource.properties.get("status", {})}
        return {**resource.body, "properties": {**resource.properties, "status": status}}


def _adapt_endpoints(ctx: Context, replica: Resource) -> None:
    registry = ctx.store.get(replica.id.parent)
    if registry is not None:
        endpoint_members.adapt(ctx, registry)


class RegistryConnections(targets.ConnectionType):
    """Private endpoint connections of registries."""

    name = f"{REGISTRIES}/privateEndpointConnections"


TYPES = (Registries(), Replications(), RegistryConnections())
ROUTES = (
    name_availability.route(
        REGISTRIES, _name_problem, "Microsoft.ContainerRegistry/checkNameAvailability/read", invalid="Invalid"
    ),
)

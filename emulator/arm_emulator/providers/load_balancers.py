"""Load balancers with their inbound rules and backend pools.

Witness: recording Test_Networking_LoadBalancer_20240301_CRUD. Creations and updates are finished when they are
answered, though they name an operation; only deletions take time.
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import bad_request
from arm_emulator.model import SUCCEEDED
from arm_emulator.providers import addresses
from arm_emulator.providers.network import NetworkChild, NetworkType, reference, require_reference
from arm_emulator.providers.routing import BALANCERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import JsonObject, Resource

RULES = f"{BALANCERS}/inboundNatRules"
POOLS = f"{BALANCERS}/backendAddressPools"
FRONTENDS = "frontendIPConfigurations"
PORTS: JsonObject = {
    "idleTimeoutInMinutes": 4,
    "enableFloatingIP": False,
    "enableDestinationServiceEndpoint": False,
    "enableTcpReset": False,
    "allowBackendPortConflict": False,
}
"""What inbound rules and pools of them show without being asked."""

ROWS: Mapping[str, JsonObject] = {
    FRONTENDS: {"privateIPAllocationMethod": "Dynamic"},
    "loadBalancingRules": {},
    "probes": {},
    "outboundRules": {},
    "inboundNatPools": PORTS,
}
"""Parts that live and die with the balancer, by property, and their defaults."""

USERS = ("inboundNatPools", "loadBalancingRules", "outboundRules")
"""Parts that a frontend lists when they name it; inbound rules are children and listed too."""


class LoadBalancers(NetworkType):
    """A load balancer; a PUT replaces all of its parts."""

    name = BALANCERS
    child_lists: ClassVar[Mapping[str, str]] = {"backendAddressPools": POOLS, "inboundNatRules": RULES}

    def validate(self, write: Write) -> None:
        """Addresses and subnets of frontends must exist; rules and pools may name only frontends of the body."""
        super().validate(write)
        for each in write.properties.get(FRONTENDS) or ():
            for member in ("publicIPAddress", "subnet"):
                target = reference((each.get("properties") or {}).get(member))
                if target:
                    require_reference(write, target)
        own = {_part(write, FRONTENDS, each).lower() for each in write.properties.get(FRONTENDS) or ()}
        for name in (*USERS, "inboundNatRules"):
            for each in write.properties.get(name) or ():
                _require_frontend(write, each, own)

    def compose(self, write: Write) -> JsonObject:
        """The tier is the server's."""
        document = super().compose(write)
        return {**document, "sku": {"tier": "Regional", **(document.get("sku") or {"name": "Basic"})}}

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """Parts get ids, types and states."""
        rows = {
            name: [
                {
                    **each,
                    "id": _part(write, name, each),
                    "type": f"{self.name}/{name}",
                    "properties": {
                        "provisioningState": SUCCEEDED,
                        **defaults,
                        **_private_address(write, each),
                        **(each.get("properties") or {}),
                    },
                }
                for each in properties.get(name) or ()
            ]
            for name, defaults in ROWS.items()
        }
        return {**properties, **rows}

    def instant(self, write: Write, document: JsonObject) -> bool:
        """Always: creation and update are answered in state Succeeded (recorded)."""
        return True

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Parts carry the balancer's own tag, and frontends list what names them."""
        shown = super().render(ctx, resource)
        properties = dict(shown["properties"])
        for name in ROWS:
            properties[name] = [{**each, "etag": resource.etag} for each in properties.get(name) or ()]
        properties[FRONTENDS] = [_with_users(each, properties) for each in properties[FRONTENDS]]
        return {**shown, "properties": properties}


class InboundRules(NetworkChild):
    """One inbound rule of a load balancer."""

    name = RULES
    defaults: ClassVar[Mapping[str, object]] = {**PORTS, "protocol": "Tcp"}

    def validate(self, write: Write) -> None:
        """The frontend must be one of the balancer's; inside the balancer's own PUT it has judged that."""
        super().validate(write)
        balancer = write.ctx.store.get(write.id.parent)
        if balancer is not None and write.inside is None:
            own = {str(each["id"]).lower() for each in balancer.properties.get(FRONTENDS) or ()}
            _require_frontend(write, write.body, own)

    def instant(self, write: Write, document: JsonObject) -> bool:
        """Finished when it is answered, as its balancer; inside the balancer's PUT only what differs is stored."""
        return super().instant(write, document) if write.inside else True


class BackendPools(NetworkChild):
    """One backend pool of a load balancer."""

    name = POOLS

    def instant(self, write: Write, document: JsonObject) -> bool:
        """As inbound rules."""
        return super().instant(write, document) if write.inside else True


def _part(write: Write, name: str, each: JsonObject) -> str:
    return f"{write.id.text}/{name}/{each.get('name', '')}"


def _require_frontend(write: Write, user: JsonObject, own: set[str]) -> None:
    target = reference((user.get("properties") or {}).get("frontendIPConfiguration"))
    if target is not None and target.lower() not in own:
        raise bad_request(
            "InvalidResourceReference",
            f"Resource {target} referenced by resource {write.id.text} was not found. Please make sure that "
            "the referenced resource exists, and that both resources are in the same region.",
        )


def _private_address(write: Write, frontend: JsonObject) -> JsonObject:
    """The address of a frontend inside a subnet: the one it has, or the lowest free one."""
    sent = frontend.get("properties") or {}
    subnet = write.ctx.find(reference(sent.get("subnet")))
    if subnet is None or sent.get("privateIPAddress"):
        return {}
    for each in write.kept(FRONTENDS) or ():
        kept = each["properties"]
        if each.get("name") == frontend.get("name") and reference(kept.get("subnet")) == reference(sent["subnet"]):
            return {"privateIPAddress": kept["privateIPAddress"]}
    return {"privateIPAddress": addresses.allocate(write.ctx, subnet, [None])[0]}


def _with_users(frontend: JsonObject, properties: JsonObject) -> JsonObject:
    users = {name: list(_naming(frontend, properties.get(name) or ())) for name in (*USERS, "inboundNatRules")}
    return {**frontend, "properties": {**frontend["properties"], **{k: v for k, v in users.items() if v}}}


def _naming(frontend: JsonObject, users: Iterable[JsonObject]) -> Iterator[JsonObject]:
    for each in users:
        named = reference(each["properties"].get("frontendIPConfiguration"))
        if named is not None and named.lower() == str(frontend["id"]).lower():
            yield {"id": each["id"]}


TYPES = (LoadBalancers(), InboundRules(), BackendPools())

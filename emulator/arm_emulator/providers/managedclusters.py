"""AKS clusters, as far as attaching one to a workspace and isolating it looks at them.

Source: wire examples sections 0.1, 0.2 and 11, which summarise recordings that are not among ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request
from arm_emulator.hooks import READ_ONLY, ResourceType
from arm_emulator.model import WriteStyle
from arm_emulator.providers.identities import identity_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import JsonObject

CLUSTERS = "Microsoft.ContainerService/managedClusters"
NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")
JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"

_OPERATION = "{subscription}/providers/Microsoft.ContainerService/locations/{location}/operations/{operation}"
WRITE = WriteStyle(created=201, updated=200, status_url=_OPERATION, running="Creating", poll_details=True)
"""201 or 200 in state Creating or Updating, a status URL, no Retry-After."""

DELETE = WriteStyle(
    updated=202,
    body="none",
    status_url=_OPERATION,
    result_url=_OPERATION.replace("/operations/", "/operationresults/"),
    running="Deleting",
    poll_details=True,
)

NETWORK_DEFAULTS: JsonObject = {
    "networkPlugin": "azure",
    "networkPluginMode": "overlay",
    "networkPolicy": "none",
    "networkDataplane": "azure",
    "loadBalancerSku": "standard",
    "outboundType": "loadBalancer",
    "podCidr": "10.244.0.0/16",
    "serviceCidr": "10.0.0.0/16",
    "dnsServiceIP": "10.0.0.10",
}

IMMUTABLE = (("networkProfile", "serviceCidr"), ("apiServerAccessProfile", "enablePrivateCluster"))


class ManagedClusters(ResourceType):
    """AKS clusters: slow, one operation at a time, public or private."""

    name = CLUSTERS
    located = True
    put: ClassVar[WriteStyle] = WRITE
    patch: ClassVar[WriteStyle] = WriteStyle()
    delete: ClassVar[WriteStyle] = DELETE

    def validate(self, write: Write) -> None:
        """Names, subnets, and what is fixed after creation.

        Raises:
            ArmError: 400; PropertyChangeNotAllowed for immutable members.
        """
        if not NAME.fullmatch(write.id.name):
            raise bad_request("InvalidParameter", f"The cluster name '{write.id.name}' is invalid.")
        for subnet in _subnets(write):
            if write.ctx.find(subnet) is None:
                raise bad_request("InvalidParameter", f"The subnet '{subnet}' does not exist.")
        for part, member in IMMUTABLE:
            asked = (write.properties.get(part) or {}).get(member)
            present = (write.kept(part) or {}).get(member)
            if write.previous is not None and asked is not None and asked != present:
                raise bad_request(
                    "PropertyChangeNotAllowed", f"Changing property '{part}.{member}' is not allowed."
                )

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """The right to join the pools' subnets."""
        return ((JOIN, subnet) for subnet in _subnets(write) if write.creating)

    def contention(self, ctx: Context, where: ResourceId) -> None:
        """One operation at a time.

        Raises:
            ArmError: 409 OperationNotAllowed (status unverified).
        """
        cluster = ctx.store.get(where.key)
        if cluster is not None and not cluster.settled:
            raise ArmError(
                409,
                "OperationNotAllowed",
                f"Operation is not allowed: another operation is in progress on the cluster '{where.name}', "
                f"which is in state {cluster.state}.",
            )

    def compose(self, write: Write) -> JsonObject:
        """The cluster with the defaults of section 11."""
        document = {name: value for name, value in write.body.items() if name not in READ_ONLY}
        before = write.previous.body if write.previous else {}
        return {
            **document,
            "tags": write.body.get("tags") or {},
            "sku": write.body.get("sku") or {"name": "Base", "tier": "Free"},
            "identity": identity_of(write) or before.get("identity"),
            "properties": _properties(write),
        }


def _subnets(write: Write) -> list[str]:
    pools = write.properties.get("agentPoolProfiles") or ()
    return [str(pool["vnetSubnetID"]) for pool in pools if pool.get("vnetSubnetID")]


def _properties(write: Write) -> JsonObject:
    ctx, name = write.ctx, write.id.name
    region = str(write.body.get("location", "")).replace(" ", "").lower()
    label = f"{write.properties.get('dnsPrefix') or name}-{ctx.guid('api', write.id.key)[:8]}".lower()
    private = (write.properties.get("apiServerAccessProfile") or {}).get("enablePrivateCluster")
    group = write.properties.get("nodeResourceGroup") or f"MC_{write.id.group}_{name}_{region}"
    properties: JsonObject = {
        **{k: v for k, v in write.properties.items() if v is not None and k != "provisioningState"},
        "powerState": {"code": "Running"},
        "nodeResourceGroup": group,
        "servicePrincipalProfile": {"clientId": "msi"},
        "identityProfile": {
            "kubeletidentity": write.kept("identityProfile", {}).get("kubeletidentity") or _kubelet(write, group)
        },
        "networkProfile": {**NETWORK_DEFAULTS, **(write.properties.get("networkProfile") or {})},
        "agentPoolProfiles": [_pool(pool) for pool in write.properties.get("agentPoolProfiles") or ()],
    }
    properties["fqdn"] = f"{label}.hcp.{region}.azmk8s.io"
    if private:
        properties["privateFQDN"] = f"{label}.privatelink.{region}.azmk8s.io"
    return properties


def _kubelet(write: Write, group: str) -> JsonObject:
    subscription = "/".join(write.id.text.split("/")[:3])
    return {
        "resourceId": f"{subscription}/resourcegroups/{group}/providers/Microsoft.ManagedIdentity"
        f"/userAssignedIdentities/{write.id.name}-agentpool",
        "clientId": write.ctx.guid("kubelet client", write.id.key),
        "objectId": write.ctx.guid("kubelet object", write.id.key),
    }


def _pool(asked: JsonObject) -> JsonObject:
    shown = {"count": 1, "vmSize": "Standard_DS2_v2", "mode": "System", "enableNodePublicIP": False, **asked}
    return {**shown, "provisioningState": "Succeeded"}


TYPES = (ManagedClusters(),)

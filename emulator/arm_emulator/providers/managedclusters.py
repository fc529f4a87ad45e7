"""AKS clusters: slow, one operation at a time, public or private.

Witness: recordings Test_AKS_ManagedCluster_20240901_CRUD (updates, credentials, deletion) and
Test_KubernetesConfiguration_Extension_20241101_CRUD (a creation); wire examples sections 0.1, 0.2 and 11.
"""

# ruff: noqa: ARG001, ARG002 - hooks name all they are given

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request
from arm_emulator.hooks import READ_ONLY, ResourceType
from arm_emulator.model import FAILED, WriteStyle
from arm_emulator.providers import agent_pools
from arm_emulator.providers.agent_pools import CLUSTERS, DELETE, JOIN, POOLS, WRITE
from arm_emulator.providers.identities import identity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arm_emulator.hooks import Context, View, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Call, JsonObject, Resource

NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")

NOT_LATEST: JsonObject = {
    "code": "NotLatestOperation",
    "message": "Expected goal state for managed cluster not saved yet. This means saving goal state to database "
    "was slow or failed. This type of failed operations can usually be retried.",
}
"""Recorded: polls of a cluster's deletion carry an error from the first to the last, which says Succeeded: only
the status counts."""

NETWORK: JsonObject = {
    "networkPlugin": "azure",
    "networkPolicy": "none",
    "networkDataplane": "azure",
    "loadBalancerSku": "standard",
    "outboundType": "loadBalancer",
    "serviceCidr": "10.0.0.0/16",
    "dnsServiceIP": "10.0.0.10",
}
OVERLAY: JsonObject = {"networkPluginMode": "overlay", "podCidr": "10.244.0.0/16"}
"""What a cluster has that chose no plugin; one that chose `azure` has pods in its subnet (recorded both ways)."""

DEFAULTS: JsonObject = {
    "powerState": {"code": "Running"},
    "servicePrincipalProfile": {"clientId": "msi"},
    "kubernetesVersion": agent_pools.VERSION,
    "enableRBAC": True,
    "supportPlan": "KubernetesOfficial",
    "maxAgentPools": 100,
    "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
    "securityProfile": {},
    "storageProfile": {
        "diskCSIDriver": {"enabled": True},
        "fileCSIDriver": {"enabled": True},
        "snapshotController": {"enabled": True},
    },
    "oidcIssuerProfile": {"enabled": False},
    "workloadAutoScalerProfile": {},
    "metricsProfile": {"costAnalysis": {"enabled": False}},
}
LATER: JsonObject = {
    "nodeProvisioningProfile": {"mode": "Manual", "defaultNodePools": "Auto"},
    "bootstrapProfile": {"artifactSource": "Direct"},
}
"""What API versions from `agent_pools.DETAILS_SINCE` on show besides, as they show a `kind` (recorded)."""

IMMUTABLE = (("networkProfile", "serviceCidr"), ("apiServerAccessProfile", "enablePrivateCluster"))


class ManagedClusters(ResourceType):
    """AKS clusters; a PUT keeps what it does not name, but for the list of pools."""

    name = CLUSTERS
    located = True
    put: ClassVar[WriteStyle] = WRITE
    patch: ClassVar[WriteStyle] = WriteStyle()
    delete: ClassVar[WriteStyle] = replace(DELETE, poll_members=(("error", NOT_LATEST),))

    @property
    def actions(self) -> Mapping[str, View]:
        """Both ways to a kubeconfig; the recordings' is blank, and so is ours."""
        return {
            "listclusteradmincredential": _credential("clusterAdmin"),
            "listclusterusercredential": _credential("clusterUser"),
        }

    def validate(self, write: Write) -> None:
        """Names, pools, and what is fixed after creation.

        Raises:
            ArmError: 400; PropertyChangeNotAllowed for immutable members.
        """
        if not NAME.fullmatch(write.id.name):
            raise bad_request("InvalidParameter", f"The cluster name '{write.id.name}' is invalid.")
        for pool in _pools(write):
            agent_pools.require_sound(write.ctx, pool.get("name"), pool)
        for part, member in IMMUTABLE:
            asked = (write.properties.get(part) or {}).get(member)
            present = (write.kept(part) or {}).get(member)
            if write.previous is not None and asked is not None and asked != present:
                raise bad_request(
                    "PropertyChangeNotAllowed", f"Changing property '{part}.{member}' is not allowed."
                )

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """The right to join the pools' subnets."""
        subnets = (pool.get("vnetSubnetID") for pool in _pools(write))
        return ((JOIN, str(subnet)) for subnet in subnets if subnet and write.creating)

    def contention(self, ctx: Context, where: ResourceId) -> None:
        """One operation at a time, those of its pools included."""
        cluster = ctx.store.get(where.key)
        for each in (cluster, *(ctx.children(cluster, POOLS) if cluster else ())):
            if each is not None and not each.settled:
                raise agent_pools.busy(each)

    def style(self, write: Write) -> WriteStyle:
        """A creation says how far it is (recorded)."""
        if write.patching or not write.creating:
            return super().style(write)
        nodes = sum(int(pool.get("count") or 1) for pool in _pools(write))
        stages = (
            (0.15, "ProvisioningNetworkResources"),
            (0.25, "ProvisioningControlPlane"),
            (0.5, f"CreatingAgentPools: 0/{nodes} nodes completed"),
            (0.75, f"CreatingAgentPools: {nodes}/{nodes} nodes completed"),
        )
        return replace(WRITE, stages=stages)

    def compose(self, write: Write) -> JsonObject:
        """The cluster with its defaults; empty tags are not shown."""
        document = {name: value for name, value in write.body.items() if name not in READ_ONLY}
        before = write.previous.body if write.previous else {}
        return {
            **document,
            "tags": write.body.get("tags") or None,
            "kind": "Base",
            "sku": write.body.get("sku") or before.get("sku") or {"name": "Base", "tier": "Free"},
            "identity": identity_of(write) or before.get("identity"),
            "properties": _properties(write),
        }

    def accepted(self, ctx: Context, write: Write, resource: Resource) -> None:
        """The pools of the body are there at once, in the cluster's state."""
        if not write.patching and write.properties.get("agentPoolProfiles") is not None:
            agent_pools.replace_pools(write, resource, list(_pools(write)))

    def completed(self, ctx: Context, resource: Resource) -> None:
        """With the nodes come their identity and the address they leave by (recorded)."""
        agent_pools.settle_pools(ctx, resource)
        found = resource.properties
        network = found["networkProfile"]
        balancer = network.get("loadBalancerProfile")
        if balancer and "effectiveOutboundIPs" not in balancer:
            network = {
                **network,
                "loadBalancerProfile": {**balancer, "effectiveOutboundIPs": _outbound(ctx, resource)},
            }
        identity = found.get("identityProfile") or {
            "kubeletidentity": _identity(ctx, resource.id, found, "agentpool")
        }
        ctx.set_properties(resource, networkProfile=network, identityProfile=identity)

    def failed(self, ctx: Context, resource: Resource) -> None:
        """Its pools fail with it."""
        agent_pools.settle_pools(ctx, resource, FAILED)

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Id and type in the provider's casing, and the pools as they are now."""
        pools = [{"name": each.id.name, **each.properties} for each in ctx.children(resource, POOLS)]
        return {
            **resource.body,
            "id": agent_pools.in_small_letters(resource.id),
            "type": "Microsoft.ContainerService/ManagedClusters",
            "properties": {**resource.properties, "agentPoolProfiles": pools},
        }

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Leave out what the API version does not know; the answer to a PUT repeats empty objects of pools."""
        document = self.render(ctx, resource)
        inside, recent = document["properties"], call.api_version >= agent_pools.DETAILS_SINCE
        sent = ((call.body.get("properties") or {}).get("agentPoolProfiles") or ()) if call.method == "PUT" else ()
        empty: dict[str, JsonObject] = {
            str(pool.get("name")).lower(): {name: {} for name in agent_pools.ECHOED if pool.get(name) == {}}
            for pool in sent
        }
        pools = [
            {**agent_pools.shown(each, call.api_version), **empty.get(each["name"].lower(), {})}
            for each in inside["agentPoolProfiles"]
        ]
        kept = {name: value for name, value in document.items() if recent or name != "kind"}
        members = {name: value for name, value in inside.items() if recent or name not in LATER}
        return {**kept, "properties": {**members, "agentPoolProfiles": pools}}

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:
        """Resource Manager asks the provider for a cluster that once was, for no other (recorded both ways)."""
        was = any(each.verb == "DELETE" and each.target.key == where.key for each in ctx.operations.all())
        return agent_pools.absent("ManagedCluster", where) if was else None


def _credential(name: str) -> View:
    def view(ctx: Context, resource: Resource, call: Call) -> JsonObject:
        return {"kubeconfigs": [{"name": name, "value": "IA=="}]}

    return view


def _pools(write: Write) -> Iterable[JsonObject]:
    return write.properties.get("agentPoolProfiles") or ()


def _properties(write: Write) -> JsonObject:
    ctx, name = write.ctx, write.id.name
    unsent = {"provisioningState", "agentPoolProfiles"}
    sent = {k: v for k, v in write.properties.items() if v is not None and k not in unsent}
    kept = {k: v for k, v in write.previous.properties.items() if k not in unsent} if write.previous else {}
    region = str(write.body.get("location", "")).replace(" ", "").lower()
    merged: JsonObject = {**DEFAULTS, **LATER, **kept, **sent}
    label = f"{merged.get('dnsPrefix') or name}-{ctx.guid('api', write.id.key)[:8]}".lower()
    merged["nodeResourceGroup"] = merged.get("nodeResourceGroup") or f"MC_{write.id.group}_{name}_{region}"
    merged["networkProfile"] = _network(sent.get("networkProfile") or {}, kept.get("networkProfile") or {})
    merged["currentKubernetesVersion"] = agent_pools.patched(str(merged["kubernetesVersion"]))
    merged["resourceUID"] = ctx.guid("cluster", write.id.key).replace("-", "")[:24]
    merged["fqdn"] = f"{label}.hcp.{region}.azmk8s.io"
    merged["azurePortalFQDN"] = f"{label}.portal.hcp.{region}.azmk8s.io"
    if (merged.get("apiServerAccessProfile") or {}).get("enablePrivateCluster"):
        merged["privateFQDN"] = f"{label}.privatelink.{region}.azmk8s.io"
    if merged["oidcIssuerProfile"].get("enabled"):
        issuer = f"https://{region}.oic.prod-aks.azure.com/{ctx.config.tenant}/{ctx.guid('issuer', write.id.key)}/"
        merged["oidcIssuerProfile"] = {"enabled": True, "issuerURL": issuer}
    if merged.get("addonProfiles"):
        merged["addonProfiles"] = _addons(write, merged)
    if merged.get("linuxProfile") and "networkPluginMode" not in merged["networkProfile"]:
        merged.setdefault("windowsProfile", {"adminUsername": "azureuser", "enableCSIProxy": True})
    return merged


def _network(asked: JsonObject, kept: JsonObject) -> JsonObject:
    """The network of a cluster: chosen at creation, and kept where a later PUT does not speak of it."""
    chosen = {name: value for name, value in asked.items() if value is not None}
    base = kept or {**NETWORK, **({} if chosen.get("networkPlugin") == "azure" else OVERLAY)}
    network = {**base, **chosen}
    network["serviceCidrs"] = [network["serviceCidr"]]
    network.setdefault("ipFamilies", ["IPv4"])
    if network.get("podCidr"):
        network["podCidrs"] = [network["podCidr"]]
    if network["outboundType"] == "loadBalancer":
        balancer = {"managedOutboundIPs": {"count": 1}, "backendPoolType": "nodeIPConfiguration"}
        network["loadBalancerProfile"] = {**balancer, **(network.get("loadBalancerProfile") or {})}
    return network


def _addons(write: Write, merged: JsonObject) -> JsonObject:
    return {
        addon: {
            "config": None,
            **profile,
            **(
                {"identity": _identity(write.ctx, write.id, merged, addon, before=True)}
                if profile.get("enabled")
                else {}
            ),
        }
        for addon, profile in merged["addonProfiles"].items()
    }


def _identity(
    ctx: Context, where: ResourceId, properties: JsonObject, role: str, *, before: bool = False
) -> JsonObject:
    """An identity that AKS makes in the group of the nodes, named after the cluster and its role."""
    subscription = "/".join(where.text.split("/")[:3])
    name = f"{role}-{where.name}" if before else f"{where.name}-{role}"
    return {
        "resourceId": f"{subscription}/resourcegroups/{properties['nodeResourceGroup']}/providers/"
        f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
        "clientId": ctx.guid(f"{role} client", where.key),
        "objectId": ctx.guid(f"{role} object", where.key),
    }


def _outbound(ctx: Context, cluster: Resource) -> list[JsonObject]:
    subscription = "/".join(cluster.id.text.split("/")[:3])
    group = f"{subscription}/resourceGroups/{cluster.properties['nodeResourceGroup']}"
    address = ctx.guid("outbound", cluster.id.key)
    return [{"id": f"{group}/providers/Microsoft.Network/publicIPAddresses/{address}"}]


TYPES = (ManagedClusters(),)

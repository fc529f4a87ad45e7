"""Agent pools of AKS clusters, which a cluster's own PUT may carry too, and its maintenance windows.

Witness: recording Test_AKS_ManagedCluster_20240901_CRUD; what newer API versions show besides:
Test_KubernetesConfiguration_Extension_20241101_CRUD (a cluster of 2025-08-01).
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request
from arm_emulator.hooks import READ_ONLY, ResourceType
from arm_emulator.model import SUCCEEDED, TERMINAL, WriteStyle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Call, JsonObject, Resource

CLUSTERS = "Microsoft.ContainerService/managedClusters"
POOLS = f"{CLUSTERS}/agentPools"
WINDOWS = f"{CLUSTERS}/maintenanceConfigurations"
NAME = re.compile(r"[a-z][a-z0-9]{0,11}")
JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"

_OPERATION = "{subscription}/providers/Microsoft.ContainerService/locations/{location}/operations/{operation}"
WRITE = WriteStyle(created=201, updated=200, status_url=_OPERATION, running="Creating", poll_details=True)
"""201 or 200 in state Creating or Updating, a status URL, no Retry-After; clusters and pools alike."""

DELETE = WriteStyle(
    updated=202,
    body="none",
    status_url=_OPERATION,
    result_url=_OPERATION.replace("/operations/", "/operationresults/"),
    running="Deleting",
    poll_details=True,
)

VERSION = "1.33"
"""What a cluster gets that asks for no version of Kubernetes."""
PATCH = 7
"""The patch of a version that was asked for without one; AKS chooses it by what it offers on the day."""
IMAGE = "AKSUbuntu-2204gen2containerd-202603.04.0"
DETAILS_SINCE = "2025-08-01"
"""Recorded: pools show how many nodes an upgrade may miss and who may log in to 2025-08-01, not to 2024-09-01,
which in turn says of a pool without autoscaling that it has none."""

DEFAULTS: JsonObject = {
    "count": 1,
    "vmSize": "Standard_DS2_v2",
    "osDiskSizeGB": 128,
    "osDiskType": "Managed",
    "kubeletDiskType": "OS",
    "type": "VirtualMachineScaleSets",
    "enableAutoScaling": False,
    "scaleDownMode": "Delete",
    "powerState": {"code": "Running"},
    "enableNodePublicIP": False,
    "mode": "System",
    "osType": "Linux",
    "osSKU": "Ubuntu",
    "nodeImageVersion": IMAGE,
    "enableFIPS": False,
}
UPGRADES: JsonObject = {"maxSurge": "10%", "maxUnavailable": "0"}
SECURITY: JsonObject = {"sshAccess": "LocalUser", "enableVTPM": False, "enableSecureBoot": False}
ECHOED = ("tags", "nodeLabels")
"""Empty objects that the answer to a cluster's PUT repeats and no later answer has (recorded)."""


def patched(version: str) -> str:
    """A version of Kubernetes with its patch."""
    return version if version.count(".") > 1 else f"{version}.{PATCH}"


def properties(asked: JsonObject, kept: JsonObject, network: JsonObject, version: str) -> JsonObject:
    """A pool's properties: the defaults, what it has, what is asked; empty values are not shown.

    Args:
        asked: properties of the request.
        kept: properties of the pool as it is.
        network: the cluster's network profile, which decides how many pods a node takes.
        version: the cluster's version of Kubernetes.
    """
    sent = {name: value for name, value in asked.items() if value not in (None, [], {})}
    pods = 30 if network.get("networkPlugin") == "azure" and not network.get("networkPluginMode") else 250
    orchestrator = sent.get("orchestratorVersion") or kept.get("orchestratorVersion") or version
    return {
        **DEFAULTS,
        "maxPods": pods,
        **{name: value for name, value in kept.items() if name not in {"nodeLabels", "nodeTaints", "tags"}},
        **sent,
        "orchestratorVersion": orchestrator,
        "currentOrchestratorVersion": patched(orchestrator),
        "upgradeSettings": {**UPGRADES, **(sent.get("upgradeSettings") or kept.get("upgradeSettings") or {})},
        "securityProfile": {**SECURITY, **(sent.get("securityProfile") or kept.get("securityProfile") or {})},
    }


def shown(found: JsonObject, api_version: str) -> JsonObject:
    """A pool's properties without what the API version of the request does not know."""
    if api_version >= DETAILS_SINCE:
        return {name: value for name, value in found.items() if name != "enableAutoScaling" or value}
    upgrades = {name: value for name, value in found["upgradeSettings"].items() if name != "maxUnavailable"}
    security = {name: value for name, value in found["securityProfile"].items() if name != "sshAccess"}
    return {**found, "upgradeSettings": upgrades, "securityProfile": security}


def absent(what: str, where: ResourceId) -> ArmError:
    """AKS's own 404: no envelope, no failure cause, a code below the code (recorded)."""
    place = f"subscription: {where.subscription}, resourceGroup: {where.group}"
    if what == "AgentPool":
        text = f"Could not find the agentpool: {where.name} in {place}, resourceName: {where.names[0]}."
    else:
        text = f"Could not find managed cluster resource: {where.name} in {place}."
    spaced = {"AgentPool": "Agent Pool", "ManagedCluster": "Managed Cluster"}[what]
    return ArmError(
        404,
        "NotFound",
        text,
        details=[{"code": "Unspecified", "message": f"rpc error: code = NotFound desc = {spaced} not found"}],
        failure_cause=None,
        enveloped=False,
        members={"subcode": f"Get{what}_NotFound_HCPServerError"},
    )


def busy(cluster: Resource) -> ArmError:
    """409 OperationNotAllowed (status unverified): a cluster does one thing at a time."""
    return ArmError(
        409,
        "OperationNotAllowed",
        f"Operation is not allowed: another operation is in progress on the cluster '{cluster.id.name}', "
        f"which is in state {cluster.state}.",
    )


def in_small_letters(where: ResourceId) -> str:
    """An id as clusters and pools show it."""
    return where.text.replace("/resourceGroups/", "/resourcegroups/")


class AgentPools(ResourceType):
    """One pool of nodes."""

    name = POOLS
    put: ClassVar[WriteStyle] = WRITE
    delete: ClassVar[WriteStyle] = DELETE
    methods = frozenset({"GET", "HEAD", "PUT", "DELETE"})

    def validate(self, write: Write) -> None:
        """The name is short and plain, and the subnet must exist."""
        require_sound(write.ctx, write.id.name, write.properties)

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """The right to join the pool's subnet."""
        subnet = write.properties.get("vnetSubnetID")
        return [(JOIN, str(subnet))] if subnet and write.creating else []

    def contention(self, ctx: Context, where: ResourceId) -> None:
        """Not while the cluster or this pool is being changed."""
        for each in (ctx.store.get(where.parent), ctx.store.get(where.key)):
            if each is not None and not each.settled:
                raise busy(each)

    def compose(self, write: Write) -> JsonObject:
        """The pool with its defaults."""
        cluster = write.ctx.store.get(write.id.parent)
        inside = cluster.properties if cluster else {}
        kept = write.previous.properties if write.previous else {}
        network, version = inside.get("networkProfile") or {}, inside.get("kubernetesVersion", VERSION)
        return {"properties": properties(write.properties, kept, network, version)}

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """The id in the provider's casing."""
        return {**resource.body, "id": in_small_letters(resource.id)}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Leave out what the API version of the request does not know."""
        return {**self.render(ctx, resource), "properties": shown(resource.properties, call.api_version)}

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:
        """In AKS's own words: Resource Manager knows no pools."""
        return absent("AgentPool", where)


def require_sound(ctx: Context, name: object, pool: JsonObject) -> None:
    """A pool has a name of up to twelve small letters and digits, and lives in a subnet that exists, if in any.

    Raises:
        ArmError: 400 InvalidParameter.
    """
    if not NAME.fullmatch(str(name)):
        raise bad_request("InvalidParameter", f"The agent pool name '{name}' is invalid.")
    subnet = pool.get("vnetSubnetID")
    if subnet and ctx.find(subnet) is None:
        raise bad_request("InvalidParameter", f"The subnet '{subnet}' does not exist.")


def replace_pools(write: Write, cluster: Resource, asked: list[JsonObject]) -> None:
    """Store the pools that a cluster's PUT names, in the cluster's state, and remove the others."""
    ctx, caller, correlation = write.ctx, write.call.caller, write.call.correlation_id
    names = {str(each.get("name", "")).lower() for each in asked}
    for known in ctx.children(cluster, POOLS):
        if known.id.name.lower() not in names:
            ctx.remove(known.id.text, caller=caller, correlation_id=correlation)
    network, version = cluster.properties["networkProfile"], cluster.properties["kubernetesVersion"]
    for each in asked:
        place = f"{cluster.id.text}/agentPools/{each.get('name')}"
        before = ctx.find(place)
        sent = {name: value for name, value in each.items() if name not in {"name", "provisioningState"}}
        composed = properties(sent, before.properties if before else {}, network, version)
        ctx.apply(place, {"properties": {**composed, "provisioningState": cluster.state}}, caller=caller)


def settle_pools(ctx: Context, cluster: Resource, state: str = SUCCEEDED) -> None:
    """Pools that were written with their cluster end with it."""
    for each in ctx.children(cluster, POOLS):
        if each.state not in TERMINAL and not each.operation:
            ctx.set_properties(each, provisioningState=state)


class MaintenanceWindows(ResourceType):
    """When a cluster may be upgraded; written at once, and without a type in its answers (recorded)."""

    name = WINDOWS
    final_state = ""
    put: ClassVar[WriteStyle] = WriteStyle(created=200, updated=200)
    methods = frozenset({"GET", "HEAD", "PUT", "DELETE"})

    def compose(self, write: Write) -> JsonObject:
        """What was sent, with the offset and the day from which on the window counts."""
        sent = _without_nulls({k: v for k, v in write.body.items() if k not in READ_ONLY})
        inside = sent.get("properties") or {}
        if "maintenanceWindow" in inside:
            before = (write.kept("maintenanceWindow") or {}).get("startDate")
            since = {"utcOffset": "+00:00", "startDate": before or write.ctx.now_text[:10]}
            inside = {**inside, "maintenanceWindow": {**since, **inside["maintenanceWindow"]}}
        return {**sent, "properties": inside}

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Without the type."""
        return {name: value for name, value in resource.body.items() if name != "type"}


def _without_nulls(value: JsonObject) -> JsonObject:
    return {k: _without_nulls(v) if isinstance(v, dict) else v for k, v in value.items() if v is not None}


TYPES = (AgentPools(), MaintenanceWindows())

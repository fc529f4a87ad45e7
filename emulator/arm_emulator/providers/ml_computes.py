"""Computes of workspaces: clusters, instances, and attached machines and clusters.

Witnesses: recording Test_MachineLearning_Workspaces_20240401_CRUD (an attached machine); wire examples
section 2; rules SC-*, names table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import bad_request
from arm_emulator.hooks import ResourceType
from arm_emulator.model import SUCCEEDED, WriteStyle
from arm_emulator.providers import ml_workspace
from arm_emulator.providers.identities import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import JsonObject, Resource

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")
INSTANCE_NAME = re.compile(r"(?!.*-\d+$).*")
"""Behind a hyphen an instance's name needs at least one letter."""

JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"

_STATUS = (
    "{subscription}/providers/Microsoft.MachineLearningServices"
    "/locations/{location}/computeOperationsStatus/{operation}?service=new"
)

WRITE = WriteStyle(
    created=201,
    updated=200,
    status_url=_STATUS,
    running="Creating",
    final_status=(("status", SUCCEEDED), ("percentComplete", 100.0)),
)
"""Recorded: 201 with the compute in state Creating, a status URL, no Retry-After."""

DELETE = WriteStyle(
    updated=202, body="none", status_url=_STATUS, running="Deleting", final_status=WRITE.final_status
)

ATTACHED = {
    "VirtualMachine": "Microsoft.Compute/virtualMachines",
    "AKS": "Microsoft.ContainerService/managedClusters",
    "Kubernetes": "",
    "HDInsight": "Microsoft.HDInsight/clusters",
    "Databricks": "Microsoft.Databricks/workspaces",
    "SynapseSpark": "",
    "DataFactory": "",
    "DataLakeAnalytics": "",
}
"""Compute types that stand for a resource of its own, with that resource's type."""

CREATED_HERE = frozenset({"AmlCompute", "ComputeInstance"})

SECRETS = frozenset({"administratorAccount", "databricksAccessToken", "adminUserPassword", "sslConfiguration"})
"""Inner members that are accepted and shown as null."""


class Computes(ResourceType):
    """Computes: one envelope, an inner document per compute type."""

    name = ml_workspace.COMPUTES
    located = True
    put: ClassVar[WriteStyle] = WRITE
    patch: ClassVar[WriteStyle] = WRITE
    delete: ClassVar[WriteStyle] = DELETE

    def validate(self, write: Write) -> None:
        """Names, compute type, the subnet or resource behind it, what may change.

        Raises:
            ArmError: 400 BadRequest (the service's codes for these cases are unverified).
        """
        kind = str(write.properties.get("computeType") or "")
        if kind not in ATTACHED and kind not in CREATED_HERE:
            raise bad_request("BadRequest", f"The compute type '{kind}' is unknown.")
        if write.previous is None:
            _check_name(write, kind)
        else:
            _check_changes(write, write.previous)
        _check_attached(write, kind)
        _check_subnet(write, kind)

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """The right to join the subnet of a new cluster or instance."""
        subnet = _subnet(write)
        return [(JOIN, subnet)] if subnet and write.creating else []

    def compose(self, write: Write) -> JsonObject:
        """The envelope with the recorded members around the inner document of the type."""
        kind = str(write.properties["computeType"])
        inner = INNER.get(kind, _plain)(write)
        now = write.ctx.now_text
        return {
            "location": write.body.get("location"),
            "tags": write.body.get("tags"),
            "identity": identity_of(write) or (write.previous.body.get("identity") if write.previous else None),
            "properties": {
                "createdOn": write.kept("createdOn", now),
                "modifiedOn": now,
                "disableLocalAuth": write.properties.get("disableLocalAuth", False),
                "description": write.properties.get("description"),
                "resourceId": write.properties.get("resourceId"),
                "computeType": kind,
                "computeLocation": write.properties.get("computeLocation") or write.body.get("location"),
                "provisioningErrors": None,
                "provisioningWarnings": None,
                "isAttachedCompute": kind in ATTACHED,
                "properties": inner,
            },
        }

    def completed(self, ctx: Context, resource: Resource) -> None:
        """A finished creation has its nodes in place."""
        inner = dict(resource.properties.get("properties") or {})
        if resource.properties["computeType"] == "AmlCompute":
            floor = (inner.get("scaleSettings") or {}).get("minNodeCount") or 0
            inner |= {"currentNodeCount": floor, "targetNodeCount": floor, "allocationState": "Steady"}
            inner["nodeStateCounts"] = {**_NO_NODES, "idleNodeCount": floor}
        elif resource.properties["computeType"] == "ComputeInstance":
            inner["state"] = "Running"
        else:
            return
        ctx.set_properties(resource, properties=inner)

    def render(self, ctx: Context, resource: Resource) -> JsonObject:  # noqa: ARG002
        """Tags are shown even when there are none (recorded)."""
        return {"tags": None, **resource.body}


_NO_NODES = {
    f"{state}NodeCount": 0 for state in ("idle", "running", "preparing", "unusable", "leaving", "preempted")
}


def _inner(write: Write) -> JsonObject:
    found = write.properties.get("properties")
    return dict(found) if isinstance(found, dict) else {}


def _subnet(write: Write) -> str:
    found = _inner(write).get("subnet")
    return str(found.get("id") or "") if isinstance(found, dict) else ""


def _check_name(write: Write, kind: str) -> None:
    name = write.id.name
    if not NAME.fullmatch(name) or (kind == "ComputeInstance" and not INSTANCE_NAME.fullmatch(name)):
        raise bad_request("BadRequest", f"The compute name '{name}' is invalid.")


def _check_changes(write: Write, previous: Resource) -> None:
    """Clusters change their scale only; a repeated AKS creation is refused by name."""
    kind = str(previous.properties.get("computeType"))
    if write.properties.get("computeType") != kind:
        raise bad_request("BadRequest", f"The compute '{write.id.name}' is {kind} and stays so.")
    if kind == "AKS" and not write.patching and not write.properties.get("resourceId"):
        raise bad_request("BadRequest", f"A compute named '{write.id.name}' exists already.")
    old, new = previous.properties.get("properties") or {}, _inner(write)
    for member in ("vmSize", "subnet", "enableNodePublicIp"):
        if kind in CREATED_HERE and member in new and _text(new[member]) != _text(old.get(member)):
            raise bad_request("BadRequest", f"The member {member} of the compute '{write.id.name}' cannot change.")


def _text(value: object) -> str:
    return str(value).lower()


def _check_attached(write: Write, kind: str) -> None:
    if kind not in ATTACHED or write.previous is not None:
        return
    target = write.properties.get("resourceId")
    creates = kind == "AKS" and not target
    if not creates and write.ctx.find(target) is None:
        raise bad_request("BadRequest", f"The resource '{target}' to attach does not exist.")


def _check_subnet(write: Write, kind: str) -> None:
    subnet = _subnet(write)
    workspace = write.ctx.find(write.id.parent)
    if kind not in CREATED_HERE or not subnet or workspace is None or write.previous is not None:
        return
    if (workspace.properties.get("managedNetwork") or {}).get("isolationMode", "Disabled") != "Disabled":
        raise bad_request("BadRequest", "A workspace with a managed network has no computes in other subnets.")
    found = write.ctx.find(subnet)
    if found is None:
        raise bad_request("BadRequest", f"The subnet '{subnet}' does not exist.")
    if found.properties.get("delegations"):
        raise bad_request("BadRequest", f"The subnet '{subnet}' is delegated; computes cannot use it.")


def _plain(write: Write) -> JsonObject:
    """The inner document as it came, secrets as null."""
    return {name: (None if name in SECRETS else value) for name, value in _inner(write).items()}


def _cluster(write: Write) -> JsonObject:
    before = (write.kept("properties") or {}) if write.previous else {}
    scale = {"minNodeCount": 0, "maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "PT120S"}
    return {
        "osType": "Linux",
        "vmSize": "STANDARD_DS3_V2",
        "vmPriority": "Dedicated",
        "virtualMachineImage": None,
        "isolatedNetwork": None,
        "subnet": None,
        "remoteLoginPortPublicAccess": "NotSpecified",
        "enableNodePublicIp": True,
        "userAccountCredentials": None,
        "errors": None,
        "allocationState": "Resizing",
        "allocationStateTransitionTime": write.ctx.now_text,
        "currentNodeCount": 0,
        "targetNodeCount": 0,
        "nodeStateCounts": _NO_NODES,
        **before,
        **_plain(write),
        "scaleSettings": {
            **scale,
            **(before.get("scaleSettings") or {}),
            **(_inner(write).get("scaleSettings") or {}),
        },
    }


def _instance(write: Write) -> JsonObject:
    before = (write.kept("properties") or {}) if write.previous else {}
    public = _inner(write).get("enableNodePublicIp", True)
    subnet = bool(_subnet(write))
    addresses = {
        "publicIpAddress": "20.50.0.4" if public else None,
        "privateIpAddress": "10.0.0.4" if subnet else None,
    }
    return {
        "subnet": None,
        "applicationSharingPolicy": "Shared",
        "computeInstanceAuthorizationType": "personal",
        "sshSettings": {"sshPublicAccess": "Disabled"},
        "enableNodePublicIp": True,
        "connectivityEndpoints": addresses,
        "applications": [],
        "errors": [],
        "state": "Creating",
        "lastOperation": {
            "operationName": "Create",
            "operationTime": write.ctx.now_text,
            "operationStatus": "InProgress",
        },
        **before,
        **_plain(write),
    }


def _virtual_machine(write: Write) -> JsonObject:
    machine = write.ctx.find(write.properties.get("resourceId"))
    size = (machine.properties.get("hardwareProfile") or {}).get("vmSize") if machine else None
    address = _address(write.ctx, machine) if machine else None
    return {
        "virtualMachineSize": str(size).upper() if size else None,
        "sshPort": 22,
        "notebookServerPort": None,
        "address": address,
        "ipAddress": address,
        "imageVersion": None,
        "applicationUris": None,
        "createdBy": None,
        **_plain(write),
        "administratorAccount": None,
    }


def _address(ctx: Context, machine: Resource) -> str | None:
    """The machine's public address, else its private one."""
    for reference in (machine.properties.get("networkProfile") or {}).get("networkInterfaces") or ():
        interface = ctx.find(reference.get("id"))
        for configuration in (interface.properties.get("ipConfigurations") or ()) if interface else ():
            inside = configuration.get("properties") or {}
            public = ctx.find((inside.get("publicIPAddress") or {}).get("id"))
            found = (public.properties.get("ipAddress") if public else None) or inside.get("privateIPAddress")
            if found:
                return str(found)
    return None


def _aks(write: Write) -> JsonObject:
    cluster = write.ctx.find(write.properties.get("resourceId"))
    fqdn = cluster.properties.get("fqdn") if cluster else None
    return {
        "clusterFqdn": fqdn,
        "systemServices": None,
        "agentCount": None,
        "agentVmSize": None,
        "clusterPurpose": "FastProd",
        "sslConfiguration": None,
        "aksNetworkingConfiguration": None,
        "loadBalancerType": "PublicIp",
        "loadBalancerSubnet": None,
        **_plain(write),
    }


def _kubernetes(write: Write) -> JsonObject:
    return {
        "relayConnectionString": None,
        "serviceBusConnectionString": None,
        "extensionPrincipalId": write.ctx.guid("extension", write.id.key),
        "extensionInstanceReleaseTrain": "stable",
        "vcName": None,
        "namespace": "default",
        "defaultInstanceType": "defaultinstancetype",
        "instanceTypes": {},
        **_plain(write),
    }


INNER: dict[str, Callable[[Write], JsonObject]] = {
    "AmlCompute": _cluster,
    "ComputeInstance": _instance,
    "VirtualMachine": _virtual_machine,
    "AKS": _aks,
    "Kubernetes": _kubernetes,
}

TYPES = (Computes(),)

"""What a workspace's diagnosis finds: an operation, whose answer has a list for each kind of thing.

Shapes: the OpenAPI document of 2024-10-01 (Workspaces_Diagnose). Documented codes: CustomDnsInUse (article on
workspace diagnostics, with its words) and ImageBuildComputeNotValid (field report F10); the others are unverified.
Routes and security rules are not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator import ids, resolver
from arm_emulator.durations import draw
from arm_emulator.errors import ArmError
from arm_emulator.model import Answer, WriteStyle
from arm_emulator.operations import Operation
from arm_emulator.providers import targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.hooks import Context
    from arm_emulator.model import Call, JsonObject, Resource

CATEGORIES = (
    "userDefinedRouteResults",
    "networkSecurityRuleResults",
    "resourceLockResults",
    "dnsResolutionResults",
    "storageAccountResults",
    "keyVaultResults",
    "containerRegistryResults",
    "applicationInsightsResults",
    "otherResults",
)

DIAGNOSE = WriteStyle(
    updated=202,
    body="none",
    result_url=(
        "{subscription}/providers/Microsoft.MachineLearningServices"
        "/locations/{location}/workspaceOperationsStatus/{operation}?type=location"
    ),
    result_body=True,
)
"""202 with Location, at the end 200 with the findings (OpenAPI document). The document has Retry-After, too, as
for creation and update, where the recording has none."""

LOCKS = "Microsoft.Authorization/locks"
AZURE_DNS = "168.63.129.16"
CUSTOM_DNS = "https://learn.microsoft.com/azure/machine-learning/how-to-custom-dns"

NEEDED: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "storageAccount": ("storageAccountResults", "StorageAccount", ("blob", "file")),
    "keyVault": ("keyVaultResults", "KeyVault", ("vault",)),
    "containerRegistry": ("containerRegistryResults", "ContainerRegistry", ("registry",)),
}
"""What a workspace names: the list of its findings, the beginning of their codes, and the groups it is used by."""


def diagnose(ctx: Context, workspace: Resource, call: Call) -> Answer:
    """Begin a diagnosis; it says how things are when it ends."""
    found: JsonObject = {}

    def finish(_: Operation) -> None:
        there = ctx.find(workspace.id.text)
        if there is None:
            raise ArmError(404, "ResourceNotFound", f"The workspace '{workspace.id.name}' was not found.")
        found["value"] = findings(ctx, there)

    seconds = draw(ctx.config.seed, workspace.id.key, workspace.id.type_key, "POST", workspace.writes)
    operation = Operation(
        id=ctx.guid(),
        verb="POST",
        target=workspace.id,
        style=DIAGNOSE,
        due=ctx.now + seconds * call.slow_operation,
        finish=finish,
        final=lambda: found,
        started=ctx.now,
    )
    ctx.operations.begin(operation, call, workspace.location)
    return Answer(DIAGNOSE.updated, None, operation.headers(call.base_url, DIAGNOSE.retry_after))


def findings(ctx: Context, workspace: Resource) -> dict[str, list[JsonObject]]:
    """Everything that is wrong with a workspace and what belongs to it, by category."""
    found: dict[str, list[JsonObject]] = {name: [] for name in CATEGORIES}
    networks = dict(_networks(ctx, workspace))
    found["resourceLockResults"] += _locks(ctx, workspace, list(networks.values()))
    for endpoint, network in networks.items():
        found["dnsResolutionResults"] += _names(ctx, workspace, endpoint, network)
    for member, (category, code, groups) in NEEDED.items():
        named = workspace.properties.get(member)
        if named:
            found[category] += _service(ctx, str(named), code, groups, list(networks.values()))
    found["containerRegistryResults"] += _builder(ctx, workspace)
    insights = workspace.properties.get("applicationInsights")
    if insights and ctx.find(insights) is None:
        found["applicationInsightsResults"].append(
            _finding("ApplicationInsightsNotFound", "Error", f"The component '{insights}' does not exist.")
        )
    return found


def _finding(code: str, level: str, message: str) -> JsonObject:
    return {"code": code, "level": level, "message": message}


def _networks(ctx: Context, workspace: Resource) -> Iterator[tuple[str, Resource]]:
    """The networks of the workspace's approved endpoints, by the id of the endpoint."""
    for each in targets.children(ctx, workspace):
        state = each.properties.get("privateLinkServiceConnectionState") or {}
        endpoint = ctx.find((each.properties.get("privateEndpoint") or {}).get("id"))
        if endpoint is None or state.get("status") != "Approved":
            continue
        subnet = ctx.find((endpoint.properties.get("subnet") or {}).get("id"))
        network = ctx.store.get(subnet.id.parent) if subnet else None
        if network is not None:
            yield endpoint.id.text, network


def _locks(ctx: Context, workspace: Resource, networks: list[Resource]) -> Iterator[JsonObject]:
    """Locks on the workspace or a network keep computes from being made, resized and removed (field reports)."""
    above = {scope for each in (workspace, *networks) for scope in ids.ancestors(each.id.key)}
    for lock in ctx.of_type(LOCKS):
        if lock.id.scope.lower() in above:
            text = (
                f"The lock '{lock.id.text}' ({lock.properties.get('level')}) can stop operations of the workspace."
            )
            yield _finding("ResourceLockFound", "Warning", text)


def _names(ctx: Context, workspace: Resource, endpoint: str, network: Resource) -> Iterator[JsonObject]:
    servers = (network.properties.get("dhcpOptions") or {}).get("dnsServers") or ()
    if any(each != AZURE_DNS for each in servers):
        yield _finding(
            "CustomDnsInUse",
            "Warning",
            f"It is detected VNet '{network.id.text}' of private endpoint '{endpoint}' is not using Azure default "
            f"DNS. You need to configure your DNS server and check {CUSTOM_DNS} to make sure the custom DNS is "
            "set up correctly.",
        )
    reached = resolver.reach(ctx, workspace.id.text, "amlworkspace", network.id.text)
    for way in reached.ways:
        if not (way.works and way.private):
            text = (
                f"'{way.resolution.name}' does not lead to the workspace in VNet '{network.id.text}': {way.why}."
            )
            yield _finding("PrivateEndpointNotResolved", "Error", text)


def _service(
    ctx: Context, named: str, code: str, groups: tuple[str, ...], networks: list[Resource]
) -> Iterator[JsonObject]:
    """A service that is gone, or that is not reached from where the workspace is used."""
    service = ctx.find(named)
    if service is None:
        yield _finding(f"{code}NotFound", "Error", f"The resource '{named}' does not exist.")
        return
    for network in networks:
        for group in groups:
            reached = resolver.reach(ctx, service.id.text, group, network.id.text)
            if not reached.works:
                text = (
                    f"'{service.id.text}' ({group}) is not reached from VNet '{network.id.text}': {reached.why}."
                )
                yield _finding(f"{code}NotReachable", "Error", text)
    closed = str(service.properties.get("publicNetworkAccess") or "Enabled").lower() != "enabled"
    if closed and not networks and not targets.approved(ctx, service):
        text = f"'{service.id.text}' is closed to public networks and has no approved private endpoint."
        yield _finding(f"{code}NotReachable", "Error", text)


def _builder(ctx: Context, workspace: Resource) -> Iterator[JsonObject]:
    """The builder of images, of which no write says a word (field report F10)."""
    name = workspace.properties.get("imageBuildCompute")
    cluster = ctx.find(f"{workspace.id.text}/computes/{name}") if name else None
    registry = ctx.find(workspace.properties.get("containerRegistry"))
    if name and (cluster is None or cluster.properties.get("computeType") != "AmlCompute"):
        text = f"The compute '{name}' is no AmlCompute cluster of this workspace."
        yield _finding("ImageBuildComputeNotValid", "Warning", text)
    if not name and registry is not None and registry.properties.get("publicNetworkAccess") == "Disabled":
        text = (
            f"The container registry '{registry.id.name}' is not reachable from public networks: set "
            "imageBuildCompute to a cluster that can build images."
        )
        yield _finding("ImageBuildComputeNotValid", "Warning", text)

"""What is worth knowing of the estate around a workspace, and never written by the operator.

What shows in bodies that are read anyway is always told. What takes requests of its own, or holds in every estate,
is told where `spec.advice` is Full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Block, Blocks, Check, CheckLevel
from secureml_reconcilers.isolation.body_values import id_in, objects_in, parsed_id, region_in, text_in
from secureml_reconcilers.isolation.editions import editions
from secureml_reconcilers.isolation.network_advice import firewall_in_front, routes_over_endpoints, ways_in
from secureml_reconcilers.isolation.services import KEY_VAULT, STORAGE
from secureml_reconcilers.isolation.stranded_computes import has_managed_network
from secureml_reconcilers.isolation.studio_hints import studio_hints
from secureml_reconcilers.isolation.workspace_context import named_by_workspace, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_WORKSPACES: Final = "microsoft.machinelearningservices/workspaces"


def estate_advice(context: WorkspaceContext, azure: View) -> Blocks:
    """Everything that concerns this estate; each part by itself, and none holds anything up."""
    yield _provisioned(context, azure)
    yield _within_perimeters(context, azure)
    yield _if_readable(context, "the routes of the endpoint subnet", routes_over_endpoints(context.plan, azure))
    yield _if_readable(context, "the edition of the workspace", editions(context, azure))
    yield _if_readable(context, "what studio meets", studio_hints(context, azure))
    if context.spec.advice != "Full":
        return
    yield _stays_public(context)
    parts = {
        "the ways into the network": ways_in(context.plan, azure),
        "the firewall in front of the network": firewall_in_front(context.plan, azure),
        "the monitoring of the workspace": _monitored(context, azure),
        "what the region offers": _region_offers_private_link(context, azure),
        "the workspace's online endpoints": _online_endpoints_private(context, azure),
        "the workspace's linked Synapse pools": _no_sealed_synapse(context, azure),
    }
    for what, part in parts.items():
        yield _if_readable(context, what, part)


def _if_readable(context: WorkspaceContext, what: str, part: Iterator[Check]) -> Iterator[Block]:
    """A part of the advice, or that it cannot be given: nobody should take silence for a clean bill."""
    try:
        yield from part
    except AzureProblem as problem:
        yield Check(
            f"{what} can be looked at",
            holds=False,
            reason=reasons.ADVICE_INCOMPLETE,
            message=f"Nothing can be said of {what}: {problem.message}",
            advice=problem.advice,
            about=context.workspace,
            level=CheckLevel.ADVISORY,
        )


def _provisioned(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """A managed network takes long to come, and entails more (WS-MNET-02)."""
    body = workspace(context, azure)
    if not has_managed_network(body):
        return
    state = text_in(body, "properties.managedNetwork.status.status", "Inactive")
    yield Check(
        f"the managed network of {context.workspace.name} is provisioned",
        state.lower() == "active",
        reasons.MANAGED_NETWORK_NOT_PROVISIONED,
        f"The managed network of the workspace {context.workspace.name} is {state}: it comes with the first"
        " compute and takes about half an hour. Computes from before must be made anew, and rules by host name"
        " bring a firewall that is billed.",
        f"Have it made beforehand (az ml workspace provision-network --name {context.workspace.name}"
        f" --resource-group {context.workspace.resource_group}), and let its identity approve connections to what"
        " it must reach (role Azure AI Enterprise Network Connection Approver).",
        ("WS-MNET-02",),
        context.workspace,
        CheckLevel.ADVISORY,
    )


def _within_perimeters(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """A network security perimeter takes the place of a service's own exceptions (ST-TRUST-01, KV-BYP-01)."""
    for service, rule in ((STORAGE, "ST-TRUST-01"), (KEY_VAULT, "KV-BYP-01")):
        try:
            named = named_by_workspace(context, azure, service)
            body = azure.get(named) if named is not None else None
        except AzureProblem:
            continue  # the service's own aspect tells it
        if named is None or text_in(body, "properties.publicNetworkAccess").lower() != "securedbyperimeter":
            continue
        yield Check(
            f"no perimeter is around {named.short}",
            holds=False,
            reason=reasons.SECURED_BY_PERIMETER,
            message=f"{named.short} is secured by a network security perimeter, whose rules count in place of its"
            " firewall and of the bypass for trusted services.",
            advice="Look whether the perimeter lets the workspace in (az network perimeter association list); the"
            " operator leaves it as it is.",
            rules=(rule,),
            about=named,
            level=CheckLevel.ADVISORY,
        )


def _stays_public(context: WorkspaceContext) -> Iterator[Check]:
    """What the workspace's endpoint does not cover, and browsers that pass by private DNS (GEN-CP-01)."""
    yield Check(
        f"nothing of {context.workspace.name} is private that people use from outside",
        context.spec.public_access.workspace == "Enabled",
        reasons.STAYS_PUBLIC,
        "Once the workspace is closed, making and deleting workspaces and computes still goes through the public"
        " Azure Resource Manager, and a browser that resolves names over HTTPS finds the workspace no more.",
        "Let the machines of the network reach Azure Resource Manager, and switch DNS over HTTPS off in Firefox,"
        " or use Edge or Chrome.",
        ("GEN-CP-01", "GEN-BROWSER-01"),
        context.workspace,
        CheckLevel.ADVISORY,
    )


def _monitored(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """Application Insights has a workspace of Azure Monitor; its private link scopes are open (WS-AMPLS-01)."""
    insights = id_in(workspace(context, azure), "properties.applicationInsights", "microsoft.insights/components")
    body = azure.get(insights) if insights is not None else None
    if insights is None or body is None:
        return
    yield Check(
        f"{insights.short} is based on a workspace of Azure Monitor",
        bool(text_in(body, "properties.WorkspaceResourceId")),
        reasons.INSIGHTS_NOT_WORKSPACE_BASED,
        f"{insights.short} keeps its data itself, which does not work with a private link scope of Azure Monitor.",
        f"Give it a workspace of Azure Monitor (az monitor app-insights component update --ids {insights.text}"
        " --workspace <id>).",
        ("WS-AMPLS-01",),
        insights,
        CheckLevel.ADVISORY,
    )
    scopes = [
        _scope(text_in(each, "ResourceId")) for each in objects_in(body, "properties.PrivateLinkScopedResources")
    ]
    azure.ask(*(scope for scope in scopes if scope is not None))
    for scope in dict.fromkeys(scope for scope in scopes if scope is not None):
        yield _is_open(scope, azure)


def _scope(scoped: str) -> ResourceId | None:
    """The private link scope, of which Azure shows the entry for this resource or the scope itself."""
    found = parsed_id(scoped)
    return found.parent or found if found is not None else None


def _is_open(scope: ResourceId, azure: View) -> Check:
    modes = {
        mode: text_in(azure.get(scope), f"properties.accessModeSettings.{mode}", "Open")
        for mode in ("ingestionAccessMode", "queryAccessMode")
    }
    shut = [f"{mode} {value}" for mode, value in modes.items() if value.lower() != "open"]
    return Check(
        f"{scope.short} is open",
        not shut,
        reasons.MONITOR_SCOPE_NOT_OPEN,
        f"The private link scope {scope.name} has {' and '.join(shut)}: Azure ML in this network cannot report to"
        " resources outside of it.",
        f"Set both modes to Open (az resource update --ids {scope.text} --set"
        " properties.accessModeSettings.ingestionAccessMode=Open"
        " properties.accessModeSettings.queryAccessMode=Open).",
        ("WS-AMPLS-01",),
        scope,
        CheckLevel.ADVISORY,
    )


def _region_offers_private_link(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """The workspace's region offers private endpoints for workspaces (WS-REG-01, ACR-REG-01)."""
    region = region_in(workspace(context, azure))
    if not region:
        return
    where = f"/subscriptions/{context.workspace.subscription}/providers/Microsoft.Network/locations/{region}"
    offered = azure.children(resource_id(where), "availablePrivateEndpointTypes")
    names = {text_in(each, "properties.resourceName", text_in(each, "resourceName")).lower() for each in offered}
    yield Check(
        f"region {region} offers private endpoints for workspaces",
        not offered or _WORKSPACES in names,  # a region that lists nothing does not know the question
        reasons.PRIVATE_LINK_NOT_OFFERED,
        f"The region {region} of the workspace does not list workspaces among what takes private endpoints.",
        "Register Microsoft.Network and Microsoft.MachineLearningServices in the subscription (az provider"
        " register --namespace …); if that changes nothing, the workspace must be made in another region.",
        ("WS-REG-01", "ACR-REG-01"),
        context.workspace,
        CheckLevel.ADVISORY,
    )


def _online_endpoints_private(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """Managed online endpoints have a switch of their own, which the workspace's does not move (WS-ENDPT-01)."""
    endpoints = azure.children(context.workspace, "onlineEndpoints")
    public = sorted(
        text_in(each, "name", "unnamed")
        for each in endpoints
        if text_in(each, "properties.publicNetworkAccess", "Enabled").lower() != "disabled"
    )
    yield Check(
        f"the online endpoints of {context.workspace.name} are private",
        not public,
        reasons.ONLINE_ENDPOINT_PUBLIC,
        "Online endpoints of the workspace answer the internet, whatever the workspace does:"
        f" {', '.join(public)}.",
        "Close each (az ml online-endpoint update --name <endpoint> --set public_network_access=disabled); it"
        " needs a Premium registry and an image build compute.",
        ("WS-ENDPT-01",),
        context.workspace,
        CheckLevel.ADVISORY,
    )


def _no_sealed_synapse(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """A Synapse workspace that guards against exfiltration does not work with a private one (WS-SYN-01)."""
    computes = azure.children(context.workspace, "computes")
    linked = sorted(
        text_in(each, "name", "unnamed")
        for each in computes
        if text_in(each, "properties.computeType").lower() == "synapsespark"
    )
    yield Check(
        f"{context.workspace.name} links no Synapse pool",
        not linked,
        reasons.SYNAPSE_LINKED,
        f"Synapse pools are linked to the workspace: {', '.join(linked)}. They cannot be used with a private"
        " workspace where their Synapse workspace prevents data exfiltration.",
        "Look at it (az synapse workspace show --query managedVirtualNetworkSettings.preventDataExfiltration) and"
        " detach the pool where it says true (az ml compute detach).",
        ("WS-SYN-01",),
        context.workspace,
        CheckLevel.ADVISORY,
    )

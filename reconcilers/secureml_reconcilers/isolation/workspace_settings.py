"""Settings of the workspace itself that decide how it is used from a network: a PATCH of one property each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Block, Blocks, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.values import Entries, get_path
from secureml_reconcilers.isolation.body_values import list_in, text_in
from secureml_reconcilers.isolation.closing import closing_of, gates_of, ways_into
from secureml_reconcilers.isolation.firewall_exceptions import is_declared, listed
from secureml_reconcilers.isolation.services import STORAGE
from secureml_reconcilers.isolation.studio import roles_expected
from secureml_reconcilers.isolation.workspace_context import named_by_workspace, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.api.secure_workspace import ServerlessCompute
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_ALLOW_LIST: Final = "properties.ipAllowlist"
_RULES: Final = "properties.networkAcls"
"""Where versions of the service show the addresses that may reach a workspace: one or the other, or neither."""


def is_configured(context: WorkspaceContext) -> bool:
    """Whether the spec speaks of any of these settings."""
    settings = context.spec.workspace_settings
    asked = (settings.v1_legacy_mode, settings.serverless_compute, context.spec.storage.datastore_auth)
    return any(each is not None for each in asked)


def workspace_configured(context: WorkspaceContext, azure: View) -> Blocks:
    """What the spec says of the workspace's own settings; what it does not speak of is left alone."""
    yield _legacy_mode(context, azure)
    yield _datastores(context, azure)
    if context.spec.workspace_settings.serverless_compute is not None:
        yield _serverless(context, azure, context.spec.workspace_settings.serverless_compute)


def public_access_restricted(context: WorkspaceContext, azure: View) -> Iterator[Block]:
    """A workspace that is not closed answers addresses of the spec, and refuses everybody else (WS-IPALLOW-01).

    Whoever comes by the network comes by its private ways, so those work first (OPS-08). Which property holds the
    addresses differs between versions of the service: the one that it shows is written.
    """
    body, ranges = workspace(context, azure), context.spec.public_access.allowed_ip_ranges
    properties = get_path(body, "properties")
    shown = properties if isinstance(properties, dict) else {}
    if text_in(body, "properties.publicNetworkAccess", "Enabled").lower() == "disabled":
        yield _has_no_effect(context)
    elif "ipAllowlist" in shown:
        yield _others_let_in(context, [str(each) for each in list_in(body, _ALLOW_LIST)])
        # An empty list lets everybody in: what is listed stays, for taking the last one out would open it.
        yield _restricted(context, azure, {"ipAllowlist": Entries("", ranges, lasting=True)})
    elif shown.get("networkAcls") is not None:
        rules = list_in(body, f"{_RULES}.ipRules")
        yield _others_let_in(context, [text_in(each, "value") for each in rules if isinstance(each, dict)])
        items = tuple({"value": each} for each in ranges)
        wanted = {"defaultAction": "Deny", "ipRules": Entries("value", items)}
        yield _restricted(context, azure, {"networkAcls": wanted})
    else:
        yield _cannot_be_restricted(context)


def _legacy_mode(context: WorkspaceContext, azure: View) -> Iterator[Ensure]:
    """Calls of the first API stay in the private endpoint with it, and the second is blocked (WS-LEGACY-01)."""
    workspace(context, azure)
    mode = context.spec.workspace_settings.v1_legacy_mode
    if mode is not None:
        reason = "the spec says which APIs the workspace serves"
        yield _setting(context, "v1LegacyMode", mode, reason, "WS-LEGACY-01")


def _datastores(context: WorkspaceContext, azure: View) -> Iterator[Ensure]:
    """How the default datastores sign in to the account (WS-DSAUTH-01), not before studio's identity may there."""
    own, mode = named_by_workspace(context, azure, STORAGE), context.spec.storage.datastore_auth
    if mode is not None:
        roles = roles_expected(context, azure, own) if own is not None and mode == "Identity" else ()
        reason = "the spec says how the default datastores sign in"
        yield _setting(context, "systemDatastoresAuthMode", mode, reason, "WS-DSAUTH-01", after=roles)


def _serverless(context: WorkspaceContext, azure: View, asked: ServerlessCompute) -> Iterator[Block]:
    """Serverless nodes live in the subnet of the spec, from where they reach what is private (WS-SRVLESS-01)."""
    subnet = resource_id(asked.subnet_id)
    network = subnet.parent
    reached = Check(
        f"nodes in {subnet.short} reach the private endpoints",
        network in context.plan.networks,
        reasons.SUBNET_OUTSIDE_NETWORKS,
        f"{subnet.short} lies in none of the networks of spec.network, so serverless nodes there would not reach"
        " what is private.",
        "Add its network to spec.network.clientNetworkIDs, or name a subnet of one that is there.",
        ("WS-SRVLESS-01",),
        subnet,
        by_user=True,
    )
    yield reached
    if network in context.plan.networks:
        azure.require(subnet, reasons.SUBNET_NOT_FOUND, "Create it, or correct spec.workspaceSettings.")
    wanted = {"serverlessComputeCustomSubnet": subnet.text, "serverlessComputeNoPublicIP": asked.no_public_ip}
    yield _setting(
        context,
        "serverlessComputeSettings",
        wanted,
        "the spec says where serverless nodes live",
        "WS-SRVLESS-01",
        # Without a private endpoint Azure refuses nodes that have no public address.
        after=(reached, *_private_ways(context, azure)),
    )


def _setting(  # noqa: PLR0913 - the columns of a setting
    context: WorkspaceContext,
    name: str,
    value: Any,  # noqa: ANN401 - JSON
    reason: str,
    rule: str,
    *,
    after: tuple[Block, ...] = (),
) -> Ensure:
    fragment = {"properties": {name: value}}
    return Ensure(context.workspace, fragment, reason, (rule,), after=after, part=name)


def _restricted(context: WorkspaceContext, azure: View, wanted: dict[str, Any]) -> Ensure:
    """The addresses are let in; from the first of them on everybody else is refused."""
    body = workspace(context, azure)
    restricted = list_in(body, _ALLOW_LIST) or get_path(body, f"{_RULES}.defaultAction") == "Deny"
    closing = closing_of(context, azure, context.workspace, exposed=not restricted)
    return Ensure(
        context.workspace,
        {"properties": wanted},
        "the workspace must answer only to the network and to addresses of the spec",
        ("WS-IPALLOW-01",),
        after=gates_of(context, context.workspace, closing),
        closing=closing,
        part="allowedIPRanges",
    )


def _private_ways(context: WorkspaceContext, azure: View) -> tuple[Block, ...]:
    ways = ways_into(context, azure, context.workspace)
    return tuple({gate.key: gate for way in ways for gate in way.gates}.values())


def _has_no_effect(context: WorkspaceContext) -> Check:
    return Check(
        f"{context.workspace.short} answers the addresses of spec.publicAccess.allowedIPRanges",
        holds=False,
        reason=reasons.PUBLIC_ACCESS_DISABLED,
        message=f"Public access to {context.workspace.short} is off, so spec.publicAccess.allowedIPRanges has no"
        " effect.",
        advice="Switch it on yourself (the operator never opens anything), or set spec.publicAccess.workspace to"
        " Disabled.",
        rules=("WS-IPALLOW-01",),
        about=context.workspace,
    )


def _cannot_be_restricted(context: WorkspaceContext) -> Check:
    return Check(
        f"{context.workspace.short} can be limited to addresses",
        holds=False,
        reason=reasons.ALLOW_LIST_UNSUPPORTED,
        message=f"Azure shows no list of addresses of {context.workspace.short}, so it cannot be limited to those"
        " of spec.publicAccess.allowedIPRanges, and answers everybody.",
        advice="Set spec.publicAccess.workspace to Disabled to have it closed, or remove the ranges.",
        rules=("WS-IPALLOW-01",),
        about=context.workspace,
        by_user=True,
    )


def _others_let_in(context: WorkspaceContext, shown: list[str]) -> Check:
    """Addresses that the spec does not name; they stay, for they may be a colleague's."""
    ranges, target = context.spec.public_access.allowed_ip_ranges, context.workspace
    others = [each for each in shown if not is_declared(each, ranges)]
    return Check(
        f"{target.short} lets in nobody but those of spec.publicAccess",
        not others,
        reasons.UNDECLARED_FIREWALL_RULE,
        f"{target.short} lets in {listed(others)}, which spec.publicAccess.allowedIPRanges does not name.",
        "Name addresses that shall pass there, and remove the others yourself, for the operator removes no entry"
        f" (az ml workspace update --name {target.name} --resource-group {target.resource_group} --network-acls"
        " <all addresses that shall pass>).",
        ("WS-IPALLOW-01",),
        target,
        CheckLevel.ADVISORY,
    )

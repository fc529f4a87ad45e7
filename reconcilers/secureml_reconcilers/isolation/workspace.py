"""The workspace itself: what it names, and its public access, closed last (WS-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Block, Blocks, Check, CheckLevel, Ensure, StatusField
from secureml_reconcilers.engine.composing import flat
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation import services
from secureml_reconcilers.isolation.body_values import state_of, text_in
from secureml_reconcilers.isolation.closing import closing_of, gates_of
from secureml_reconcilers.isolation.estate_advice import estate_advice
from secureml_reconcilers.isolation.service_isolation import (
    key_vault_isolated,
    registry_isolated,
    storage_isolated,
)
from secureml_reconcilers.isolation.workspace_context import required_of_workspace, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_SHOWN = {
    "workspaceName": "name",
    "workspaceGuid": "properties.workspaceId",
    "location": "location",
    "principalID": "identity.principalId",
    "storageAccountID": "properties.storageAccount",
    "keyVaultID": "properties.keyVault",
    "containerRegistryID": "properties.containerRegistry",
    "applicationInsightsID": "properties.applicationInsights",
}
"""What of a workspace is worth showing, by its name in `status.azure`."""


def discovered(context: WorkspaceContext, azure: View) -> Blocks:
    """The workspace exists, is finished, and names the services that it uses (GEN-WS-01)."""
    body = workspace(context, azure)
    for name, path in _SHOWN.items():
        value = get_path(body, path)
        if value and isinstance(value, str):
            yield StatusField(f"azure.{name}", value)
    state = text_in(body, "properties.provisioningState", "Succeeded")
    yield Check(
        f"{context.workspace.short} is provisioned",
        state_of(body) not in {"failed", "canceled", "deleting"},
        reasons.WORKSPACE_NOT_PROVISIONED,
        f"The workspace's provisioning state is {state}.",
        "Repair the workspace in Azure (az ml workspace diagnose).",
        ("GEN-WS-01",),
        context.workspace,
    )
    isolation = text_in(body, "properties.managedNetwork.isolationMode", "Disabled")
    yield Check(
        "the workspace has no managed network",
        isolation.lower() == "disabled",
        reasons.MANAGED_NETWORK_ENABLED,
        f"The workspace has a managed network ({isolation}), which takes the place of a network of your own.",
        "Private access works as ever; computes of this workspace cannot use a subnet of yours.",
        ("WS-MNET-01",),
        context.workspace,
        CheckLevel.ADVISORY,
    )
    if context.spec.public_access.workspace == "Enabled":
        yield _public_access_allowed(context, body)
    yield estate_advice(context, azure)


def _public_access_allowed(context: WorkspaceContext, body: Body) -> Check:
    """It is not closed, and not opened either; no condition says that it is closed (WS-PE-03)."""
    shown = text_in(body, "properties.publicNetworkAccess", "Enabled")
    return Check(
        "the spec has the workspace closed",
        holds=False,
        reason=reasons.PUBLIC_ACCESS_ALLOWED,
        message=f"Public access to the workspace is {shown} and is left as it is, for spec.publicAccess.workspace"
        " is Enabled.",
        advice="Set spec.publicAccess.workspace to Disabled to have the workspace closed.",
        rules=("WS-PE-03",),
        about=context.workspace,
        level=CheckLevel.ADVISORY,
    )


def public_access_closed(context: WorkspaceContext, azure: View) -> Iterator[Block]:
    """The workspace is reached from inside the network only; closed last of all (WS-PE-03, WS-PNA-01, OPS-08)."""
    access = text_in(workspace(context, azure), "properties.publicNetworkAccess", "Enabled")
    closing = closing_of(context, azure, context.workspace, exposed=access.lower() != "disabled")
    yield Ensure(
        context.workspace,
        {"properties": {"publicNetworkAccess": "Disabled"}},
        "the workspace must answer inside the network only",
        ("WS-PE-03", "WS-PNA-01"),
        after=(*gates_of(context, context.workspace, closing), *_named_is_there(context, azure)),
        after_if_possible=_services_closed(context, azure),
        closing=closing,
    )


def _named_is_there(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """With each write of a workspace Azure looks at the account and the vault that it names; one must not miss."""
    for service in (services.STORAGE, services.KEY_VAULT):
        try:
            named = required_of_workspace(context, azure, service)
            azure.require(named, service.not_found, service.if_not_found)
        except AzureProblem as problem:
            if problem.reason == service.not_found:
                yield Check.untold(f"the workspace's {service.noun} exists", problem)


def _services_closed(context: WorkspaceContext, azure: View) -> tuple[Block, ...]:
    """The closing of everything else; what cannot be told is not waited for, its own aspect says so."""
    found: list[Block] = []
    for aspect in (storage_isolated, key_vault_isolated, registry_isolated):
        try:
            found += (block for block in flat(aspect(context, azure)) if isinstance(block, Ensure))
        except AzureProblem:
            continue
    return tuple(found)

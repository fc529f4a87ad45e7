"""Studio, the web pages: they read data behind a network as the workspace's own identity (STUDIO-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Block, Blocks, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation.body_values import text_in
from secureml_reconcilers.isolation.endpoints import endpoint, endpoint_used
from secureml_reconcilers.isolation.roles import (
    ASSIGNMENTS,
    BLOB_CONTRIBUTOR,
    BLOB_READER,
    FILE_CONTRIBUTOR,
    READER,
    Grant,
    Role,
    is_made_by_us,
)
from secureml_reconcilers.isolation.services import STORAGE
from secureml_reconcilers.isolation.workspace_context import (
    additional_accounts,
    named_by_workspace,
    storage_accounts,
    targets_of,
    workspace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_LOST: Final = "data previews, designer, AutoML and labeling fail in studio without it"


def studio_usable(context: WorkspaceContext, azure: View) -> Blocks:
    """The workspace's identity may read what studio shows, and finds the way to it (STUDIO-MI-01, ST-TRUST-03)."""
    yield _has_identity(context, azure)
    yield _labeling(context, azure)
    for account in storage_accounts(context, azure):
        yield roles_on(context, azure, account)
        yield _reached(context, azure, account)


@worked_out_once
def roles_on(context: WorkspaceContext, azure: View, account: ResourceId) -> Iterator[Block]:
    """What studio's identity must be allowed on an account and its endpoints (STUDIO-RBAC-01 to STUDIO-RBAC-03).

    Assigned where the spec lets us, else told with the command. A role that somebody else gave is enough; one of
    ours stays as long as it is asked for.
    """
    principal = identity_of(workspace(context, azure))
    if principal is None:
        return
    rules = ("STUDIO-RBAC-01", "ST-TRUST-03")
    yield from _held(context, azure, Grant(principal, READER, account, rules))
    for role, rule in _data_roles(context, azure, account):
        yield from _held(context, azure, Grant(principal, role, account, (rule, "ST-TRUST-03")))
    for target in targets_of(context, azure, account):
        used = endpoint_used(context.plan, azure, target)
        there = tuple(block for block in endpoint(context, azure, target) if isinstance(block, Ensure))
        yield from _held(context, azure, Grant(principal, READER, used, ("STUDIO-RBAC-03",)), there)


def roles_expected(context: WorkspaceContext, azure: View, account: ResourceId) -> tuple[Block, ...]:
    """What is waited for before an account is first closed, if it comes; what cannot be told, studio's part says.

    One that was closed before and is opened by somebody is closed again at once.
    """
    if not context.spec.studio.enabled or context.closed.get(account.key):
        return ()
    try:
        return tuple(roles_on(context, azure, account))
    except AzureProblem:
        return ()


def identity_of(workspace_body: Body) -> str | None:
    """The object id of the identity that the workspace acts as; None where it has none.

    Its own one, or the user-assigned one that it names as its primary.
    """
    own = text_in(workspace_body, "identity.principalId")
    if own and "systemassigned" in text_in(workspace_body, "identity.type").lower().replace(" ", ""):
        return own
    primary = text_in(workspace_body, "properties.primaryUserAssignedIdentity").lower()
    assigned = get_path(workspace_body, "identity.userAssignedIdentities")
    for name, shown in (assigned if isinstance(assigned, dict) else {}).items():
        if primary and name.lower() == primary and isinstance(shown, dict):
            return text_in(shown, "principalId") or None
    return None


def _data_roles(context: WorkspaceContext, azure: View, account: ResourceId) -> Iterator[tuple[Role, str]]:
    """Reading blobs is enough, unless the account's datastores sign in as identities: then it also writes."""
    own = account == named_by_workspace(context, azure, STORAGE)
    if own and context.spec.storage.datastore_auth == "Identity":
        yield BLOB_CONTRIBUTOR, "WS-DSAUTH-01"
        yield FILE_CONTRIBUTOR, "WS-DSAUTH-01"
    else:
        yield BLOB_READER, "STUDIO-RBAC-02"


def _held(context: WorkspaceContext, azure: View, grant: Grant, there: tuple[Block, ...] = ()) -> Iterator[Block]:
    """One role: ours to assign, or held already, or missing."""
    told = azure.extensions(grant.scope.group, ASSIGNMENTS, f"principalId eq '{grant.principal}'")
    by_others = [each for each in told if not is_made_by_us(each)]
    if context.spec.studio.grant_roles and not grant.is_held(by_others):
        reason = (
            f"the workspace's identity must be {grant.role.name} of {grant.scope.short}, as which studio reads"
        )
        yield grant.made(reason, there)
        return
    ours = azure.get(grant.assignment) if not grant.is_held(by_others) else None
    if there and ours is None and azure.get(grant.scope) is None:
        return  # an endpoint that is not there yet: it is looked at when it is
    yield Check(
        f"the workspace's identity is {grant.role.name} of {grant.scope.short}",
        grant.is_held(told) or ours is not None,
        reasons.ROLE_MISSING,
        f"The workspace's identity is not {grant.role.name} of {grant.scope.short}: {_LOST}.",
        "Set spec.studio.grantRoles, or assign the role (az role assignment create --role"
        f" {grant.role.guid} --assignee-object-id {grant.principal} --assignee-principal-type ServicePrincipal"
        f" --scope {grant.scope.text}); it takes up to ten minutes to be heeded.",
        grant.rules,
        grant.assignment if ours is not None else grant.scope,
    )


def _has_identity(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """An identity to act as, and one that may do its work (STUDIO-MI-01, WS-MIROLE-01)."""
    body = workspace(context, azure)
    principal = identity_of(body)
    kind = "SystemAssigned,UserAssigned" if get_path(body, "identity.userAssignedIdentities") else "SystemAssigned"
    yield Check(
        "studio has an identity to read as",
        principal is not None,
        reasons.WORKSPACE_IDENTITY_MISSING,
        "The workspace has no system-assigned identity and names no primary user-assigned one, so studio cannot"
        " read data behind a network.",
        "Give it one (az resource patch --is-full-object --ids"
        f' {context.workspace.text} --properties \'{{"identity": {{"type": "{kind}"}}}}\').',
        ("STUDIO-MI-01",),
        context.workspace,
    )
    if principal is None:
        return
    told = azure.extensions(context.workspace.group, ASSIGNMENTS, f"principalId eq '{principal}'")
    given = get_path(body, "properties.allowRoleAssignmentOnRG") is not False
    yield Check(
        "Azure gives the workspace's identity its role on the resource group",
        given or any(text_in(each, "properties.principalId").lower() == principal.lower() for each in told),
        reasons.WORKSPACE_IDENTITY_WITHOUT_ROLES,
        f"The workspace's identity holds no role in resource group {context.workspace.resource_group}, and"
        " allowRoleAssignmentOnRG is false, so Azure gives it none.",
        "Assign Azure AI Administrator on the group, or narrower roles on what the workspace uses (az role"
        f" assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal).",
        ("WS-MIROLE-01",),
        context.workspace,
        CheckLevel.ADVISORY,
    )


def _labeling(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """ML-assisted labeling cannot read a default account behind a network (STUDIO-LABEL-01)."""
    if not context.spec.studio.labeling:
        return
    own = named_by_workspace(context, azure, STORAGE)
    yield Check(
        "labeling has an account besides the default one",
        any(each != own for each in additional_accounts(context)),
        reasons.LABELING_NEEDS_ACCOUNT,
        "ML-assisted labeling cannot use the workspace's default account once that is behind a network.",
        "Name another account for labeling data in spec.storage.additionalAccounts; it may be behind the network.",
        ("STUDIO-LABEL-01",),
        own,
        CheckLevel.ADVISORY,
    )


def _reached(context: WorkspaceContext, azure: View, account: ResourceId) -> Iterator[Check]:
    """Studio reads blobs through an endpoint, or from the workspace endpoint's subnet; addresses do not help it.

    STUDIO-STG-01, STUDIO-IP-01.
    """
    groups = {target.group for target in targets_of(context, azure, account)}
    subnets = {resource_id(text) for text in context.spec.storage.allowed_subnet_ids}
    reached = "blob" in groups if groups else context.plan.endpoint_subnet in subnets
    way = (
        "add blob to the subResources of the account"
        if groups
        else (f"add {context.plan.endpoint_subnet.text} to spec.storage.allowedSubnetIDs")
    )
    yield Check(
        f"studio reaches the blobs of {account.short} in the network",
        reached,
        reasons.STUDIO_SHUT_OUT,
        f"Studio does not reach the blobs of {account.short} through the network, and addresses that a firewall"
        " lets in do not help it.",
        f"Change the spec: {way}.",
        ("STUDIO-STG-01", "STUDIO-IP-01"),
        account,
        CheckLevel.ADVISORY,
    )

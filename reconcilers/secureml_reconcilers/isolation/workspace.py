"""The workspace itself: what it leans on, and its public access, closed last (WS-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure, StatusField
from secureml_reconcilers.engine.composing import flat
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.firewalls import private_ways
from secureml_reconcilers.isolation.key_vault import key_vault_isolated
from secureml_reconcilers.isolation.registry import registry_isolated
from secureml_reconcilers.isolation.site import Site, Way, workspace
from secureml_reconcilers.isolation.storage import storage_isolated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.engine.view import View

_FACTS = {
    "workspaceGuid": "properties.workspaceId",
    "location": "location",
    "principalID": "identity.principalId",
    "storageAccountID": "properties.storageAccount",
    "keyVaultID": "properties.keyVault",
    "containerRegistryID": "properties.containerRegistry",
    "applicationInsightsID": "properties.applicationInsights",
}


def discovered(site: Site, azure: View) -> Iterator[Block]:
    """The workspace exists, is finished, and names what it leans on (GEN-WS-01)."""
    body = workspace(site, azure)
    for name, path in _FACTS.items():
        if get_path(body, path):
            yield StatusField(f"azure.{name}", get_path(body, path))
    yield Check(
        f"{site.workspace.short} is provisioned",
        str(get_path(body, "properties.provisioningState") or "Succeeded").lower()
        not in {"failed", "canceled", "deleting"},
        "WorkspaceBroken",
        f"The workspace's provisioning state is {get_path(body, 'properties.provisioningState')}.",
        "Repair the workspace in Azure (az ml workspace diagnose).",
        ("GEN-WS-01",),
        site.workspace,
    )
    isolation = str(get_path(body, "properties.managedNetwork.isolationMode") or "Disabled")
    yield Check(
        "the workspace has no managed network",
        isolation.lower() == "disabled",
        "ManagedNetwork",
        f"The workspace has a managed network ({isolation}), which takes the place of a network of your own.",
        "Nothing to do for private access; computes of this workspace cannot use a subnet of yours.",
        ("WS-MNET-01",),
        site.workspace,
        CheckLevel.ADVISORY,
    )
    if site.spec.public_access.workspace == "Enabled":
        yield _left_as_it_is(site, body)


def _left_as_it_is(site: Site, body: Body) -> Check:
    """It is not closed, and not opened either; no condition says that it is closed (WS-PE-03)."""
    shown = get_path(body, "properties.publicNetworkAccess") or "Enabled"
    return Check(
        "the spec has the workspace closed",
        holds=False,
        reason="PublicAccessAllowed",
        message=f"Public access to the workspace is {shown} and is left as it is, for spec.publicAccess.workspace"
        " is Enabled.",
        advice="Set spec.publicAccess.workspace to Disabled to have the workspace closed.",
        rules=("WS-PE-03",),
        about=site.workspace,
        level=CheckLevel.ADVISORY,
    )


def public_access_closed(site: Site, azure: View) -> Iterator[Block]:
    """The workspace is reached from inside the network only; closed last of all (WS-PE-03, WS-PNA-01, OPS-08)."""
    workspace(site, azure)
    yield Ensure(
        site.workspace,
        {"properties": {"publicNetworkAccess": "Disabled"}},
        "the workspace must answer inside the network only",
        ("WS-PE-03", "WS-PNA-01"),
        after=tuple(private_ways(site, azure, (Way(site.workspace, "amlworkspace"),))),
        after_if_possible=_services(site, azure),
    )


def _services(site: Site, azure: View) -> tuple[Block, ...]:
    """The closing of everything else; what cannot be told is not waited for, its own aspect says so."""
    found: list[Block] = []
    for aspect in (storage_isolated, key_vault_isolated, registry_isolated):
        try:
            found += (block for block in flat(aspect(site, azure)) if isinstance(block, Ensure))
        except AzureProblem:
            continue
    return tuple(found)

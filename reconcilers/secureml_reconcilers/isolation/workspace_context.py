"""A workspace and its spec: which services it uses, and which of their sub-resources are reached privately."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import SecureWorkspaceSpec, reasons
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import NOTHING_REMEMBERED, Remembered
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation import services
from secureml_reconcilers.isolation.body_values import id_in, parsed_id
from secureml_reconcilers.isolation.network_plan import NetworkPlan, PrivateLinkTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.api.secure_workspace import AdditionalAccount, Storage
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.clouds import Cloud
    from secureml_reconcilers.isolation.services import Service

_ENDPOINTS: Final = "microsoft.network/privateendpoints"


@dataclass(frozen=True, slots=True)
class WorkspaceContext:
    """The spec of one SecureWorkspace, and the network plan that it implies."""

    spec: SecureWorkspaceSpec
    plan: NetworkPlan
    closed: Mapping[str, frozenset[str]]
    """See `Remembered.closed`."""

    others: tuple[WorkspaceContext, ...] = ()
    """Other custom resources that declare one of the same services."""

    @classmethod
    def of(
        cls,
        spec: SecureWorkspaceSpec,
        cloud: Cloud,
        owner: str,
        remembered: Remembered = NOTHING_REMEMBERED,
    ) -> WorkspaceContext:
        """Read a spec.

        Args:
            spec: as the model has parsed it.
            cloud: whose DNS zones are used.
            owner: the custom resource, as `cluster/namespace/name`.
            remembered: what earlier passes left in its status.
        """
        plan = NetworkPlan.of(spec.network, spec.endpoints, spec.dns, cloud, owner)
        plan = replace(
            plan,
            made=remembered.made,
            adopts=spec.adoption == "Adopt",
            listed_endpoints=_endpoints_in(remembered.inventory),
            tags=tuple(sorted(spec.tags.items())),
            earlier_tags=remembered.tags,
        )
        # What this one makes may serve the others' ways, though their specs would place it elsewhere.
        shared = Remembered(remembered.inventory)
        others = (_of_another(other, cloud, name, shared) for name, other in remembered.others)
        return cls(spec, plan, remembered.closed, tuple(each for each in others if each is not None))

    @property
    def workspace(self) -> ResourceId:
        """The workspace to isolate."""
        return resource_id(self.spec.workspace_id)


def _of_another(
    spec: Mapping[str, Any], cloud: Cloud, owner: str, remembered: Remembered
) -> WorkspaceContext | None:
    """The spec of another custom resource; None where it makes no sense, which its own status says."""
    try:
        return WorkspaceContext.of(SecureWorkspaceSpec.parse(spec), cloud, owner, remembered)
    except ValueError:
        return None


def _endpoints_in(inventory: tuple[str, ...]) -> tuple[ResourceId, ...]:
    listed = (parsed_id(text) for text in inventory)
    return tuple(each for each in listed if each is not None and each.type == _ENDPOINTS)


def workspace(context: WorkspaceContext, azure: View) -> Body:
    """The workspace, which must exist (GEN-WS-01).

    Raises:
        AzureProblem: reason WorkspaceNotFound, or why it cannot be read.
    """
    return azure.require(context.workspace, services.WORKSPACE.not_found, services.WORKSPACE.if_not_found)


def named_by_workspace(context: WorkspaceContext, azure: View, service: Service) -> ResourceId | None:
    """The account, vault or registry that the workspace names; None where it names none.

    A registry is made when the workspace first needs one (ACR-EXIST-01, ACR-FIND-01).

    Raises:
        AzureProblem: when the workspace cannot be read, or names something that is no such service.
    """
    return id_in(workspace(context, azure), service.named_at, service.type)


def required_of_workspace(context: WorkspaceContext, azure: View, service: Service) -> ResourceId:
    """The account or vault that the workspace keeps its data or secrets in (ST-SCOPE-01, KV-CRED-01).

    Raises:
        AzureProblem: reason WorkspaceIncomplete, when it names none: it lost it, or borrows a hub's.
    """
    named = named_by_workspace(context, azure, service)
    if named is None:
        raise AzureProblem(
            reasons.WORKSPACE_INCOMPLETE,
            f"The workspace {context.workspace.name} names no {service.named_at}, so there is nothing to isolate.",
            "Repair the workspace (az ml workspace diagnose); for a project of a hub, name the hub's workspace in"
            " a new resource.",
            Retry.SLOW,
            Severity.AZURE_ADMIN,
            target=context.workspace,
        )
    return named


def additional_accounts(context: WorkspaceContext) -> tuple[ResourceId, ...]:
    """The storage accounts that the spec names besides the workspace's own (ST-SCOPE-01)."""
    return tuple(resource_id(account.account_id) for account in context.spec.storage.additional_accounts)


def storage_accounts(context: WorkspaceContext, azure: View) -> tuple[ResourceId, ...]:
    """Every storage account once, the workspace's own first if it names one."""
    every = (named_by_workspace(context, azure, services.STORAGE), *additional_accounts(context))
    return tuple(dict.fromkeys(account for account in every if account is not None))


def if_service_is_missing(context: WorkspaceContext, azure: View, resource: ResourceId) -> str:
    """What to do about a service that does not exist: it depends on who names it."""
    only_in_spec = resource in additional_accounts(context)
    if only_in_spec and resource != named_by_workspace(context, azure, services.STORAGE):
        return "Correct spec.storage.additionalAccounts, which names it, or restore the account."
    return services.SERVICES[resource.type].if_not_found


@worked_out_once
def private_link_targets(context: WorkspaceContext, azure: View) -> Iterator[PrivateLinkTarget]:
    """Every sub-resource that takes a private endpoint, the workspace's own first.

    A service that the workspace does not name has none; the aspect that would close it says so.
    """
    yield PrivateLinkTarget(context.workspace, "amlworkspace")
    for account in storage_accounts(context, azure):
        yield from targets_of(context, azure, account)
    for service in (services.KEY_VAULT, services.CONTAINER_REGISTRY):
        named = named_by_workspace(context, azure, service)
        if named is not None:
            yield from targets_of(context, azure, named)


def targets_of(context: WorkspaceContext, azure: View, resource: ResourceId) -> tuple[PrivateLinkTarget, ...]:
    """The sub-resources of one service that take a private endpoint each (ST-PE-01 to ST-PE-04).

    All of a vault, a registry or the workspace, unless the spec has it reached by its public address; of a
    storage account those that the spec names, dfs never without blob (ST-PE-05).
    """
    service = services.SERVICES[resource.type]
    if service is services.STORAGE:
        groups = _account_groups(context, azure, resource)
    else:
        section = service.section(context.spec) if service.section else None
        private = getattr(section, "access", "PrivateEndpoint") == "PrivateEndpoint"
        groups = tuple(service.groups) if private else ()
    return tuple(PrivateLinkTarget(resource, group) for group in groups)


def _account_groups(context: WorkspaceContext, azure: View, account: ResourceId) -> tuple[str, ...]:
    """The default account may stand among the additional ones as well, and then has the parts of both."""
    storage = context.spec.storage
    is_default = account == named_by_workspace(context, azure, services.STORAGE)
    wanted: list[Storage | AdditionalAccount] = [storage] if is_default else []
    wanted += [extra for extra in storage.additional_accounts if resource_id(extra.account_id) == account]
    parts = (part for each in wanted if each.access == "PrivateEndpoint" for part in each.sub_resources)
    return tuple(dict.fromkeys(parts))

"""The workspace's registry: given to a workspace that has none, and what is recognised of it and only told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.ownership_tags import is_marked
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.body_values import objects_in, parsed_id, region_in, text_in
from secureml_reconcilers.isolation.prerequisites import is_premium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.services import ServiceInUse

_REGISTRIES: Final = "microsoft.containerregistry/registries"


def registry_given(registry: ServiceInUse, azure: View, location: str) -> Iterator[Block]:
    """The registry of the spec, named on a workspace that has none; made where the spec says so (ACR-EXIST-01).

    Args:
        registry: what the workspace and the spec say of it.
        azure: the view.
        location: the workspace's region, in which it is made.
    """
    asked = registry.spec.container_registry
    given = resource_id(asked.registry_id or "")
    body = azure.get(given)
    first: tuple[Block, ...] = ()
    if asked.create and (body is None or is_marked(body)):
        reason = "the spec says that the workspace gets this registry, and that it may be made"
        tags = {"tags": dict(registry.spec.tags)} if registry.spec.tags else {}
        new = {**_new(asked.allowed_ip_ranges != (), location), **tags}
        first = (Ensure(given, {}, reason, ("ACR-EXIST-01",), new),)
        yield from first
    else:
        advice = "Create it, set spec.containerRegistry.create to have it made, or correct registryID."
        azure.require(given, reasons.REGISTRY_NOT_FOUND, advice)
    yield Ensure(
        registry.workspace,
        {"properties": {"containerRegistry": given.text}},
        "the workspace has no registry, and the spec names one",
        ("ACR-EXIST-01", "ACR-FIND-01"),
        after=first,
        part="containerRegistry",
    )


def recognised(registry: ServiceInUse) -> Iterator[Check]:
    """What a registry or its workspace may have from elsewhere: told, and left alone."""
    if registry.resource is None or registry.body is None:
        return
    yield from _service_endpoints(registry.resource, registry.body)
    yield from _tasks_pass(registry.resource, registry.body)
    yield from _shared_link(registry)


def regions(azure: View, registry: ResourceId, body: Body) -> tuple[str, ...]:
    """In which regions a registry answers: each has a data endpoint, with an address of its own (ACR-DATA-01).

    Only a Premium one has replicas; where these may not be read, it is taken to have none.
    """
    home = region_in(body)
    if not is_premium(body):
        return (home,)
    try:
        shown = azure.children(registry, "replications")
    except AzureProblem:
        return (home,)
    return tuple(dict.fromkeys((home, *(region_in(each) for each in shown))))


def _new(lets_addresses_in: bool, location: str) -> dict[str, Any]:  # noqa: FBT001 - a fact
    """A registry that is born closed: nobody uses it yet. Where addresses shall pass, it denies everybody else."""
    access = "Enabled" if lets_addresses_in else "Disabled"
    return {
        "location": location,
        "sku": {"name": "Premium"},
        "properties": {
            "publicNetworkAccess": access,
            "networkRuleSet": {"defaultAction": "Deny"},
            "networkRuleBypassOptions": "AzureServices",
        },
    }


def _service_endpoints(registry: ResourceId, body: Body) -> Iterator[Check]:
    """Subnets that come by service endpoint, a preview that ends with public access (ACR-MODE-01)."""
    subnets = [text_in(each, "id") for each in objects_in(body, "properties.networkRuleSet.virtualNetworkRules")]
    yield Check(
        f"{registry.short} is reached by private endpoints alone",
        not subnets,
        reasons.REGISTRY_SERVICE_ENDPOINTS,
        f"{registry.short} lets in {len(subnets)} subnets by service endpoint, which have no way in once its"
        " public access is off.",
        "Let the machines there use a private endpoint: name their network in spec.network.clientNetworkIDs, then"
        f" remove the rules (az acr network-rule remove --name {registry.name} --subnet <subnet id>).",
        ("ACR-MODE-01",),
        registry,
        CheckLevel.ADVISORY,
    )


def _tasks_pass(registry: ResourceId, body: Body) -> Iterator[Check]:
    """Azure's build tasks that pass a private registry's firewall: off unless somebody asked (ACR-TASK-01)."""
    yield Check(
        f"build tasks of {registry.short} do not pass its firewall",
        get_path(body, "properties.networkRuleBypassAllowedForTasks") is not True,
        reasons.UNDECLARED_FIREWALL_RULE,
        f"Build tasks of {registry.short} pass its firewall though it is private.",
        "Switch that off if no task needs it (az resource update --ids"
        f" {registry.text} --set properties.networkRuleBypassAllowedForTasks=false).",
        ("ACR-TASK-01",),
        registry,
        CheckLevel.ADVISORY,
    )


def _shared_link(registry: ServiceInUse) -> Iterator[Check]:
    """The link that templates of 2019 wrote on the workspace; it cannot be taken back (ACR-SPL-01, ACR-SPL-02)."""
    listed = objects_in(registry.workspace_body, "properties.sharedPrivateLinkResources")
    targets = [parsed_id(text_in(each, "properties.privateLinkResourceId")) for each in listed]
    to_registry = [each for each in targets if each is not None and each.type.startswith(_REGISTRIES)]
    yield Check(
        "the workspace has no shared private link",
        not to_registry,
        reasons.SHARED_PRIVATE_LINK,
        "The workspace has a shared private link to its registry, which a template of 2019 made. It is not needed"
        " beside a private endpoint and trusted services, and is left as it is, for it cannot be undone.",
        "Leave it.",
        ("ACR-SPL-01", "ACR-SPL-02"),
        registry.workspace,
        CheckLevel.ADVISORY,
    )

"""A storage account, a vault, a registry: closed once every private way into it works (ST-*, KV-*, ACR-*).

One procedure for all of them, as the article has it; what sets them apart stands in the table of `services.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Block, Blocks, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.values import AnyOf, Entries
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation.accounts import rule_for_workspace, trusted_services_out
from secureml_reconcilers.isolation.body_values import region_in, text_in
from secureml_reconcilers.isolation.closing import closing_of, gates_of
from secureml_reconcilers.isolation.firewall_exceptions import undeclared_entries
from secureml_reconcilers.isolation.registry import registry_given
from secureml_reconcilers.isolation.service_endpoints import computes_let_in, have_an_effect, subnets_ready
from secureml_reconcilers.isolation.services import (
    CONTAINER_REGISTRY,
    KEY_VAULT,
    SERVICES,
    STORAGE,
    Firewall,
    Service,
    ServiceInUse,
)
from secureml_reconcilers.isolation.studio import roles_expected
from secureml_reconcilers.isolation.workspace_context import (
    WorkspaceContext,
    additional_accounts,
    if_service_is_missing,
    named_by_workspace,
    required_of_workspace,
    workspace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.values import Fragment

_NO_PUBLIC_ACCESS: Final = AnyOf(("Disabled", "SecuredByPerimeter"))
"""Public access is off; a network security perimeter is stricter still and is left as it is."""


def storage_isolated(context: WorkspaceContext, azure: View) -> Blocks:
    """The workspace's own account and every additional one answer only inside the network (ST-SCOPE-01)."""
    yield _required_service_closed(context, azure, STORAGE)
    for account in additional_accounts(context):
        yield service_closed(context, azure, account)


def key_vault_isolated(context: WorkspaceContext, azure: View) -> Iterator[Block]:
    """The workspace's vault answers only inside the network (KV-NET-01, KV-BYP-01, KV-PNA-01)."""
    yield from _required_service_closed(context, azure, KEY_VAULT)


def registry_isolated(context: WorkspaceContext, azure: View) -> Blocks:
    """The workspace's registry, once it has one, answers only inside the network (ACR-EXIST-01, ACR-LIMIT-01)."""
    registry = named_by_workspace(context, azure, CONTAINER_REGISTRY)
    if registry is None:
        in_use = _in_use(context, azure, CONTAINER_REGISTRY, None)
        yield CONTAINER_REGISTRY.before_closing(in_use, azure)
        if context.spec.container_registry.registry_id:
            yield registry_given(in_use, azure, text_in(in_use.workspace_body, "location"))
        else:
            yield iter((_no_registry_yet(context),))
    else:
        yield from service_closed(context, azure, registry)


def _required_service_closed(context: WorkspaceContext, azure: View, service: Service) -> Iterator[Block]:
    yield from service_closed(context, azure, required_of_workspace(context, azure, service))


@worked_out_once
def service_closed(context: WorkspaceContext, azure: View, resource: ResourceId) -> Iterator[Block]:
    """Denied by default, trusted services kept, public access off once the private ways work.

    ST-DENY-01, ST-TRUST-01, ST-PUB-01, ST-IP-01; KV-NET-01, KV-BYP-01, KV-PNA-01; ACR-SKU-01, ACR-LIMIT-01,
    ACR-TRUST-01, ACR-PNA-01; OPS-08.
    """
    service = SERVICES[resource.type]
    body = azure.require(resource, service.not_found, if_service_is_missing(context, azure, resource))
    in_use = _in_use(context, azure, service, resource)

    # Gates of the first closing: what the service must be, and what must be set before.
    possible = _told(resource, service.prerequisites(context.spec, resource, body))
    yield from possible
    first = _told(resource, service.before_closing(in_use, azure))
    yield from first

    firewall, (ranges, subnets) = _firewall(service), _declared_exceptions(context, service)
    ready = _told(resource, subnets_ready(azure, firewall, subnets, region_in(body)))
    yield from ready
    yield from _ranges_have_an_effect(resource, body, ranges, f"{service.field}.allowedIPRanges")
    yield from have_an_effect(resource, body, subnets, f"{service.field}.allowedSubnetIDs")
    yield from undeclared_entries(firewall, resource, body, service.field, (ranges, subnets))
    yield from _told(resource, service.exceptions(in_use))
    yield from _told(resource, service.settings(in_use, azure))

    # Gates only: the aspects PrivateLinkReady and NamesResolved yield these blocks, and so have them written.
    closing = closing_of(context, azure, resource, exposed=_answers_everybody(service, body))
    gates = gates_of(context, resource, closing, first=(*possible, *first))
    passing = _Passing(ranges, subnets)
    closed = replace(
        _write(resource, _shut(service, passing), _must_answer(service, passing), gates),
        closing=closing,
        after_if_possible=roles_expected(context, azure, resource) if service is STORAGE else (),
    )
    let_in = _let_in(service, body, in_use, passing)
    yield from _in_parts(closed, let_in, firewall, ready)
    if service is STORAGE and _workspace_only(in_use):
        first_in = (_write(resource, let_in, closed.reason, (*closed.after, *ready)),) if let_in else ()
        yield from trusted_services_out(in_use, body, after=first_in)
    if subnets and not closing.ways and service is STORAGE:
        yield from computes_let_in(context, azure, resource, subnets)
    yield from service.consequences(in_use)


def _told(resource: ResourceId, blocks: Iterator[Block]) -> tuple[Block, ...]:
    """What is asked for before a service is closed, or told of it; what cannot be told does not hide the closing.

    Nobody would hear that the service is open, and one that was closed before would not be closed again (OPS-08).
    """
    try:
        return tuple(blocks)
    except AzureProblem as problem:
        return (Check.untold(f"what is asked for before {resource.short} is closed can be read", problem),)


def _in_use(context: WorkspaceContext, azure: View, service: Service, resource: ResourceId | None) -> ServiceInUse:
    """What the checks of a service look at; one that cannot be read keeps nothing else from being told."""
    try:
        body = azure.get(resource) if resource is not None else None
    except AzureProblem:
        body = None
    named = named_by_workspace(context, azure, service)
    return ServiceInUse(
        context.spec, context.workspace, workspace(context, azure), resource, body, resource == named
    )


def _declared_exceptions(context: WorkspaceContext, service: Service) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Address ranges and subnets that the spec lets into a service; a registry takes no subnets (ACR-LIMIT-01)."""
    section = service.section(context.spec) if service.section else None
    return getattr(section, "allowed_ip_ranges", ()), getattr(section, "allowed_subnet_ids", ())


@dataclass(frozen=True, slots=True)
class _Passing:
    """Who passes a firewall by the spec, besides trusted services."""

    ranges: tuple[str, ...]
    subnets: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.ranges or self.subnets)


@dataclass(frozen=True, slots=True)
class _Part:
    """What is written to a service by one request, so that Azure may refuse it without refusing the rest."""

    name: str
    values: Mapping[str, Any]
    """By dotted path."""

    rules: tuple[str, ...]


def _let_in(service: Service, body: Body, in_use: ServiceInUse, passing: _Passing) -> _Part | None:
    """Trusted services, declared ranges and subnets pass the firewall, before it denies anybody."""
    firewall = _firewall(service)
    wanted: dict[str, Any] = {}
    if passing.ranges:
        wanted[f"{firewall.path}.ipRules"] = _rules(firewall, "value", passing.ranges)
    if passing.subnets:
        wanted[f"{firewall.path}.virtualNetworkRules"] = _rules(firewall, "id", passing.subnets)
    if service is STORAGE and _workspace_only(in_use):
        wanted |= rule_for_workspace(in_use)
    elif service.lets_workspace_in is None or not service.lets_workspace_in(body, in_use.workspace):
        path, value = firewall.trusted_services
        wanted[path] = value
    rules = (firewall.trusted_rule, *((firewall.exception_rule,) if passing.ranges else ()))
    rules += firewall.subnet_rules if passing.subnets else ()
    return _Part("let-in", wanted, tuple(dict.fromkeys(rules))) if wanted else None


def _workspace_only(in_use: ServiceInUse) -> bool:
    return in_use.spec.storage.trusted_access == "WorkspaceOnly"


def _shut(service: Service, passing: _Passing) -> _Part:
    """The narrowest write that closes: public access off, or, where somebody passes, everybody else denied.

    Then public access is left as it is: addresses and subnets pass only where it is on, and we open nothing.
    """
    firewall = _firewall(service)
    if passing:
        return _Part("public-access", {f"{firewall.path}.defaultAction": "Deny"}, (firewall.deny_rule,))
    return _Part("public-access", {"properties.publicNetworkAccess": _NO_PUBLIC_ACCESS}, (firewall.access_rule,))


def _in_parts(
    closed: Ensure, let_in: _Part | None, firewall: Firewall, subnets: tuple[Block, ...]
) -> Iterator[Ensure]:
    """Whoever may pass is let in, then the service is closed by a write of its own, then its firewall denies.

    A firewall repeats its rules with every write, and Azure refuses some that it has itself (a subnet that lost
    its service endpoint): what closes must not go with them. Once public access is off, a firewall that still
    allows lets nobody in, so that it denies is worth having and no more.
    """
    first = () if let_in is None else (_write(closed.id, let_in, closed.reason, after=(*closed.after, *subnets)),)
    yield from first
    if firewall.deny_rule in closed.rules:
        # Who was let in when it was last closed still is: what the spec adds holds only itself.
        again = closed.closing is not None and closed.closing.closed_before
        if again:
            yield replace(closed, after_if_possible=(*closed.after_if_possible, *first))
        else:
            yield replace(closed, after=(*closed.after, *first))
        return
    closed = replace(closed, after_if_possible=(*closed.after_if_possible, *first))
    yield closed
    denies = _Part("firewall", {f"{firewall.path}.defaultAction": "Deny"}, (firewall.deny_rule,))
    yield replace(_write(closed.id, denies, closed.reason, after=(closed, *first)), optional=True)


def _write(resource: ResourceId, part: _Part, why: str, after: tuple[Block, ...]) -> Ensure:
    properties: Fragment = _nested(dict(part.values))
    return Ensure(resource, properties, why, part.rules, after=after, part=part.name)


def _firewall(service: Service) -> Firewall:
    assert service.firewall is not None  # noqa: S101 - the workspace, which has none, is closed by itself
    return service.firewall


def _answers_everybody(service: Service, body: Body) -> bool:
    """Whether a service answers the whole internet: its public address is on, and its firewall denies nobody."""
    access = text_in(body, "properties.publicNetworkAccess", "Enabled").lower()
    action = text_in(body, f"{_firewall(service).path}.defaultAction", "Allow").lower()
    return access not in {"disabled", "securedbyperimeter"} and action != "deny"


def _rules(firewall: Firewall, by: str, identities: tuple[str, ...]) -> Entries:
    return Entries(by, tuple({by: text, **firewall.entry} for text in identities))


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    """Values by dotted path, as the nested dictionaries that they stand in."""
    root: dict[str, Any] = {}
    for path, value in values.items():
        *steps, last = path.split(".")
        inside = root
        for step in steps:
            inside = inside.setdefault(step, {})
        inside[last] = value
    return root


def _must_answer(service: Service, passing: _Passing) -> str:
    """Why a firewall is written, whichever part of it differs."""
    who = "only to the network and to addresses of the spec" if passing.ranges else "inside the network only"
    return f"the {service.noun} must answer {who}"


def _ranges_have_an_effect(
    resource: ResourceId, body: Body, ranges: tuple[str, ...], field: str
) -> Iterator[Check]:
    """Address rules have no effect where public access is off, and only a person switches that on."""
    if not ranges:
        return
    access = text_in(body, "properties.publicNetworkAccess", "Enabled")
    yield Check(
        f"{resource.short} answers the addresses of {field}",
        access.lower() != "disabled",
        reasons.PUBLIC_ACCESS_DISABLED,
        f"Public access to {resource.short} is off, so {field} has no effect.",
        "Switch it on yourself (everybody else is denied, and the operator never opens anything), or remove the"
        " ranges.",
        about=resource,
    )


def _no_registry_yet(context: WorkspaceContext) -> Check:
    return Check(
        "the workspace has a registry",
        holds=False,
        reason=reasons.NO_REGISTRY,
        message="The workspace has no container registry yet; Azure ML makes one when it first needs it.",
        advice="It is isolated as soon as it exists.",
        rules=("ACR-EXIST-01",),
        about=context.workspace,
        level=CheckLevel.ADVISORY,
    )

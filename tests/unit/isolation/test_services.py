"""The table of services: every row is complete, and agrees with the catalogue, the clouds and the rule book."""

from __future__ import annotations

import pytest
from tests.unit.isolation.bodies import ACCOUNT, OWNER, REGISTRY, SUBNET, VAULT, WORKSPACE, spec, world

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.api.secure_workspace import DNS, Endpoints, Network
from secureml_reconcilers.azure.catalogue import CATALOGUE
from secureml_reconcilers.isolation.clouds import CHINA, GOVERNMENT, PUBLIC
from secureml_reconcilers.isolation.network_plan import NetworkPlan, PrivateLinkTarget
from secureml_reconcilers.isolation.services import GROUPS, SERVICES, Service
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext, private_link_targets
from secureml_reconcilers.rulebook import CATALOGUE as RULES

ROWS = pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.noun)


@ROWS
def test_every_group_has_zones_in_every_cloud(service: Service) -> None:
    """An endpoint without a zone would be made, and nobody's name would lead to it."""
    for cloud in (PUBLIC, GOVERNMENT, CHINA):
        assert service.groups.keys() <= cloud.zones.keys()
    assert GROUPS.keys() >= service.groups.keys()


@ROWS
def test_rules_are_those_of_the_rule_book(service: Service) -> None:
    """A typing error would lead nobody anywhere."""
    named = {row.rule for row in service.groups.values()}
    if service.firewall is not None:
        firewall = service.firewall
        named |= {firewall.access_rule, firewall.deny_rule, firewall.trusted_rule, firewall.exception_rule}
    assert named <= RULES.keys()


@ROWS
def test_a_firewall_is_one_that_the_catalogue_knows(service: Service) -> None:
    """It is replaced as a whole, and the values that are written are known, so that no other is written over."""
    known = CATALOGUE[service.type]
    assert "properties.publicNetworkAccess" in known.known_values
    if service.firewall is not None:
        assert service.firewall.path in known.replaced_whole
        assert f"{service.firewall.path}.defaultAction" in known.known_values
        assert service.firewall.trusted_services[0] in known.defaults


@ROWS
def test_a_service_is_named_by_the_spec_and_the_workspace(service: Service) -> None:
    """The workspace itself stands in the spec alone."""
    assert (service.section is None) == (service.named_at == "") == (service.field == "")
    if service.section is not None:
        section = service.section(SecureWorkspaceSpec.parse(spec()))
        assert hasattr(section, "allowed_ip_ranges")


def test_every_service_of_the_landscape_has_a_row() -> None:
    """And no two share a private link group."""
    assert {each.type for each in (WORKSPACE, ACCOUNT, VAULT, REGISTRY)} == SERVICES.keys()
    assert len(GROUPS) == sum(len(each.groups) for each in SERVICES.values())


def test_what_is_reached_privately_is_told_in_the_order_of_the_article() -> None:
    """The workspace, then its storage, vault and registry (GEN-TOPO-03)."""
    context = WorkspaceContext.of(SecureWorkspaceSpec.parse(spec()), PUBLIC, OWNER)
    assert [(each.resource, each.group) for each in private_link_targets(context, world())] == [
        (WORKSPACE, "amlworkspace"),
        (ACCOUNT, "blob"),
        (ACCOUNT, "file"),
        (VAULT, "vault"),
        (REGISTRY, "registry"),
    ]


def test_a_network_plan_needs_no_workspace() -> None:
    """Computes and inference clusters use private link, too."""
    network = Network(endpoint_subnet_id=SUBNET.text)
    plan = NetworkPlan.of(network, Endpoints(), DNS(), PUBLIC, OWNER)
    context = WorkspaceContext.of(SecureWorkspaceSpec.parse(spec()), PUBLIC, OWNER)
    assert plan == context.plan
    assert plan.endpoint(PrivateLinkTarget(ACCOUNT, "blob")) == context.plan.endpoint(
        PrivateLinkTarget(ACCOUNT, "blob")
    )

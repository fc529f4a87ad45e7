"""What is said to people, over every row of every table."""

from __future__ import annotations

import re

import pytest
from tests import rules
from tests.unit.isolation.bodies import ACCOUNT, LAKE, OWNER, REGISTRY, VAULT, WORKSPACE, spec
from tests.unit.isolation.telling import Case

from secureml_reconcilers.api.reasons.entry import REASONS
from secureml_reconcilers.azure.errors import TABLE
from secureml_reconcilers.engine.assessment import Advised
from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.engine.evaluation import problems
from secureml_reconcilers.secure_workspace import SecureWorkspaces

ROWS = [
    pytest.param(value, id=f"{module.__name__.rsplit('.', 1)[1]}: {name}")
    for module in rules.modules()
    for name, value in rules.columns(module)
    if isinstance(value, Case)
]
FIREWALL = {"publicNetworkAccess", "networkAcls", "networkRuleSet", "networkRuleBypassOptions", "ipAllowlist"}
SENTENCE = re.compile(r".*[^.]\.", re.DOTALL)


@pytest.mark.parametrize("row", ROWS)
def test_findings_are_whole_sentences_with_something_to_do(row: Case) -> None:
    """A person reads them in `kubectl describe`, without the logs at hand."""
    evaluation = row.evaluation()
    said = [(problem.message, problem.advice) for problem in problems(evaluation)]
    said += [
        (block.message, block.advice)  # type: ignore[union-attr]
        for block in evaluation.blocks()
        if isinstance(evaluation.assessments[block.key], Advised)
    ]
    for message, advice in said:
        assert SENTENCE.fullmatch(message), message
        assert SENTENCE.fullmatch(advice), advice
        assert "log" not in f"{message} {advice}".lower().split()


IMMUTABLE = ("spec.workspaceID", "spec.network.endpointSubnetID", "spec.endpoints.resourceGroupID")
NEW = re.compile(r"\bnew resource\b|\bresource with another\b|\bmake one with\b")


def is_followable(advice: str) -> bool:
    """It names a field that cannot be changed only for another resource, and never says to do nothing."""
    fixed = any(field in advice for field in IMMUTABLE)
    return (not fixed or NEW.search(advice) is not None) and "do nothing" not in advice.lower()


@pytest.mark.parametrize("row", ROWS)
def test_advice_can_be_followed(row: Case) -> None:
    """Who edits a field that the API server holds fast is refused, and as far as before."""
    evaluation = row.evaluation()
    advice = [problem.advice for problem in problems(evaluation)]
    advice += [block.advice for block in evaluation.blocks() if isinstance(block, Check)]
    assert [each for each in advice if not is_followable(each)] == []


def test_advice_for_what_azure_refuses_can_be_followed() -> None:
    """The same for every code, and for every reason of the page."""
    advice = [row.advice for row in TABLE.values()] + [entry.do for entry in REASONS.values()]
    assert [each for each in advice if not is_followable(each)] == []


@pytest.mark.parametrize("row", ROWS)
def test_every_write_says_why(row: Case) -> None:
    """The reason goes into plan, event and log: words, not a sentence of its own."""
    for action in row.evaluation().actions:
        assert re.fullmatch(r"[a-zA-Z].*[^.]", action.block.reason), action.block.reason
        assert action.block.rules


@pytest.mark.parametrize("row", ROWS)
def test_what_is_written_to_a_service_says_what_must_be_so(row: Case) -> None:
    """Not what it is: an address that is added, or a bypass, is no service that answers on the internet."""
    parts = {
        ACCOUNT: "storage",
        LAKE: "storage",
        VAULT: "keyVault",
        REGISTRY: "containerRegistry",
        WORKSPACE: "publicAccess",
    }
    for action in row.evaluation().actions:
        if (
            action.id in parts
            and action.kind == "Update"
            and action.block.part != "trusted-services"  # it shuts out services of Azure, and says which stays
            and FIREWALL & (action.body or {}).get("properties", {}).keys()
        ):
            lets_in = (row.spec.get(parts[action.id]) or {}).get("allowedIPRanges")
            only = "only to the network and to addresses of the spec" if lets_in else "inside the network only"
            assert re.fullmatch(f"the [a-z]+ must answer {only}", action.block.reason), action.block.reason


@pytest.mark.parametrize("part", ["keyVault", "storage", "containerRegistry"])
def test_a_service_that_lets_addresses_in_is_not_called_closed(part: str) -> None:
    """Whoever reads no more than the condition must learn of it."""
    for ranges, exceptions in (([], 0), (["203.0.113.7"], 1)):
        declared = SecureWorkspaces().declare(spec(**{part: {"allowedIPRanges": ranges}}), OWNER)
        said = {each.condition: (each.met, each.met_message) for each in declared.aspects}
        told = [said[each] for each in ("KeyVaultIsolated", "StorageIsolated", "RegistryIsolated")]
        assert [reason for reason, _ in told].count("ClosedExceptAllowedRanges") == exceptions
        assert (
            sum("closed except to the addresses and subnets that the spec names" in message for _, message in told)
            == exceptions
        )

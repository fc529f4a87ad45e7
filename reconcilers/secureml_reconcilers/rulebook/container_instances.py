"""Container instances for inference, which are retired."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.rulebook.rule import SC, SI, Does, Rule, Today

RULES: Final = (
    Rule(
        "ACI-DELEG-01",
        "A subnet delegated to container instances",
        "Container instances wanted a subnet of their own; deployments to them are retired.",
        SI,
        "S1 S3",
        Today.OBSOLETE,
        Does.CONVERGE,
    ),
    Rule(
        "ACI-RG-01",
        "Container instances: one group",
        "Network and workspace had to share a resource group; deploying there is retired.",
        SI,
        "S1 S4",
        Today.OBSOLETE,
        Does.REPORT,
        not_applicable="Deploying to container instances is retired.",
    ),
    Rule(
        "ACI-ACR-01",
        "Container instances: registry outside",
        "The registry could not be in the network as well; deploying there is retired.",
        SI,
        "S1",
        Today.OBSOLETE,
        Does.REPORT,
        not_applicable="Deploying to container instances is retired.",
    ),
    Rule(
        "ACI-DEPLOY-01",
        "Container instances: made on deployment",
        "The first SDK made them and was told network and subnet; that way is gone.",
        SI,
        "S1",
        Today.OBSOLETE,
        Does.REPORT,
        not_applicable="Deploying to container instances is retired.",
    ),
    Rule(
        "ACI-PE-01",
        "No container instances when private",
        "A private workspace cannot deploy to container instances in a network; managed endpoints took their"
        " place.",
        SI,
        "configure-private-link",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "ACI-CONF-01",
        "Delegated subnets host nobody else",
        "A subnet that is delegated to a service takes neither computes nor, as a rule, private endpoints.",
        SI + SC,
        "observed",
        Today.NEW,
        Does.REPORT,
    ),
)
"""Rules ACI-*."""

"""The workspace's container registry, and who builds its images."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.rulebook.rule import SC, SW, Does, Rule, Today

RULES: Final = (
    Rule(
        "ACR-ED-01",
        "Edition for a private registry",
        "It took an Enterprise workspace; there is one edition now.",
        SW,
        "S1",
        Today.OBSOLETE,
        Does.NONE,
    ),
    Rule(
        "ACR-REG-01",
        "Private link in the region",
        "The workspace's region must offer private link (WS-REG-01).",
        SW,
        "S1",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "ACR-SKU-01",
        "Premium or not private",
        "Only a Premium registry has private endpoints and network rules. It costs more, so the operator upgrades"
        " one only where the spec allows that.",
        SW,
        "S1 S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-NET-01",
        "Registry in the network",
        "The registry's private endpoint belongs into the network of storage and computes, or into a peered one.",
        SW + SC,
        "S1 S4",
        Today.RELAXED,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-CMP-01",
        "A cluster must exist",
        "Where registry or storage are restricted the workspace needs a cluster, for it is what builds images.",
        SW + SC,
        "S1 S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "ACR-BUILD-01",
        "A private registry builds nothing",
        "Registry tasks run outside the network and cannot push into a closed registry; a cluster of the workspace"
        " builds the images instead.",
        SW,
        "S1 S4",
        Today.SAME,
        Does.NONE,
    ),
    Rule(
        "ACR-BUILD-02",
        "The workspace names its builder",
        "imageBuildCompute holds the name of a CPU cluster. One without public address needs a way out for the"
        " packages that images are made of.",
        SW,
        "S1 S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-BUILD-03",
        "Back to the default builder",
        "An empty name gives building back to the service, for a registry that is not restricted.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-BUILD-04",
        "The builder reaches package indexes",
        "Images are built from packages of public indexes, unless private packages or ready-made images are used.",
        SC,
        "S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "ACR-EXIST-01",
        "A registry comes when needed",
        "A young workspace has no registry: the service makes one at the first training run or deployment, and it"
        " is isolated then. The spec may name one instead.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-FIND-01",
        "Which registry it is",
        "The workspace names its registry by resource id.",
        SW,
        "S1 S4",
        Today.SAME,
        Does.NONE,
    ),
    Rule(
        "ACR-MODE-01",
        "Private endpoint only",
        "Service endpoints of registries never left preview and exclude private link, so they are not offered.",
        SW,
        "S4 container-registry",
        Today.CHANGED,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-LIMIT-01",
        "Deny unless allowed",
        "The registry refuses everybody outside the network of the machine learning resources.",
        SW,
        "S1 S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-TRUST-01",
        "Trusted services may pass",
        "The workspace pulls images as a trusted service, so the bypass for Azure services stays on; its identity"
        " also needs the right to pull.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-PNA-01",
        "Public access off",
        "With a private endpoint in place the registry's public access can be switched off altogether.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ACR-TASK-01",
        "Tasks do not pass any more",
        "Registry tasks no longer count as trusted unless a switch of the registry says so; they are refused.",
        SW,
        "container-registry",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "ACR-SPL-01",
        "Shared private link to the registry",
        "An old template let the workspace reach its registry through a shared private link. Trusted access and"
        " the workspace's own endpoint do today, so none is made.",
        SW,
        "S1",
        Today.CHANGED,
        Does.REPORT,
    ),
    Rule(
        "ACR-SPL-02",
        "A shared private link stays",
        "What that template did could not be undone; nothing of the kind is ever done without being asked for.",
        SW,
        "S1",
        Today.CHANGED,
        Does.REPORT,
    ),
    Rule(
        "ACR-DATA-01",
        "Two addresses for a registry",
        "A registry's endpoint takes one address for its name and one for the data of its home region, and one"
        " more per replica; all of those names must resolve.",
        SW,
        "container-registry",
        Today.NEW,
        Does.CONVERGE,
    ),
)
"""Rules ACR-*."""

"""Topology, prerequisites, permissions."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.rulebook.rule import ALL, SC, SI, SW, Does, Rule, Today

RULES: Final = (
    Rule(
        "GEN-TOPO-01",
        "All four parts are private",
        "Workspace, the services it leans on, training and inference answer on private addresses only. Training"
        " nodes come with and without a public address, and only those without need no rule for inbound traffic.",
        ALL,
        "S3",
        Today.CHANGED,
        Does.DERIVED,
    ),
    Rule(
        "GEN-TOPO-02",
        "Workspace first, computes after",
        "Computes and inference clusters are secured once their workspace is, because they reach it and its"
        " storage through what the workspace's stage makes.",
        ALL,
        "S3",
        Today.SAME,
        Does.DERIVED,
    ),
    Rule(
        "GEN-TOPO-03",
        "Order inside the workspace's stage",
        "The private way into the workspace comes first, then vault, storage and registry; closing anything"
        " waits for the ways into it.",
        SW,
        "S3",
        Today.SAME,
        Does.DERIVED,
    ),
    Rule(
        "GEN-TOPO-04",
        "The path of a job",
        "A job is submitted to the workspace and its data travel through storage, so storage must be reachable"
        " from the clients' network and from the nodes' subnet.",
        SW + SC,
        "S3",
        Today.CHANGED,
        Does.REPORT,
    ),
    Rule(
        "GEN-WS-01",
        "The workspace exists",
        "The workspace must exist and be fully provisioned before anything around it can be isolated; the operator"
        " never creates one.",
        ALL,
        "S1 S3 S5",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "GEN-VNET-01",
        "Network and subnet exist",
        "A compute joins a network and subnet that are there already; the operator makes them only where the"
        " custom resource says that it owns them.",
        SC + SI,
        "S1 S2 S4 S5",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "GEN-VNET-02",
        "One network for everything",
        "Workspace and default storage share a network; vault, registry and Kubernetes may also live in a peered"
        " one. Nothing is moved, for moving means destroying.",
        ALL,
        "S3",
        Today.RELAXED,
        Does.REPORT,
    ),
    Rule(
        "GEN-VNET-03",
        "Keep out of Docker's range",
        "Nodes use 172.17.0.0/16 for the Docker bridge, so a network that overlaps it is unreachable from"
        " containers.",
        SC,
        "secure-workspace",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "GEN-SEPE-01",
        "What a service endpoint is",
        "It lends a subnet's identity to its calls, so that a service can let that subnet in; the service keeps"
        " its public address.",
        SW,
        "S3",
        Today.SAME,
        Does.DERIVED,
    ),
    Rule(
        "GEN-SEPE-02",
        "What a private endpoint is",
        "It is a network card with a private address of the network, behind which part of one service answers.",
        SW,
        "S3",
        Today.SAME,
        Does.DERIVED,
    ),
    Rule(
        "GEN-E2E-01",
        "One open service opens all",
        "A private endpoint of the workspace protects the workspace alone: every service that is left outside"
        " still answers the internet, so all of them count.",
        SW,
        "S4",
        Today.SAME,
        Does.DERIVED,
    ),
    Rule(
        "GEN-CP-01",
        "Management calls stay public",
        "Creating or deleting a workspace or a compute goes through Azure Resource Manager, which the workspace's"
        " endpoint does not cover; the operator itself needs a way there.",
        SW,
        "S1",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "GEN-DEV-01",
        "People work from inside",
        "Development machines belong into the network or must be connected to it; single public addresses can be"
        " let in instead.",
        SW,
        "S1",
        Today.RELAXED,
        Does.REPORT,
    ),
    Rule(
        "GEN-CON-01",
        "Connect by VPN",
        "A VPN gateway brings single machines or whole sites into the network, encrypted over the internet.",
        SW,
        "S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "GEN-CON-02",
        "Connect by ExpressRoute",
        "A private circuit of a connectivity provider brings a site into the network without the internet.",
        SW,
        "S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "GEN-CON-03",
        "Connect by jump host",
        "Azure Bastion opens a virtual machine inside the network in the browser, and people work there.",
        SW,
        "S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "GEN-CON-04",
        "Names across the connection",
        "A connected site must be able to resolve the private names too, usually by forwarding them to a resolver"
        " inside the network.",
        SW,
        "S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "GEN-CLOUD-01",
        "Zones differ by cloud",
        "Government and China clouds once had no private link for workspaces. They have it now, under zone names"
        " of their own, so the cloud decides the names.",
        SW,
        "S3 private-endpoint-dns",
        Today.OBSOLETE,
        Does.DERIVED,
    ),
    Rule(
        "GEN-BROWSER-01",
        "Browsers that bypass private DNS",
        "A browser that resolves names over HTTPS asks a public resolver and never learns the private address;"
        " Firefox does so unless told otherwise.",
        SW,
        "S1 configure-private-link",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "GEN-PREVIEW-01",
        "Previews come without promise",
        "A feature in preview has no service level agreement; using one in production deserves a warning.",
        SC,
        "S2",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "GEN-KNOW-01",
        "What a reader should know",
        "The articles take networks, private link, security groups and firewalls for known.",
        (),
        "S1 S3 S5",
        Today.SAME,
        Does.NONE,
        not_applicable="It tells what a reader should know, and asks nothing.",
    ),
    Rule(
        "RBAC-VNET-01",
        "Right to join the network",
        "Whoever connects something to a network needs Microsoft.Network/virtualNetworks/join/action on it.",
        ALL,
        "S1 S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "RBAC-SNET-01",
        "Right to join the subnet",
        "The action is Microsoft.Network/virtualNetworks/subnets/join/action; without it a write is refused as"
        " LinkedAuthorizationFailed although the resource itself may be written.",
        ALL,
        "S1 S2 S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "RBAC-VNET-02",
        "Right to read the network",
        "Creating a compute also reads the network around its subnet.",
        SC,
        "S2",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "RBAC-ROLE-01",
        "Roles that grant the rights",
        "Network Contributor and its like contain these actions; a custom role with just the needed ones is"
        " narrower.",
        ALL,
        "S1 S2 S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "LH-01",
        "No compute through Lighthouse",
        "A tenant that manages the subscription by delegation cannot create a compute inside a network.",
        SC,
        "S2 secure-training",
        Today.SAME,
        Does.REPORT,
    ),
)
"""Rules GEN-*, RBAC-* and LH-*."""

"""Storage accounts."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.rulebook.rule import SC, SW, Does, Rule, Today

RULES: Final = (
    Rule(
        "ST-SCOPE-01",
        "Every account counts",
        "The default account and every further one that datastores use can be isolated, each by the same rules.",
        SW,
        "S1",
        Today.SAME,
        Does.DERIVED,
    ),
    Rule(
        "ST-MODE-01",
        "One way into an account",
        "An account is reached by private endpoints or by service endpoints; the spec names one for each account.",
        SW,
        "S1 S3 S4",
        Today.SAME,
        Does.DERIVED,
    ),
    Rule(
        "ST-VNET-01",
        "Storage in the computes' network",
        "With service endpoints the nodes' own subnet must be let in; with private endpoints the same network is"
        " enough.",
        SW + SC,
        "S1 S4 secure-workspace",
        Today.RELAXED,
        Does.CONVERGE,
    ),
    Rule(
        "ST-SE-01",
        "Service endpoint, then the account's rule",
        "A subnet gets Microsoft.Storage first and then a rule on the account. The source address of the subnet's"
        " traffic changes with it, so rules by address stop matching.",
        SW,
        "S1 S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ST-DENY-01",
        "Deny unless allowed",
        "The account's firewall refuses everybody whom no rule names.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ST-TRUST-01",
        "Trusted services may pass",
        "The bypass for Azure services stays on, for the workspace itself comes that way; it does not open the"
        " account to all of Azure. A rule for exactly this workspace does as well.",
        SW,
        "S1 S4",
        Today.CHANGED,
        Does.CONVERGE,
    ),
    Rule(
        "ST-TRUST-02",
        "Trusted by subscription",
        "Some services of the same subscription pass for logging or backup and the like.",
        SW,
        "S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "ST-TRUST-03",
        "Trusted by identity",
        "Others pass when their own identity holds a role on the account, as the workspace's does.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ST-RIR-01",
        "A rule for one workspace",
        "A resource instance rule lets exactly one workspace pass. It is narrower than trusting Azure's services,"
        " so where it exists the bypass is not asked for.",
        SW,
        "storage",
        Today.NEW,
        Does.CONVERGE,
    ),
    Rule(
        "ST-IP-01",
        "Addresses that are let in",
        "Public IPv4 addresses of people outside can be let in, at most 400. Single addresses are written without"
        " a prefix, for /31 and /32 are refused; studio does not heed such rules.",
        SW,
        "S1 storage",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ST-PE-01",
        "An endpoint for blobs",
        "The default account needs a private endpoint for its blobs.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ST-PE-02",
        "An endpoint for files",
        "The default account needs a second endpoint for its file shares: one endpoint serves one part.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ST-PE-03",
        "Endpoints for queues and tables",
        "Parallel run steps and batch endpoints schedule through queues and tables, which then need endpoints.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ST-PE-04",
        "Endpoints that fit the data",
        "A further account gets endpoints for those parts that hold its data.",
        SW,
        "S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "ST-PE-05",
        "Data Lake needs blob beside it",
        "Some calls to a Data Lake endpoint are answered through the blob name, so one never goes without the"
        " other.",
        SW,
        "storage",
        Today.NEW,
        Does.CONVERGE,
    ),
    Rule(
        "ST-PUB-01",
        "Public access off",
        "Beyond denying by default, public access is switched off where all access is private; not where rules"
        " for subnets or addresses must keep working, for they stop with it.",
        SW,
        "S4",
        Today.CHANGED,
        Does.CONVERGE,
    ),
    Rule(
        "ST-COLOC-01",
        "Storage near the computes",
        "Data in the computes' region cost less and arrive sooner.",
        SC,
        "S2",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "ST-445-01",
        "File shares need port 445",
        "Nodes mount the default file share, so nothing between them and the account may block SMB.",
        SC,
        "secure-training access-behind-firewall",
        Today.NEW,
        Does.CONVERGE,
    ),
    Rule(
        "ST-KEY-01",
        "Instances want account keys",
        "Creating an instance is documented to need the account's keys to be allowed; identity mode may have"
        " lifted that.",
        SC,
        "compute-instance",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "ST-KIND-01",
        "No first generation accounts",
        "General purpose accounts of the first generation cannot have private endpoints; they must be upgraded.",
        SW,
        "storage",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "ST-SEP-01",
        "Storage is a way out",
        "Whoever may reach all of a region's storage can carry data into an account of their own. A service"
        " endpoint policy on the nodes' subnet leaves only the wanted accounts.",
        SC,
        "S2 data-exfiltration",
        Today.SAME,
        Does.CONVERGE,
    ),
)
"""Rules ST-*."""

"""Azure Machine Learning studio, the web pages."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.rulebook.rule import SW, Does, Rule, Today

RULES: Final = (
    Rule(
        "STUDIO-MI-01",
        "Studio uses the workspace identity",
        "Studio reads data behind a network as the workspace's managed identity, so the workspace must have one.",
        SW,
        "S1",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "STUDIO-RBAC-01",
        "Reader on the account",
        "The workspace identity reads the account's firewall settings to know how to get in; the role takes up to"
        " ten minutes to be heeded.",
        SW,
        "S1 studio",
        Today.CHANGED,
        Does.CONVERGE,
    ),
    Rule(
        "STUDIO-RBAC-02",
        "Reader of blob data",
        "To show data the workspace identity needs Storage Blob Data Reader on the account.",
        SW,
        "S1",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "STUDIO-RBAC-03",
        "Reader on the account's endpoints",
        "The workspace identity must also be able to read the private endpoints of the account.",
        SW,
        "studio",
        Today.NEW,
        Does.CONVERGE,
    ),
    Rule(
        "STUDIO-LABEL-01",
        "Labeling needs another account",
        "ML-assisted labeling cannot use a default account behind a network; a further account can be private all"
        " the same.",
        SW,
        "S3",
        Today.SAME,
        Does.REPORT,
    ),
)
"""Rules STUDIO-* that the code names."""

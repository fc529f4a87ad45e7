"""The workspace's key vault."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.rulebook.rule import SW, Does, Rule, Today

RULES: Final = (
    Rule(
        "KV-CRED-01",
        "What the vault holds",
        "Connection strings of storage and datastores and the registry's password live in the workspace's vault:"
        " when it cannot be reached, nothing that needs a secret works.",
        SW,
        "S4",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "KV-MODE-01",
        "One way into the vault",
        "The vault is reached by a private endpoint or by a service endpoint.",
        SW,
        "S3 S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "KV-NET-01",
        "Only chosen networks",
        "The vault's firewall denies by default and lets the computes' network in; with a private endpoint that"
        " network may also be a peered one.",
        SW,
        "S1 S4",
        Today.RELAXED,
        Does.CONVERGE,
    ),
    Rule(
        "KV-BYP-01",
        "Trusted services may pass",
        "The workspace reaches the vault as a trusted service, so the bypass must be on, also when public access"
        " is off. A network security perimeter overrides it.",
        SW,
        "S1 S3 S4",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "KV-PNA-01",
        "Public access off",
        "With a private endpoint in place the vault's public access can be switched off altogether.",
        SW,
        "key-vault",
        Today.NEW,
        Does.CONVERGE,
    ),
    Rule(
        "KV-LAG-01",
        "Service endpoints take a while",
        "A new service endpoint may take a quarter of an hour until the vault heeds it; nothing is written again"
        " meanwhile.",
        SW,
        "key-vault",
        Today.NEW,
        Does.DERIVED,
    ),
)
"""Rules KV-*."""

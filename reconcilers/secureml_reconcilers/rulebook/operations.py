"""How the operator must behave towards Azure."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.rulebook.rule import ALL, SI, SW, Does, Rule, Today

RULES: Final = (
    Rule(
        "OPS-01",
        "Locks",
        "A lock may refuse a write at once, or only at the end of an operation. The person who keeps it must act,"
        " so the write is repeated slowly.",
        ALL,
        "S2",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "OPS-02",
        "Policies",
        "A policy that forbids a write is named in what Azure answers; its keeper must act, so the write is"
        " repeated slowly.",
        ALL,
        "S2",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "OPS-03",
        "Parents swallow children",
        "Writing a network, route table or security group without its children deletes them. Children are written"
        " one by one, or all that were read go along.",
        ALL,
        "observed",
        Today.NEW,
        Does.DERIVED,
    ),
    Rule(
        "OPS-04",
        "One write at a time per network",
        "Parallel writes to parts of one network or route table are refused, so they go one after the other.",
        ALL,
        "observed",
        Today.NEW,
        Does.DERIVED,
    ),
    Rule(
        "OPS-05",
        "An endpoint's name rests",
        "An endpoint that was just deleted may block its name for some twenty minutes; creating it anew waits.",
        SW,
        "observed",
        Today.NEW,
        Does.DERIVED,
    ),
    Rule(
        "OPS-06",
        "Wait for a cluster to settle",
        "A Kubernetes cluster refuses every write while an operation runs on it.",
        SI,
        "observed",
        Today.NEW,
        Does.DERIVED,
    ),
    Rule(
        "OPS-07",
        "Role assignments do not change",
        "They are deleted and created; a name computed from scope, role and identity makes that repeatable.",
        ALL,
        "observed",
        Today.NEW,
        Does.CONVERGE,
    ),
    Rule(
        "OPS-08",
        "Close last",
        "Nothing public is closed before every private way into it works: endpoint approved, zone linked, records"
        " present. Otherwise clients and computes are cut off.",
        SW,
        "configure-private-link",
        Today.NEW,
        Does.DERIVED,
    ),
)
"""Rules OPS-*."""

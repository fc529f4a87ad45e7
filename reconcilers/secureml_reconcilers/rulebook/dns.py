"""Private names."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.rulebook.rule import SC, SI, SW, Does, Rule, Today

RULES: Final = (
    Rule(
        "DNS-01",
        "A DNS server of your own",
        "A network with its own DNS server needs every private name there; the status lists names and addresses"
        " for its keeper.",
        SW,
        "S3 custom-dns",
        Today.SAME,
        Does.REPORT,
    ),
    Rule(
        "DNS-02",
        "Two zones for the workspace",
        "The workspace's names live in two zones, one for its interfaces and one for notebooks, and its endpoint"
        " writes into both.",
        SW,
        "configure-private-link",
        Today.NEW,
        Does.CONVERGE,
    ),
    Rule(
        "DNS-03",
        "Zones linked to every network",
        "A network resolves names of a private zone only when it is linked to it; registration stays off.",
        SW + SC,
        "S1",
        Today.SAME,
        Does.CONVERGE,
    ),
    Rule(
        "DNS-04",
        "One zone of a name per network",
        "A network cannot be linked to two zones of the same name, so one that is linked already is used, even if"
        " it belongs to somebody else, and a clash is reported.",
        SW,
        "private-dns",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "DNS-05",
        "One zone group per endpoint",
        "An endpoint has one group, with at most five zones in it.",
        SW,
        "private-endpoint-dns",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "DNS-06",
        "Instances resolve to the workspace",
        "The name of an instance leads to the workspace's endpoint, not to the instance's own address.",
        SC,
        "custom-dns",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "DNS-07",
        "What a DNS server forwards",
        "A server of your own forwards the public parent zones to Azure's resolver at 168.63.129.16, which knows"
        " the private ones.",
        SW,
        "custom-dns",
        Today.NEW,
        Does.REPORT,
    ),
    Rule(
        "DNS-08",
        "Names of managed endpoints",
        "Managed online endpoints are reached through a wildcard name below the workspace's own, which its zone"
        " must hold.",
        SI,
        "custom-dns",
        Today.NEW,
        Does.CONVERGE,
    ),
    Rule(
        "DNS-09",
        "A zone has many users",
        "Removing a zone group removes its records, and two groups can claim the same name; a zone is therefore"
        " touched only where nobody else's record is at stake.",
        SW,
        "private-endpoint-dns",
        Today.NEW,
        Does.REPORT,
    ),
)
"""Rules DNS-*."""

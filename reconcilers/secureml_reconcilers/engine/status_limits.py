"""The bounds of the status's schema: one that breaks them would be refused whole, and nothing would be told.

They stand in `api/status.py` too, from which the custom resource definitions are made; a test holds statuses
of every shape against those.
"""

from __future__ import annotations

from typing import Final

OPERATIONS: Final = 128
"""No more is begun than can be announced: what is not announced is lost in a crash."""

INVENTORY: Final = 1024
"""No more is made than can be listed: what is not listed is never removed."""

FINDINGS: Final = 64
PLANNED: Final = 128
CHANGES: Final = 32
RULES: Final = 16
SERVICES: Final = 64
"""A workspace has four, and 32 further accounts."""

FAULTS: Final = 32
"""What a diagnosis of Azure's own tells; each stands among the findings, too."""

WAYS: Final = 400
"""Private ways into one service: sub-resources times networks."""

FACTS: Final = 256
"""Entries of one list of facts, such as DNS records."""

CONDITION: Final = 4096
TEXT: Final = 2048
IDENTIFIER: Final = 512
WORD: Final = 128
ASKED: Final = 256
"""The value of an annotation."""

SHORT: Final = 1024
"""A value in a plan, and the message of an event."""


def cut(text: str, bound: int) -> str:
    """A text that is no longer than its bound; its end shows that more was said."""
    return text if len(text) <= bound else f"{text[: bound - 1]}…"

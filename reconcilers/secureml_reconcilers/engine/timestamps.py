"""Instants as Kubernetes writes them: UTC, whole seconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """RFC 3339 text of an instant."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> datetime:
    """The instant a text stands for.

    Raises:
        ValueError: when the text is no RFC 3339 instant.
    """
    return datetime.fromisoformat(text)

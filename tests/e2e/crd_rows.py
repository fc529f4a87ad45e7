"""Reads the table of what the API server must admit and refuse (`data/admission/README.md`)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "data" / "admission"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One claim: patches that are admitted, and patches that are refused with these words."""

    kind: str
    claim: str
    accepted: tuple[Resource, ...]
    """Whole resources that must be admitted."""

    refused: tuple[Resource, ...]
    """Whole resources that must be refused."""

    at: str
    says: str
    parse: str
    before: Resource | None
    """For a claim about change: what must exist first."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.claim}"


def merge(base: Any, patch: Any) -> Any:  # noqa: ANN401 (JSON values)
    """Lay a JSON merge patch (RFC 7386) over `base`: objects merge, null removes, the rest replaces."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    result = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def rows(kind: str) -> list[Row]:
    """Read the rows of `kind`."""
    table = yaml.safe_load((FOLDER / f"{kind.lower()}.yaml").read_text(encoding="utf-8"))
    return [_row(table["base"], entry) for entry in table["rows"]]


def _row(base: Resource, entry: dict[str, Any]) -> Row:
    named = merge(base, {"metadata": {"name": entry["name"]}}) if "name" in entry else base
    before = merge(named, {"spec": entry["before"]}) if "before" in entry else None

    def resources(key: str) -> tuple[Resource, ...]:
        found = entry.get(key, [])
        patches = found if isinstance(found, list) else [found]
        return tuple(merge(before or named, {"spec": patch}) for patch in patches)

    return Row(
        kind=base["kind"],
        claim=entry["row"],
        accepted=resources("accepted"),
        refused=resources("refused"),
        at=entry.get("at", ""),
        says=entry.get("says", ""),
        parse="server only" if before else entry.get("parse", entry.get("says", "")),
        before=before,
    )

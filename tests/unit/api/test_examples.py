"""The examples are valid, and the full one is full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.api.kinds import KINDS
from secureml_reconcilers.api.schema import structural

EXAMPLES = Path(__file__).parents[3] / "examples"

SPECS = {kind.kind: kind.spec for kind in KINDS}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_is_valid(path: Path) -> None:
    """Every document of every file."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        SPECS[document["kind"]].parse(document["spec"])


def test_every_kind_has_an_example() -> None:
    """Nobody writes a new kind from its schema."""
    shown = {yaml.safe_load(path.read_text(encoding="utf-8"))["kind"] for path in EXAMPLES.glob("*.yaml")}
    assert shown == SPECS.keys()


def test_every_example_is_listed() -> None:
    """The README names each file."""
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.yaml") if f"`{path.name}`" not in readme] == []


def test_the_minimal_example_is_ten_lines() -> None:
    """The promise of the README, without its comments."""
    lines = (EXAMPLES / "secureworkspace-minimal.yaml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if not line.startswith("#")]) <= 10


def _missing(schema: dict[str, Any], value: Any, path: str) -> list[str]:  # noqa: ANN401 (JSON values)
    if schema["type"] == "array":
        return [found for item in value[:1] for found in _missing(schema["items"], item, f"{path}[0]")]
    found = []
    for name, child in schema.get("properties", {}).items():
        where = f"{path}.{name}"
        found += _missing(child, value[name], where) if name in value else [where]
    return found


def test_the_full_example_has_every_field() -> None:
    """A new field appears in the example, or this test names it."""
    document = yaml.safe_load((EXAMPLES / "secureworkspace-full.yaml").read_text(encoding="utf-8"))
    assert _missing(structural(SecureWorkspaceSpec), document["spec"], "spec") == []

"""`parse` and the API server refuse the same specs in the same words (the table is the end-to-end test's)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.crd_rows import Row, rows

from secureml_reconcilers.api import InvalidSpec
from secureml_reconcilers.api.kinds import KINDS, Kind
from secureml_reconcilers.api.schema import definition, structural

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = [pytest.param(kind, row, id=str(row)) for kind in KINDS for row in rows(kind.kind)]


@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_parse_admits_what_the_server_admits(kind: Kind, row: Row) -> None:
    """Every accepted spec becomes a model."""
    for resource in (*row.accepted, *([row.before] if row.before else [])):
        kind.spec.parse(resource["spec"])


@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_parse_refuses_what_the_server_refuses(kind: Kind, row: Row) -> None:
    """Every refused spec names the same path, and a reason; rules about change are the server's alone."""
    if row.parse == "server only":
        return
    for resource in row.refused:
        with pytest.raises(InvalidSpec) as refusal:
            kind.spec.parse(resource["spec"])
        said = [message for path, message in refusal.value.problems if path == row.at]
        assert any(row.parse in message for message in said), refusal.value.problems


def _rule_messages(node: Any) -> Iterator[str]:  # noqa: ANN401 (JSON values)
    if isinstance(node, dict):
        yield from (rule["message"] for rule in node.get("x-kubernetes-validations", ()))
        for value in node.values():
            yield from _rule_messages(value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_rule_of_the_models_has_a_row(kind: Kind) -> None:
    """A rule without a refused example could be a rule that never fires."""
    claims = [row for row in rows(kind.kind) if row.refused]
    messages = set(_rule_messages(definition(kind)))
    assert {message for message in messages if not any(row.says in message for row in claims)} == set()


def _enums(schema: dict[str, Any], path: str) -> Iterator[str]:
    if "enum" in schema:
        yield path
    for name, child in schema.get("properties", {}).items():
        yield from _enums(child, f"{path}.{name}")
    if "items" in schema:
        yield from _enums(schema["items"], f"{path}[]")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_enum_of_the_models_has_a_row(kind: Kind) -> None:
    """A word that is not on the list is refused at each place that has a list."""
    tried = {re.sub(r"\[\d+\]", "[]", row.at) for row in rows(kind.kind) if row.refused}
    assert set(_enums(structural(kind.spec), "spec")) - tried == set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_refusal_has_its_words(kind: Kind) -> None:
    """A refusal without expected words would pass for any reason."""
    assert [str(row) for row in rows(kind.kind) if row.refused and not row.says] == []

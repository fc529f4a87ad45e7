"""The generated CRDs are what Kubernetes wants, say what they mean, and are the committed ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import yaml
from pydantic import Field

from secureml_reconcilers.api.__main__ import main, stale
from secureml_reconcilers.api.fields import Checked, MapOf, SetOf
from secureml_reconcilers.api.kinds import KINDS, Kind
from secureml_reconcilers.api.model import ApiModel
from secureml_reconcilers.api.rules import Rule
from secureml_reconcilers.api.schema import (
    MAX_CRD_BYTES,
    UnknownKeyword,
    definition,
    render,
    structural,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CRDS = Path(__file__).parents[3] / "crds"

Schema = dict[str, Any]

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)


def _version(kind: Kind) -> Schema:
    found: Schema = definition(kind)["spec"]["versions"][0]
    return found


def _nodes(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from _nodes(child, f"{path}.{name}")
    if "items" in schema:
        yield from _nodes(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from _nodes(schema["additionalProperties"], f"{path}[]")


def _ours(kind: Kind) -> Iterator[tuple[str, Schema]]:
    properties = _version(kind)["schema"]["openAPIV3Schema"]["properties"]
    for part in ("spec", "status"):
        yield from _nodes(properties[part], part)


@each_kind
def test_every_field_is_described(kind: Kind) -> None:
    """`kubectl explain` is the documentation, so it must say something, in a sentence."""
    wordless = [
        path
        for path, node in _ours(kind)
        if not path.endswith("[]") and not node.get("description", "").endswith((".", ")."))
    ]
    assert wordless == []


@each_kind
def test_every_string_and_list_is_bounded(kind: Kind) -> None:
    """The API server refuses rules whose cost it cannot bound, and status must stay readable."""
    unbounded = [
        path
        for path, node in _ours(kind)
        if (node["type"] == "string" and not ("maxLength" in node or "enum" in node))
        or (node["type"] == "array" and "maxItems" not in node)
        or (node["type"] == "object" and "properties" not in node and "maxProperties" not in node)
    ]
    assert unbounded == []


@each_kind
def test_every_spec_list_says_how_it_merges(kind: Kind) -> None:
    """Without a list type, two writers of one list overwrite each other under server-side apply."""
    undecided = [
        path
        for path, node in _ours(kind)
        if path.startswith("spec") and node["type"] == "array" and "x-kubernetes-list-type" not in node
    ]
    assert undecided == []


@each_kind
def test_every_spec_field_names_its_default(kind: Kind) -> None:
    """A field that may be left out says what then happens."""
    silent = [
        f"{path}.{name}"
        for path, node in _ours(kind)
        if path.startswith("spec")
        for name, child in node.get("properties", {}).items()
        if name not in node.get("required", []) and "default" not in child["description"].lower()
    ]
    assert silent == []


@each_kind
def test_no_field_escapes_the_structure(kind: Kind) -> None:
    """Nothing is preserved unknown, referenced, united or titled."""
    forbidden = {
        "$ref",
        "$defs",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "title",
        "const",
        "uniqueItems",
        "x-kubernetes-preserve-unknown-fields",
    }
    assert [path for path, node in _ours(kind) if forbidden & node.keys()] == []


@each_kind
def test_status_starts_unseen(kind: Kind) -> None:
    """Tools that follow kstatus take a resource without status for finished."""
    version = _version(kind)
    assert version["subresources"] == {"status": {}}
    assert version["schema"]["openAPIV3Schema"]["properties"]["status"]["default"] == {"observedGeneration": -1}


@each_kind
def test_conditions_merge_by_type(kind: Kind) -> None:
    """Conditions are a list map, as in every Kubernetes API."""
    conditions = dict(_ours(kind))["status.conditions"]
    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]
    assert set(conditions["items"]["required"]) == {
        "type",
        "status",
        "reason",
        "message",
        "lastTransitionTime",
    }


@each_kind
def test_get_shows_the_state_first(kind: Kind) -> None:
    """`kubectl get` shows Ready and Reason; what is asked for more rarely waits for `-o wide`."""
    columns = {column["name"]: column.get("priority", 0) for column in _version(kind)["additionalPrinterColumns"]}
    assert list(columns)[:2] == ["Ready", "Reason"]
    assert columns["Age"] == 0
    assert (columns["InSync"], columns["Permitted"], columns["Mode"]) == (1, 1, 1)


@each_kind
def test_a_crd_fits_into_an_annotation(kind: Kind) -> None:
    """Client-side apply keeps the whole object in an annotation."""
    assert len(render(kind).encode()) < MAX_CRD_BYTES


def test_names_are_short_and_in_one_category() -> None:
    """`kubectl get secureml` lists all three kinds."""
    names = [definition(kind)["spec"]["names"] for kind in KINDS]
    assert [name["shortNames"] for name in names] == [["sws"], ["scmp"], ["sic"]]
    assert all(name["categories"] == ["secureml"] for name in names)


def test_the_committed_crds_are_fresh() -> None:
    """After a change of a model: `python -m secureml_reconcilers.api`."""
    assert stale(CRDS) == []


def test_check_tells_stale_missing_and_foreign_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--check` fails for each of the three, and writing cures the first two."""
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--check"]) == 0
    (tmp_path / "secureml.dev_securecomputes.yaml").unlink()
    (tmp_path / "secureml.dev_secureworkspaces.yaml").write_text("changed: by hand\n")
    (tmp_path / "another.yaml").write_text("kind: Other\n")
    assert main([str(tmp_path), "--check"]) == 1
    assert [line.split(" is stale")[0].rsplit("/", 1)[1] for line in capsys.readouterr().err.splitlines()] == [
        "another.yaml",
        "secureml.dev_securecomputes.yaml",
        "secureml.dev_secureworkspaces.yaml",
    ]


def test_the_same_models_render_the_same_text() -> None:
    """Keys are sorted and aliases written out, so a diff shows the change only."""
    for kind in KINDS:
        assert yaml.safe_load(render(kind)) == definition(kind)
        assert "&id" not in render(kind)


class _Inner(ApiModel):
    """An inner model."""

    key: Annotated[str, Checked(5)]
    """Names it."""


class _Outer(ApiModel):
    """A model with one of each construct."""

    allowed_ip_ranges: Annotated[tuple[Annotated[str, Checked(9)], ...], SetOf(3, min_items=1)]
    """A set.

    In two paragraphs
    and three lines.
    """

    inner: _Inner | None = None
    """A block that may be missing."""

    several: Annotated[tuple[_Inner, ...], MapOf(2, key="key")] = ()
    """A map."""

    number: Annotated[int, Field(strict=True, ge=1, le=3)] = 2
    """A number."""

    admission = (Rule("self.number > 0", "must be positive", lambda outer: outer.number > 0, ".number"),)


def test_a_model_becomes_a_structural_schema() -> None:
    """One of each construct, whole result."""
    inner = {
        "type": "object",
        "required": ["key"],
        "properties": {"key": {"type": "string", "maxLength": 5, "description": "Names it."}},
    }
    assert structural(_Outer) == {
        "type": "object",
        "description": "A model with one of each construct.",
        "required": ["allowedIPRanges"],
        "x-kubernetes-validations": [
            {
                "rule": "self.number > 0",
                "message": "must be positive",
                "reason": "FieldValueInvalid",
                "fieldPath": ".number",
            }
        ],
        "properties": {
            "allowedIPRanges": {
                "type": "array",
                "description": "A set.\n\nIn two paragraphs and three lines.",
                "items": {"type": "string", "maxLength": 9},
                "minItems": 1,
                "maxItems": 3,
                "x-kubernetes-list-type": "set",
            },
            "inner": inner | {"description": "A block that may be missing."},
            "several": {
                "type": "array",
                "description": "A map.",
                "items": inner | {"description": "An inner model."},
                "maxItems": 2,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["key"],
            },
            "number": {
                "type": "integer",
                "format": "int64",
                "description": "A number.",
                "default": 2,
                "minimum": 1,
                "maximum": 3,
            },
        },
    }


class _Union(ApiModel):
    """A model with a union."""

    either: str | int
    """One or the other."""


class _OpenMap(ApiModel):
    """A model with free keys."""

    labels: dict[str, str]
    """Any labels."""


class _Exclusive(ApiModel):
    """A model with an exclusive bound, which is spelt otherwise in OpenAPI."""

    number: Annotated[int, Field(gt=0)]
    """A number."""


@pytest.mark.parametrize("model", [_Union, _OpenMap, _Exclusive])
def test_what_the_generator_does_not_know_it_refuses(model: type[ApiModel]) -> None:
    """Nothing is dropped in silence."""
    with pytest.raises(UnknownKeyword):
        structural(model)

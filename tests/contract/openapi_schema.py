"""Walks a JSON value along a Swagger schema: `$ref`, `allOf`, discriminators, read-only marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jsonschema import Draft4Validator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .openapi import JSON, Document

LEAF_KEYWORDS = ("type", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf")
"""What jsonschema judges on a value that has no children; lengths and patterns bind requests only."""

BINDS_REQUESTS_ONLY = {"pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf", "format"}

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Direction(Enum):
    """Which way the value travels: rules about unknown and read-only properties differ."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True)
class Shape:
    """An object schema with its `allOf` parents merged in."""

    properties: dict[str, tuple[Document, JSON]]
    required: frozenset[str]
    additional: tuple[Document, JSON] | None
    discriminator: str | None
    closed: bool


def check_value(document: Document, schema: JSON, value: JSON, direction: Direction, path: str = "$") -> list[str]:
    """Sentences about what differs between the value and the schema.

    A null is taken as "absent": ARM reads it as "remove" and answers with it for empty fields, while
    Swagger 2.0 has no word for it.
    """
    document, schema = document.resolve(schema)
    if value is None:
        return []
    if schema.get("type") == "array" or isinstance(value, list):
        return _check_list(document, schema, value, direction, path)
    if isinstance(value, dict) or "properties" in schema or "allOf" in schema:
        return _check_object(document, schema, value, direction, path)
    return list(_check_leaf(schema, value, direction, path))


def _check_list(document: Document, schema: JSON, value: JSON, direction: Direction, path: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{path} is {_kind(value)}, not an array"]
    if schema.get("type", "array") != "array":
        return [f"{path} is an array, not {schema['type']}"]
    items = schema.get("items", {})
    return [
        problem
        for index, item in enumerate(value)
        for problem in check_value(document, items, item, direction, f"{path}[{index}]")
    ]


def _check_object(document: Document, schema: JSON, value: JSON, direction: Direction, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} is {_kind(value)}, not an object"]
    if schema.get("type", "object") != "object":
        return [f"{path} is an object, not {schema['type']}"]
    shape = shape_of(document, schema)
    if shape.discriminator and (chosen := _child(document, value, shape)):
        shape = shape_of(document, chosen)
    problems = []
    if direction is Direction.REQUEST:
        problems += [
            f"{path}.{name} is required" for name in sorted(shape.required - set(value)) if not _given(shape, name)
        ]
    for name, item in value.items():
        at = f"{path}.{name}"
        if name in shape.properties:
            owner, node = shape.properties[name]
            if direction is Direction.REQUEST and _read_only(owner, node):
                problems.append(f"{at} is read-only")
            problems += check_value(owner, node, item, direction, at)
        elif shape.additional:
            problems += check_value(*shape.additional, item, direction, at)
        elif direction is Direction.REQUEST and shape.closed:
            problems.append(f"{at} is unknown")
    return problems


def _check_leaf(schema: JSON, value: JSON, direction: Direction, path: str) -> Iterator[str]:
    judged = {
        key: schema[key]
        for key in LEAF_KEYWORDS
        if key in schema and (direction is Direction.REQUEST or key not in BINDS_REQUESTS_ONLY)
    }
    for error in Draft4Validator(judged).iter_errors(value):
        yield f"{path}: {error.message}"
    if direction is Direction.REQUEST and schema.get("format") == "uuid" and not GUID.fullmatch(str(value)):
        yield f"{path} is no GUID"
    yield from _check_enum(schema, value, path)


def _check_enum(schema: JSON, value: JSON, path: str) -> Iterator[str]:
    """A closed enumeration must match; an extensible one may be new, but not a known word in other case."""
    allowed = schema.get("enum", [])
    if not allowed or value in allowed:
        return
    if not schema.get("x-ms-enum", {}).get("modelAsString"):
        yield f"{path}: {value!r} is not one of {allowed}"
    elif str(value).lower() in {str(word).lower() for word in allowed}:
        yield f"{path}: {value!r} differs in letter case from {allowed}"


def shape_of(document: Document, schema: JSON) -> Shape:
    """Merge an object schema with everything it inherits."""
    document, schema = document.resolve(schema)
    properties: dict[str, tuple[Document, JSON]] = {}
    required: set[str] = set(schema.get("required", []))
    additional, discriminator, closed = None, schema.get("discriminator"), False
    for parent in schema.get("allOf", []):
        inherited = shape_of(document, parent)
        properties |= inherited.properties
        required |= inherited.required
        additional = additional or inherited.additional
        discriminator = discriminator or inherited.discriminator
        closed = closed or inherited.closed
    properties |= {name: (document, node) for name, node in schema.get("properties", {}).items()}
    extra = schema.get("additionalProperties")
    if extra is True or isinstance(extra, dict):
        additional = (document, extra if isinstance(extra, dict) else {})
    return Shape(properties, frozenset(required), additional, discriminator, closed or bool(properties))


def _child(document: Document, value: JSON, base: Shape) -> JSON | None:
    """The definition that the discriminator's value names, if the base has such a descendant.

    Hierarchies of one document may use the same words (a compute and its secrets are both called
    "VirtualMachine"): of those with every member of the base, the one with the fewest others is meant.
    """
    wanted = str(value.get(base.discriminator))
    heirs = [each for each in _descendants(document).get(wanted, ()) if _inherits(document, each, base)]
    return min(heirs, key=lambda each: len(shape_of(document, each).properties), default=None)


def _inherits(document: Document, definition: JSON, base: Shape) -> bool:
    return set(base.properties) <= set(shape_of(document, definition).properties)


_DESCENDANTS: dict[str, dict[str, list[JSON]]] = {}


def _descendants(document: Document) -> dict[str, list[JSON]]:
    """Definitions of one document by discriminator value, collected once per document."""
    key = str(document.path)
    if key not in _DESCENDANTS:
        found: dict[str, list[JSON]] = {}
        for name, definition in document.content.get("definitions", {}).items():
            if "allOf" in definition:
                found.setdefault(definition.get("x-ms-discriminator-value", name), []).append(definition)
        _DESCENDANTS[key] = found
    return _DESCENDANTS[key]


def _given(shape: Shape, name: str) -> bool:
    """Whether a required property is the service's to fill, so that a request need not bring it."""
    if name not in shape.properties:
        return False
    return _read_only(*shape.properties[name])


def _read_only(document: Document, node: JSON) -> bool:
    _, resolved = document.resolve(node)
    return bool(resolved.get("readOnly") or resolved.get("x-ms-mutability") == ["read"])


def _kind(value: JSON) -> str:
    return {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}.get(type(value), "a number")

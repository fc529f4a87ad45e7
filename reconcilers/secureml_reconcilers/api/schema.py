"""From pydantic's JSON schema to the structural schema of a CustomResourceDefinition.

Kubernetes takes a subset of JSON schema: no references, no unions, no `const`, no `title`. What this module
does not know it refuses (`UnknownKeyword`), so that a new construct in a model cannot slip into a CRD that
the API server would then refuse, or accept and ignore.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from secureml_reconcilers.api.common import CATEGORY, GROUP, VERSION
from secureml_reconcilers.api.kinds import Column, Kind
from secureml_reconcilers.api.model import ApiModel

Schema = dict[str, Any]

MAX_CRD_BYTES = 262_144
"""Above this `kubectl apply` fails: it keeps the whole object in an annotation, and annotations end there."""

NOT_SEEN_YET = {"observedGeneration": -1}
"""Default status: tools that follow kstatus take a resource without status for finished."""

_DROPPED = {"title", "additionalProperties"}
"""`additionalProperties: false` says that the model is closed; the API server prunes or refuses by itself."""

_KEPT = {
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-validations",
}

_HEADER = "# Generated from the models by `python -m secureml_reconcilers.api`; do not edit.\n"


class UnknownKeyword(Exception):  # noqa: N818 (names what was met)
    """A model uses a construct that has no counterpart in a structural schema."""


def structural(model: type[ApiModel]) -> Schema:
    """Render `model` as a structural schema with field names as Kubernetes writes them."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(schema, schema.pop("$defs", {}))


def _convert(node: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    flat = _flatten(node, definitions)
    unknown = flat.keys() - _KEPT - _DROPPED - {"default", "const"}
    open_map = isinstance(flat.get("additionalProperties"), dict) and "maxProperties" not in flat
    if unknown or open_map:
        raise UnknownKeyword(f"{sorted(unknown) or 'additionalProperties'} in {flat}")
    result: Schema = {key: value for key, value in flat.items() if key in _KEPT}
    if "const" in flat:
        result["enum"] = [flat["const"]]
    if "description" in flat:
        result["description"] = _one_line(flat["description"])
    if "items" in flat:
        result["items"] = _convert(flat["items"], definitions)
    if isinstance(flat.get("additionalProperties"), dict):  # a map, whose keys are anybody's
        result["additionalProperties"] = _convert(flat["additionalProperties"], definitions)
    if "properties" in flat:
        result["properties"] = {name: _convert(sub, definitions) for name, sub in flat["properties"].items()}
    if flat.get("type") == "integer":
        result["format"] = "int64"
    if _is_worth_storing(flat):
        result["default"] = flat["default"]
    return result


def _flatten(node: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    """Inline a reference and unwrap "or null"; what stands beside them wins over what is inlined."""
    flat = dict(node)
    if "anyOf" in flat:
        others = [option for option in flat.pop("anyOf") if option != {"type": "null"}]
        if len(others) != 1:
            raise UnknownKeyword(f"a union of several types in {node}")
        flat = _flatten(others[0], definitions) | flat
    if "$ref" in flat:
        target = definitions[flat.pop("$ref").removeprefix("#/$defs/")]
        flat = _flatten(target, definitions) | flat
    return flat


def _is_worth_storing(flat: Mapping[str, Any]) -> bool:
    """Tell whether the server should write the default into the object.

    Blocks, empty lists and absence stay out, so that the smallest resource is stored as its author wrote it;
    `parse` fills them in.
    """
    return flat.get("type") != "object" and flat.get("default") not in (None, [], ())


def _one_line(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _column(column: Column) -> Schema:
    shown = {
        "name": column.name,
        "type": column.type,
        "jsonPath": column.json_path,
        "description": column.description,
    }
    return shown | {"priority": column.priority} if column.priority else shown


def _root(kind: Kind) -> Schema:
    schema: Schema = {
        "type": "object",
        "description": kind.description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"{GROUP}/{VERSION}."},
            "kind": {"type": "string", "description": f"{kind.kind}."},
            "metadata": {"type": "object"},
            "spec": structural(kind.spec),
            "status": structural(kind.status) | {"default": NOT_SEEN_YET},
        },
    }
    if kind.admission:
        schema["x-kubernetes-validations"] = [rule.as_schema() for rule in kind.admission]
    return schema


def definition(kind: Kind) -> Schema:
    """Render the whole CustomResourceDefinition of `kind`."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.singular,
                "shortNames": [kind.short_name],
                "categories": [CATEGORY],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [_column(column) for column in kind.columns],
                    "schema": {"openAPIV3Schema": _root(kind)},
                }
            ],
        },
    }


def file_name(kind: Kind) -> str:
    """Name the file of `kind` below `crds/`."""
    return f"{GROUP}_{kind.plural}.yaml"


class _Plain(yaml.SafeDumper):
    """Writes repeated values in full: Kubernetes reads YAML aliases, people do not."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 (the base class's signature)
        return True


def render(kind: Kind) -> str:
    """Write the definition of `kind` as YAML, sorted so that a change shows as the change it is."""
    return _HEADER + yaml.dump(definition(kind), Dumper=_Plain, sort_keys=True, width=110, allow_unicode=True)

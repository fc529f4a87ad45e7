"""Changes of a SecureWorkspace's spec, field by field, made from the schema and the full example.

The schema says which fields there are, and which values they may have; the full example, which a test keeps full,
has a value for each. So a new field is among them by itself.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.api.schema import structural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Spec = dict[str, Any]

EXAMPLE: Final = Path(__file__).parents[3] / "examples" / "secureworkspace-full.yaml"

IMMUTABLE: Final = frozenset({"workspaceID", "network.endpointSubnetID", "endpoints.resourceGroupID"})
"""The API server refuses a change of these (tests/e2e/data/admission); here they are only left out or spoilt."""

AS_SHOWN: Final = object()
"""The value that the example has."""

COMPANIONS: Final[Mapping[str, Mapping[str, object]]] = {
    "containerRegistry.create": {"containerRegistry.registryID": AS_SHOWN},
    "endpoints.requestMessage": {"endpoints.connection": "Manual"},
    "keyVault.access": {"keyVault.allowedSubnetIDs": AS_SHOWN},
    "publicAccess.allowedIPRanges": {"publicAccess.workspace": "Enabled"},
    "storage.access": {"storage.allowedSubnetIDs": AS_SHOWN},
    "studio.grantRoles": {"studio.enabled": True},
    "studio.labeling": {"studio.enabled": True},
    "workspaceSettings.serverlessCompute.noPublicIP": {"workspaceSettings.serverlessCompute.subnetID": AS_SHOWN},
}
"""What else a field needs to mean something."""


@dataclass(frozen=True)
class Mutation:
    """One field, changed in one way."""

    path: str
    how: str
    spec: Spec

    def __str__(self) -> str:
        return f"{self.path} {self.how}"


def example(spoke: str) -> Spec:
    """The spec of the full example in another subscription."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("00000000-0000-0000-0000-000000000001", spoke)
    spec: Spec = yaml.safe_load(text)["spec"]
    return spec


def sections() -> list[str]:
    """The fields of the spec itself."""
    return sorted(structural(SecureWorkspaceSpec)["properties"])


def mutations(base: Spec, shown: Spec, section: str) -> Iterator[Mutation]:
    """Every change below one field of the spec, each made to `base` alone."""
    schema = structural(SecureWorkspaceSpec)
    for path, node in _fields(schema["properties"][section], (section,)):
        for how, value in _values(node, _at(shown, path)):
            spec = deepcopy(base)
            _accompany(spec, shown, ".".join(path))
            _put(spec, path, value)
            yield Mutation(".".join(path), how, spec)
        if _at(base, path) is not None:
            spec = deepcopy(base)
            _put(spec, path, None)
            yield Mutation(".".join(path), "absent", spec)


def _fields(node: Spec, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Spec]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from _fields(child, (*path, name))


def _values(node: Spec, shown: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    """What a field may be given: each value of an enumeration, the example's, and what is wrong by the schema."""
    if "enum" in node:
        yield from ((each, each) for each in node["enum"])
        yield "no such value", "NoSuchValue"
        yield "empty", ""
        return
    match node["type"]:
        case "boolean":
            yield from (("true", True), ("false", False), ("a text", "true"))
        case "string":
            yield from (("as in the example", shown), ("empty", ""), ("nonsense", "no/such <thing>"))
            yield "too long", "x" * (node.get("maxLength", 4096) + 1)
        case "array":
            yield from (("pushed", shown), ("empty", []), ("no list", "x"))
            yield "too long", list(shown[:1]) * (node.get("maxItems", 1024) + 1)
        case "object":
            yield from (("empty", {}), ("no object", "x"), ("an unknown field", {"noSuchField": 1}))
            if "additionalProperties" in node:
                yield "pushed", shown


def _accompany(spec: Spec, shown: Spec, path: str) -> None:
    for other, value in COMPANIONS.get(path, {}).items():
        where = tuple(other.split("."))
        _put(spec, where, _at(shown, where) if value is AS_SHOWN else value)


def _at(spec: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    for name in path:
        spec = spec.get(name) if isinstance(spec, dict) else None
    return spec


def _put(spec: Spec, path: tuple[str, ...], value: Any) -> None:  # noqa: ANN401 - JSON
    *parents, last = path
    for name in parents:
        spec = spec.setdefault(name, {})
    if value is None:
        spec.pop(last, None)
    else:
        spec[last] = deepcopy(value)

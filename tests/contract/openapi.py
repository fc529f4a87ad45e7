"""Checks one recorded call against Microsoft's stored OpenAPI documents.

`check_call` is the door: it answers with sentences, an empty list when nothing is wrong. It is used
on the cassettes, on the emulator's answers and on the operator's own traffic, so it knows none of them.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .openapi_schema import Direction, check_value

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = Any

POLLS = re.compile(
    r"/(?:operations|operationresults|operationstatuses|asyncoperations|privatednsoperation(?:statuses|results)|"
    r"workspaceoperationsstatus|computeoperationsstatus)/[^/]+$",
    re.IGNORECASE,
)
"""Operation status URLs: opaque to clients and in none of the documents (README of the specifications)."""

_POOLS_KIND = "$.properties.networkProfile.loadBalancerProfile.backendPoolType"
MISSPELT = {f"{_POOLS_KIND}: 'nodeIPConfiguration' differs in letter case from ['NodeIPConfiguration', 'NodeIP']"}
"""Words of enumerations that Azure's recorded answers spell other than its own documents."""

VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


def shared_root() -> Path:
    """The folder with recordings and specifications: SECUREML_SHARED, else `../shared` of the project."""
    named = os.environ.get("SECUREML_SHARED")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared"


def specifications() -> Path:
    """Where the OpenAPI documents lie; they are not part of the project and may be missing."""
    return shared_root() / "azure-specs" / "specification"


@dataclass(frozen=True)
class Call:
    """One request with its answer. Bodies are parsed JSON; None means that there was none."""

    method: str
    url: str
    status: int
    request: JSON = None
    response: JSON = None


@dataclass(frozen=True)
class Document:
    """One Swagger file, with the API version that its path names."""

    path: Path
    content: dict[str, JSON]
    version: str

    def resolve(self, node: JSON) -> tuple[Document, JSON]:
        """Follow `$ref` across files until a node that is not a reference; keeps a sibling readOnly."""
        document, marks = self, {}
        while isinstance(node, dict) and "$ref" in node:
            marks |= {key: node[key] for key in ("readOnly", "x-ms-mutability") if key in node}
            file, _, pointer = node["$ref"].partition("#")
            if file:
                document = load((document.path.parent / file).resolve())
            node = document.content
            for part in pointer.strip("/").split("/"):
                node = node[unquote(part).replace("~1", "/").replace("~0", "~")]
        return document, {**node, **marks} if marks else node


@dataclass(frozen=True)
class Operation:
    """One method on one path template of one document."""

    document: Document
    method: str
    template: str
    node: dict[str, JSON]
    pattern: re.Pattern[str]
    literals: int = field(compare=False)

    def parameters(self) -> Iterator[tuple[Document, dict[str, JSON]]]:
        """The operation's own parameters and those of its path, references resolved."""
        paths = {**self.document.content.get("paths", {}), **self.document.content.get("x-ms-paths", {})}
        for parameter in [*self.node.get("parameters", []), *paths[self.template].get("parameters", [])]:
            yield self.document.resolve(parameter)

    def accepts(self, path: str) -> bool:
        """Whether the template matches, and with it the enumerations of its path parameters."""
        found = self.pattern.fullmatch(path)
        if not found:
            return False
        groups = dict(zip(re.findall(r"{(\w+)}", self.template), found.groups(), strict=False))
        return all(
            groups.get(parameter["name"], "").lower() in {str(value).lower() for value in parameter["enum"]}
            for _, parameter in self.parameters()
            if parameter.get("in") == "path" and "enum" in parameter and parameter["name"] in groups
        )


@cache
def load(path: Path) -> Document:
    """Parse a Swagger file once per process."""
    versions = [part for part in path.parts if VERSION.fullmatch(part)]
    return Document(path, json.loads(path.read_text("utf-8")), versions[-1] if versions else "")


def _pattern(template: str, node: dict[str, JSON], document: Document) -> re.Pattern[str]:
    """A regular expression for a path template; parameters that skip URL encoding may hold slashes.

    A leading `{scope}` may also be empty: role assignments of the tenant have none.
    """
    unescaped = {
        parameter["name"]
        for _, parameter in map(document.resolve, node.get("parameters", []))
        if parameter.get("in") == "path" and parameter.get("x-ms-skip-url-encoding")
    }
    parts = [
        ("(.+)" if part[1:-1] in unescaped else "([^/]+)") if part.startswith("{") else re.escape(part)
        for part in re.split(r"({\w+})", template.partition("?")[0])
    ]
    return re.compile("".join(parts).replace(r"\/", "/"), re.IGNORECASE)


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of every stored document."""
    found = []
    for file in sorted(specifications().rglob("*.json")):
        document = load(file.resolve())
        for key in ("paths", "x-ms-paths"):
            for template, methods in document.content.get(key, {}).items():
                literals = len(re.sub(r"{\w+}", "", template))
                found += [
                    Operation(document, method, template, node, _pattern(template, node, document), literals)
                    for method, node in methods.items()
                    if method in {"get", "put", "patch", "post", "delete", "head"}
                ]
    return tuple(found)


def _distance(wanted: str, offered: str) -> tuple[int, bool]:
    def day(version: str) -> date:
        return date.fromisoformat(version[:10])

    return abs((day(wanted) - day(offered)).days), wanted.endswith("preview") != offered.endswith("preview")


def find_operation(method: str, path: str, version: str) -> Operation | None:
    """The most literal template that fits, in the document whose API version is nearest.

    "Most literal" settles Private DNS, where a virtual network link also fits the record set path.
    """
    fitting = [
        operation
        for operation in operations()
        if operation.method == method.lower() and operation.document.version and operation.accepts(path)
    ]
    if not fitting:
        return None
    most = max(operation.literals for operation in fitting)
    return min(
        (operation for operation in fitting if operation.literals == most),
        key=lambda operation: _distance(version, operation.document.version),
    )


def _stored(path: str) -> bool:
    """Whether any stored document speaks about the provider that owns this path."""
    *_, owner = re.findall(r"/providers/([^/]+/[^/]+)", path, re.IGNORECASE) or ["Microsoft.Resources/groups"]
    prefix = f"/providers/{owner.partition('/')[0]}/".lower()
    if owner.lower() == "microsoft.resources/groups":
        return True
    return any(
        f"{prefix}{owner.partition('/')[2]}".lower() in operation.template.lower() for operation in operations()
    )


def check_call(call: Call) -> list[str]:
    """What is wrong with a call according to the documents; empty when all is well or nothing is known.

    Checked: the query, the request body (unknown and read-only properties, missing ones, types,
    patterns, letter case of enumerations), that the status is documented, and the types of the
    answer. Operation status URLs and providers without a stored document are passed over.
    """
    url = urlsplit(call.url)
    path = re.sub(r"/+", "/", unquote(url.path)).rstrip("/")
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    if POLLS.search(path) or not _stored(path):
        return []
    version = query.get("api-version", "")
    if not VERSION.fullmatch(version):
        return [f"api-version {version!r} is missing or malformed"]
    operation = find_operation(call.method, path, version)
    if operation is None:
        return [f"no document describes {call.method} {path}"]
    problems = _check_query(operation, query)
    for document, parameter in operation.parameters():
        if parameter["in"] == "body" and call.request is not None:
            problems += check_value(document, parameter["schema"], call.request, Direction.REQUEST)
        elif parameter["in"] == "body" and parameter.get("required"):
            problems.append("the request has no body")
    return problems + _check_answer(operation, call)


def _check_query(operation: Operation, query: dict[str, str]) -> list[str]:
    known = {
        parameter["name"].lower(): parameter
        for _, parameter in operation.parameters()
        if parameter["in"] == "query"
    }
    sent = {name.lower() for name in query}
    missing = [p["name"] for name, p in known.items() if p.get("required") and name not in sent]
    return [f"query parameter {name} is missing" for name in missing] + [
        f"query parameter {name} is unknown" for name in sorted(sent - set(known) - {"api-version"})
    ]


def _check_answer(operation: Operation, call: Call) -> list[str]:
    responses = operation.node["responses"]
    documented = responses.get(str(call.status))
    if documented is None:
        if call.status >= 400:  # every type may fail in ways its document omits
            return _check_envelope(call.response)
        return [f"status {call.status} is not documented, only {', '.join(sorted(responses))}"]
    document, answer = operation.document.resolve(documented)
    if "schema" not in answer or call.response is None:
        return []
    problems = check_value(document, answer["schema"], call.response, Direction.RESPONSE)
    return [each for each in problems if each not in MISSPELT]


def _check_envelope(body: JSON) -> list[str]:
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(body, dict) and "subcode" in body:  # AKS's own failures stand at the top (recorded)
        error = body
    if not isinstance(error, dict) or not {"code", "message"} <= set(error):
        return ["a failure without an ARM error body"]
    return []

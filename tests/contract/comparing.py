"""What differs between a recorded answer and the emulator's, with what is random held out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Bind: TypeAlias = Callable[[str, str], None]
"""Takes a recorded guid and the one that stands in its place."""

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
NOBODY = "00000000-0000-0000-0000-000000000000"
"""What the authors of the recordings put in place of their subscription and tenant."""

OPERATIONS = (
    "privateDnsOperationStatuses|privateDnsOperationResults|"
    "workspaceOperationsStatus|computeOperationsStatus|operationresults"
)

RANDOM = (
    (re.compile(rf"(?i)(?<=/)({OPERATIONS})/[\w=%-]+"), r"\1/<operation>"),
    (re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]00:00)"), "<time>"),
    (GUID, "<guid>"),
    (
        re.compile(r'^"[0-9a-f]{8}-\d{4}-0\d00-0000-[0-9a-f]{12}"$|^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$'),
        "<tag>",
    ),
    (re.compile(r'"0x[0-9A-F]{15}"'), "<blob tag>"),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"), "<hex>"),
    (re.compile(r"//(.*)\.z\d+\.web\."), r"//\1.z0.web."),
    (re.compile(r"^\d{4}-\d{2}-\d{2}$"), "<day>"),
    (re.compile(r"^[0-9a-f]{24}$"), "<uid>"),
    (re.compile(r"(?<=-)[a-z0-9]{8}(?=\.(portal\.)?hcp\.)"), "<label>"),
    (re.compile(r"[a-z0-9]{26}\.[a-z]+\.internal\.cloudapp\.net"), "<suffix>.internal.cloudapp.net"),
)
"""Parts of texts that a service makes up, and what stands for them while texts are compared."""

MADE_UP = {
    "createdby",
    "updatedby",
    "lastmodifiedby",
    "userstoragekey",
    "primaryaccesskey",
    "secondaryaccesskey",
    "macaddress",
    "internalid",
    "description",
}
"""Members whose value is a name, a secret or a sentence: only their type is compared. Descriptions of
connections vary within one recording ("Auto Approved", "Auto-Approved")."""

PUBLIC_ADDRESSES = {"ipaddress", "address"}
PRIVATE = re.compile(r"^(10\.|192\.168\.)")


def plain(text: str) -> str:
    """A text with its made-up parts replaced."""
    for pattern, word in RANDOM:
        text = pattern.sub(word, text)
    return text


def bodies(expected: Any, actual: Any, bind: Bind, path: str = "body") -> Iterator[str]:  # noqa: ANN401
    """Sentences about members that are missing, superfluous, of another type or another value.

    Args:
        expected: recorded value.
        actual: the emulator's value.
        bind: told each pair of guids that stand for the same thing.
        path: where we are.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        yield from _objects(expected, actual, bind, path)
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{path} has {len(actual)} entries instead of {len(expected)}"
        for index, (left, right) in enumerate(zip(expected, actual, strict=False)):
            yield from bodies(left, right, bind, f"{path}[{index}]")
    elif _type(expected) != _type(actual):
        yield f"{path} is {_type(actual)} instead of {_type(expected)}"
    elif isinstance(expected, str):
        yield from texts(expected, actual, bind, path)
    elif expected != actual:
        yield f"{path} is {actual!r} instead of {expected!r}"


def _objects(expected: dict[str, Any], actual: dict[str, Any], bind: Bind, path: str) -> Iterator[str]:
    for name, value in expected.items():
        if name not in actual:
            yield f"{path}.{name} missing"
        elif not _made_up(name, value) or _type(value) != _type(actual[name]):
            yield from bodies(value, actual[name], bind, f"{path}.{name}")
    yield from (f"{path}.{name} superfluous" for name in actual if name not in expected)


def texts(expected: str, actual: str, bind: Bind, path: str) -> Iterator[str]:
    """Compare two texts but for their made-up parts; guids at the same place are bound to each other."""
    left, right = GUID.findall(expected), GUID.findall(actual)
    if plain(expected) != plain(actual):
        yield f"{path} is {plain(actual)!r} instead of {plain(expected)!r}"
    elif len(left) == len(right):
        for one, other in zip(left, right, strict=True):
            bind(one, other)


def _made_up(name: str, value: object) -> bool:
    if name.lower() in PUBLIC_ADDRESSES and isinstance(value, str):
        return not PRIVATE.match(value)
    return name.lower() in MADE_UP


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    names = {type(None): "null", str: "a text", dict: "an object", list: "a list"}
    return names.get(type(value), "a number")

"""Recorded ARM traffic, read from the go-vcr cassettes that lie beside the project."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from .openapi import shared_root

if TYPE_CHECKING:
    from pathlib import Path

HOST = "https://management.azure.com"
COMPARED_HEADERS = ("azure-asyncoperation", "location", "retry-after", "etag", "x-ms-failure-cause")
"""Headers that steer clients; the others differ from call to call."""


@dataclass(frozen=True)
class Interaction:
    """One request and its answer as they were on the wire."""

    index: int
    method: str
    url: str
    request: Any
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def path(self) -> str:
        """The URL without host and query."""
        return self.url.removeprefix(HOST).partition("?")[0]

    @property
    def place(self) -> str:
        """The path below subscription and resource group, which is what a reader wants to see."""
        return re.sub(r"^/subscriptions/[^/]+(/resource[gG]roups/[^/]+)?(?=/)", "", self.path)


def folder() -> Path:
    """Where the cassettes lie; they are not part of the project and may be missing."""
    return shared_root() / "azure" / "recordings"


def names() -> list[str]:
    """File names of all cassettes, without extension; empty when the folder is missing."""
    return sorted(file.stem for file in folder().glob("*.yaml"))


def _json(text: str | None) -> Any:  # noqa: ANN401 - whatever JSON value stands there
    return json.loads(text) if text else None


@cache
def load(name: str) -> tuple[Interaction, ...]:
    """All interactions of one cassette, in recorded order."""
    text = (folder() / f"{name}.yaml").read_text("utf-8")
    recorded = yaml.load(text, yaml.CSafeLoader)  # a safe loader, only the fast one
    return tuple(
        Interaction(
            index,
            each["request"]["method"],
            each["request"]["url"],
            _json(each["request"].get("body")),
            each["response"]["code"],
            {key.lower(): values[0] for key, values in each["response"]["headers"].items()},
            _json(each["response"].get("body")),
        )
        for index, each in enumerate(recorded["interactions"])
    )

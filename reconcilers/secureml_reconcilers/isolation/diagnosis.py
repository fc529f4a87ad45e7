"""The diagnosis that Azure makes of a workspace: how it is asked for, and what its answer says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.engine.diagnosis import Diagnosable, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId

_EVERYTHING: Final[Body] = {"value": {}}
"""Without settings, all is looked at."""


def diagnosable(workspace: ResourceId) -> Diagnosable:
    """A workspace, which can be asked for its faults."""
    return Diagnosable(workspace, "diagnose", _EVERYTHING, faults)


def faults(answer: Body) -> tuple[Fault, ...]:
    """What a diagnosis found, in every category, those of later versions too; nothing is left out as odd."""
    return tuple(_faults(answer))


def _faults(answer: Body) -> Iterator[Fault]:
    value = answer.get("value") or {}
    categories = value if isinstance(value, dict) else {"value": value}
    for category, found in categories.items():
        for each in found if isinstance(found, list) else [found]:
            if each:
                yield _fault(category, each)


def _fault(category: str, found: Any) -> Fault:  # noqa: ANN401 - JSON
    if not isinstance(found, dict):
        return Fault(category, "", "", _text(found))
    known = ("code", "level", "message")
    if not any(found.get(name) for name in known):
        return Fault(category, "", "", _text(found))
    return Fault(category, *(_text(found.get(name)) for name in known))


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)

"""Comparing statuses: pure functions, values in and values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.engine.contract import Status


def normalised(desired: Mapping[str, Any], present: Mapping[str, Any], now: str) -> Status:
    """Give `desired` in the form in which it is compared and written.

    Conditions keep the `lastTransitionTime` they hold as long as their status stays: that is the field's
    meaning, and without it every pass would differ from the last. On a change the reconciler's own time
    counts, or `now` (RFC 3339, UTC) when it gave none. Nulls are dropped, because the API server may drop
    them and absent reads the same.
    """
    status: Status = _without_nulls(desired)
    if "conditions" in status:
        before = {condition["type"]: condition for condition in present.get("conditions") or ()}
        status["conditions"] = [
            _with_transition_time(condition, before.get(condition["type"]), now)
            for condition in status["conditions"]
        ]
    return status


def same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Compare two statuses exactly, but for the order of conditions (a map keyed by type, not a list)."""
    return _comparable(left) == _comparable(right)


def lost(desired: Any, answered: Any, path: str = "status") -> Iterator[str]:  # noqa: ANN401  (JSON values)
    """Name every path of `desired` that the API server did not keep.

    It drops silently what its schema does not know: with an older CRD that would be our inventory.
    """
    if isinstance(desired, dict) and isinstance(answered, dict):
        for name, value in desired.items():
            if name in answered:
                yield from lost(value, answered[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(desired, list) and isinstance(answered, list) and len(desired) == len(answered):
        for index, (wanted, got) in enumerate(zip(_ordered(desired), _ordered(answered), strict=True)):
            yield from lost(wanted, got, f"{path}[{index}]")
    elif desired != answered:
        yield path


def condition(status: Mapping[str, Any], condition_type: str) -> Mapping[str, Any]:
    """Give the condition of that type, or an empty mapping."""
    for candidate in status.get("conditions") or ():
        if candidate.get("type") == condition_type:
            return dict(candidate)
    return {}


def _with_transition_time(wanted: dict[str, Any], present: Mapping[str, Any] | None, now: str) -> dict[str, Any]:
    if present is not None and present.get("status") == wanted.get("status") and "lastTransitionTime" in present:
        return {**wanted, "lastTransitionTime": present["lastTransitionTime"]}
    return {"lastTransitionTime": now, **wanted}


def _without_nulls(value: Any) -> Any:  # noqa: ANN401  (JSON values)
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(item) for item in value]
    return value


def _comparable(status: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = _without_nulls(dict(status))
    if "conditions" in plain:
        plain["conditions"] = _ordered(plain["conditions"])
    return plain


def _ordered(items: list[Any]) -> list[Any]:
    """Sort conditions (and other lists keyed by `type`) by their key; leave every other list as it is."""
    if all(isinstance(item, dict) and "type" in item and "status" in item for item in items):
        return sorted(items, key=lambda item: str(item["type"]))
    return items

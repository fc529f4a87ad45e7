"""The functions and comparisons of the query language, on plain JSON values and datetimes."""

# ruff: noqa: ARG005 - one signature for all; values are whatever JSON holds

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Value: TypeAlias = Any
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}


@dataclass(frozen=True, slots=True)
class Moments:
    """The time a query is asked at."""

    now: datetime


def timespan(text: str) -> timedelta:
    """`5m`, `1.5h`, `2d`, `30s`, `100ms` as a duration."""
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()  # type: ignore[union-attr]
    return timedelta(**{_UNITS[unit]: float(number)})


def moment(value: Value) -> datetime | None:
    """A point in time out of a datetime or an ISO text, None when it is neither."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    text = re.sub(r"(\.\d{6})\d+", r"\1", value.strip().strip("'\"")).replace("Z", "+00:00")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def text_of(value: Value) -> str:
    """A value as text: null is empty, objects are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}0Z"
    return json.dumps(value, separators=(",", ":")) if isinstance(value, (dict, list)) else str(value)


def folded_text(value: Value) -> str:
    """`text_of` in lower case, for comparisons that ignore case."""
    return text_of(value).lower()


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, datetime) or isinstance(right, datetime):
        return moment(left) == moment(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return folded_text(left) == folded_text(right)
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right
    return text_of(left) == text_of(right) if left is not None and right is not None else left is right


def _ordered(compare: Callable[[Value, Value], bool]) -> Callable[[Value, Value], bool]:
    def judge(left: Value, right: Value) -> bool:
        if left is None or right is None:
            return False
        if isinstance(left, datetime) or isinstance(right, datetime):
            left, right = moment(left), moment(right)
            return left is not None and right is not None and compare(left, right)
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        return compare(left, right) if numbers else compare(text_of(left), text_of(right))

    return judge


def _has(left: Value, right: Value) -> bool:
    pattern = rf"(?<![0-9a-z]){re.escape(folded_text(right))}(?![0-9a-z])"
    return re.search(pattern, folded_text(left)) is not None


OPERATORS: dict[str, Callable[[Value, Value], bool]] = {
    "==": _equal,
    "!=": lambda a, b: not _equal(a, b),
    "=~": lambda a, b: folded_text(a) == folded_text(b),
    "!~": lambda a, b: folded_text(a) != folded_text(b),
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "contains": lambda a, b: folded_text(b) in folded_text(a),
    "contains_cs": lambda a, b: text_of(b) in text_of(a),
    "startswith": lambda a, b: folded_text(a).startswith(folded_text(b)),
    "startswith_cs": lambda a, b: text_of(a).startswith(text_of(b)),
    "endswith": lambda a, b: folded_text(a).endswith(folded_text(b)),
    "endswith_cs": lambda a, b: text_of(a).endswith(text_of(b)),
    "has": _has,
    "has_any": lambda a, b: any(_has(a, each) for each in b),
    "has_all": lambda a, b: all(_has(a, each) for each in b),
}


def _number(value: Value, kind: Callable[[Value], Value]) -> Value:
    try:
        return kind(value)
    except (TypeError, ValueError):
        return None


def _boolean(value: Value) -> Value:
    return {"true": True, "1": True, "false": False, "0": False}.get(folded_text(value))


def _parsed(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _extracted(pattern: str, group: int, text: Value) -> str:
    found = re.search(pattern, text_of(text))
    return found.group(group) if found else ""


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "datetime_literal": lambda m, text: m.now if text == "now" else moment(text),
    "dynamic_literal": lambda m, text: json.loads(text.replace("'", '"')),
    "now": lambda m, shift=timedelta(0): m.now + shift,
    "ago": lambda m, span: m.now - span,
    "todatetime": lambda m, value: moment(value),
    "tostring": lambda m, value: text_of(value),
    "tolower": lambda m, value: folded_text(value),
    "toupper": lambda m, value: text_of(value).upper(),
    "trim": lambda m, pattern, value: re.sub(f"^({pattern})+|({pattern})+$", "", text_of(value)),
    "toint": lambda m, value: _number(value, int),
    "tolong": lambda m, value: _number(value, int),
    "toreal": lambda m, value: _number(value, float),
    "todouble": lambda m, value: _number(value, float),
    "tobool": lambda m, value: _boolean(value),
    "toboolean": lambda m, value: _boolean(value),
    "isempty": lambda m, value: value is None or text_of(value) == "",
    "isnotempty": lambda m, value: value is not None and text_of(value) != "",
    "isnull": lambda m, value: value is None,
    "isnotnull": lambda m, value: value is not None,
    "not": lambda m, value: not value,
    "strlen": lambda m, value: len(text_of(value)),
    "strcat": lambda m, *values: "".join(map(text_of, values)),
    "split": lambda m, value, mark: text_of(value).split(mark),
    "replace_string": lambda m, value, old, new: text_of(value).replace(old, new),
    "extract": lambda m, pattern, group, value: _extracted(pattern, group, value),
    "array_length": lambda m, value: len(value) if isinstance(value, list) else None,
    "array_concat": lambda m, *values: [each for value in values for each in value or ()],
    "bag_keys": lambda m, value: list(value) if isinstance(value, dict) else None,
    "pack_array": lambda m, *values: list(values),
    "parse_json": lambda m, value: _parsed(value),
    "todynamic": lambda m, value: _parsed(value),
    "coalesce": lambda m, *values: next((v for v in values if v is not None and v != ""), None),
    "iff": lambda m, condition, yes, no: yes if condition else no,
    "iif": lambda m, condition, yes, no: yes if condition else no,
    "case": lambda m, *parts: next((parts[i + 1] for i in range(0, len(parts) - 1, 2) if parts[i]), parts[-1]),
}
"""By lower-case name; the first argument is always the query's time."""

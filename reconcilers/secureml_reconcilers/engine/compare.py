"""Comparing and merging fragments with what Azure shows. Pure functions.

Names, ids and provider enums compare without regard to case: Azure answers with the casing it likes.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.engine.values import AnyOf, CsvMember, Entries, Missing, get_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.engine.values import Fragment


@dataclass(frozen=True, slots=True)
class Difference:
    """One property that is not as desired."""

    path: str
    desired: Any
    observed: Any

    def __str__(self) -> str:
        return f"{self.path} is {_show(self.observed)} and should be {_show(self.desired)}"


def differences(
    observed: Mapping[str, Any], fragment: Fragment, defaults: Mapping[str, Any] | None = None
) -> list[Difference]:
    """Every property of the fragment that the resource does not have.

    Args:
        observed: the resource as read.
        fragment: what we own of it.
        defaults: by path, what an absent property means to the service.
    """
    return list(_compare(observed, fragment, "", defaults or {}))


def merge(observed: Mapping[str, Any], fragment: Fragment) -> dict[str, Any]:
    """The resource with the fragment in it; nothing else changes, and neither argument is modified."""
    return _merge_mapping(observed, fragment)


def narrow_patch(
    observed: Mapping[str, Any], fragment: Fragment, defaults: Mapping[str, Any], replaced_whole: tuple[str, ...]
) -> dict[str, Any]:
    """The smallest merge patch that makes the fragment true; all of it when nothing differs.

    A patch that changes nothing is asked for where an earlier one failed half way.

    Args:
        observed: the resource as read.
        fragment: what we own of it.
        defaults: by path, what an absent property means.
        replaced_whole: paths that the service replaces as a whole, so they are sent complete with others' parts.
    """
    patch: dict[str, Any] = {}
    merged = merge(observed, fragment)
    for difference in differences(observed, fragment, defaults) or differences({}, fragment):
        path = next((unit for unit in replaced_whole if difference.path.startswith(f"{unit}.")), difference.path)
        _put(patch, path, get_path(merged, path.split("[", 1)[0]))
    return patch


def without(body: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    """A copy of the body without these paths; `[]` in a path stands for every entry of a list."""
    copy: dict[str, Any] = deepcopy(dict(body))
    for path in paths:
        _drop(copy, path.split("."))
    return copy


def equal_azure(left: Any, right: Any) -> bool:  # noqa: ANN401 - JSON
    """Equal as Azure sees it: strings without regard to case, containers member by member.

    A vault shows the single address that was written to it as a range of one.
    """
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold().removesuffix("/32") == right.casefold().removesuffix("/32")
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(equal_azure(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal_azure(left[key], right[key]) for key in left)
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _compare(observed: Any, wanted: Any, path: str, defaults: Mapping[str, Any]) -> Iterator[Difference]:  # noqa: ANN401
    if isinstance(wanted, dict):
        inside = observed if isinstance(observed, dict) else {}
        for key, value in wanted.items():
            yield from _compare(inside.get(key), value, f"{path}.{key}" if path else key, defaults)
        return
    if observed is None:
        observed = defaults.get(path)
    if isinstance(wanted, Entries):
        yield from _compare_entries(observed, wanted, path, defaults)
    elif not _satisfied(observed, wanted):
        yield Difference(path, _written(observed, wanted), observed)


def _compare_entries(
    observed: Any,  # noqa: ANN401
    wanted: Entries,
    path: str,
    defaults: Mapping[str, Any],
) -> Iterator[Difference]:
    present = observed if isinstance(observed, list) else []
    for item in wanted.items:
        identity = get_path(item, wanted.by)
        match = _find(present, wanted.by, identity)
        where = f"{path}[{identity}]"
        if match is None:
            yield Difference(where, dict(item), None)
        else:
            yield from _compare(match, dict(item), where, defaults)


def _satisfied(observed: Any, wanted: Any) -> bool:  # noqa: ANN401
    if isinstance(wanted, AnyOf):
        return any(equal_azure(observed, value) for value in wanted.values)
    if isinstance(wanted, CsvMember):
        return wanted.word.casefold() in _words(observed)
    if isinstance(wanted, Missing):
        return observed is None
    return equal_azure(observed, wanted)


def _written(observed: Any, wanted: Any) -> Any:  # noqa: ANN401
    """The value to write where the observed one does not satisfy."""
    if isinstance(wanted, AnyOf):
        return wanted.values[0]
    if isinstance(wanted, Missing):
        return None
    if isinstance(wanted, CsvMember):
        kept = [word for word in str(observed or "").split(",") if word.strip() and word.strip().lower() != "none"]
        return ", ".join([*(word.strip() for word in kept), wanted.word])
    return wanted


def _words(value: Any) -> set[str]:  # noqa: ANN401
    return {word.strip().casefold() for word in str(value or "").split(",")}


def _find(present: list[Any], by: str, identity: Any) -> Any:  # noqa: ANN401
    return next(
        (entry for entry in present if isinstance(entry, dict) and equal_azure(get_path(entry, by), identity)),
        None,
    )


def _merge_mapping(observed: Mapping[str, Any], fragment: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(observed)
    for key, wanted in fragment.items():
        if isinstance(wanted, Missing):
            merged.pop(key, None)
        else:
            merged[key] = _merge_value(merged.get(key), wanted)
    return merged


def _merge_value(observed: Any, wanted: Any) -> Any:  # noqa: ANN401
    if isinstance(wanted, dict):
        return _merge_mapping(observed if isinstance(observed, dict) else {}, wanted)
    if isinstance(wanted, Entries):
        return _merge_entries(observed if isinstance(observed, list) else [], wanted)
    return observed if _satisfied(observed, wanted) else deepcopy(_written(observed, wanted))


def _merge_entries(present: list[Any], wanted: Entries) -> list[Any]:
    merged = list(present)
    for item in wanted.items:
        match = _find(merged, wanted.by, get_path(item, wanted.by))
        if match is None:
            merged.append(deepcopy(dict(item)))
        else:
            merged[merged.index(match)] = _merge_mapping(match, item)
    return merged


def _put(patch: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401
    *steps, last = path.split("[", 1)[0].split(".")
    for step in steps:
        patch = patch.setdefault(step, {})
    patch[last] = value


def _drop(body: Any, steps: list[str]) -> None:  # noqa: ANN401
    step, rest = steps[0], steps[1:]
    name = step.removesuffix("[]")
    if not isinstance(body, dict) or name not in body:
        return
    if not rest:
        del body[name]
    elif step.endswith("[]"):
        for entry in body[name] or ():
            _drop(entry, rest)
    else:
        _drop(body[name], rest)


def _show(value: Any) -> str:  # noqa: ANN401
    return "not set" if value is None else repr(value)

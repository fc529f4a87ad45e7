"""Comparing and merging fragments with what Azure shows. Pure functions.

Names, ids and provider enums compare without regard to case: Azure answers with the casing it likes.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.engine.values import AnyOf, CsvMember, Entries, Missing, Unordered, identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.engine.values import Fragment, Path

_TAGS: Final = ("tags",)
"""The names of tags compare without regard to case (Azure Resource Manager's documentation of tags)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One property that is not as desired."""

    path: str
    """For people: dotted, with `[identity]` after a list."""

    desired: Any
    """None where an entry of a list must go."""

    observed: Any
    steps: Path = field(default=(), compare=False)
    """The property's keys; those of the list, where it is in one."""

    def __str__(self) -> str:
        return f"{self.path} is {_show(self.observed)} and should be {_show(self.desired)}"


class UnexpectedShapeError(Exception):
    """Azure shows a property in a way that leaves open what it means: nothing is written on it."""

    def __init__(self, path: str, observed: object) -> None:
        """Name the property and what stands there."""
        super().__init__(f"{path} is {_show(observed)}")
        self.path = path


def differences(
    observed: Mapping[str, Any],
    fragment: Fragment,
    defaults: Mapping[str, Any] | None = None,
    known_values: Mapping[str, frozenset[str]] | None = None,
) -> list[Difference]:
    """Every property of the fragment that the resource does not have.

    Args:
        observed: the resource as read.
        fragment: what we own of it.
        defaults: by path, what an absent property means to the service.
        known_values: by path, the values of an enum that this version knows, in lower case.

    Raises:
        UnexpectedShapeError: when what is shown is no such value, or a text where a list should be, say.
    """
    return list(_Comparison(defaults or {}, known_values or {}).compare(observed, fragment, ()))


@dataclass(frozen=True, slots=True)
class _Comparison:
    defaults: Mapping[str, Any]
    known_values: Mapping[str, frozenset[str]]

    def compare(self, observed: Any, wanted: Any, steps: Path, shown: str = "") -> Iterator[Difference]:  # noqa: ANN401
        """What differs below one property; `shown` is its path for people where that is not its steps."""
        path = shown or ".".join(steps)
        if observed is None:
            observed = self.defaults.get(path)
        if isinstance(wanted, dict):
            inside = _expect(observed, dict, path)
            for key, value in wanted.items():
                found = inside.get(_key_in(inside, key, steps))
                yield from self.compare(found, value, (*steps, key), f"{shown}.{key}" if shown else "")
        elif isinstance(wanted, Entries):
            yield from self._entries(_expect(observed, list, path), wanted, steps, path)
        elif not _satisfied(observed, wanted):
            self._check(observed, wanted, path)
            yield Difference(path, _written(observed, wanted), observed, steps)

    def _entries(self, present: list[Any], wanted: Entries, steps: Path, path: str) -> Iterator[Difference]:
        for item in wanted.items:
            known_by = identity(item, wanted.by)
            match, where = _find(present, wanted.by, known_by), f"{path}[{known_by}]"
            if match is None:
                yield Difference(where, deepcopy(item), None, steps)
            if match is None or isinstance(item, str):
                continue
            for each in self.compare(match, dict(item), (), where):
                yield Difference(each.path, each.desired, each.observed, steps)
        for known_by in wanted.dropped:
            match = _find(present, wanted.by, known_by)
            if match is not None:
                yield Difference(f"{path}[{known_by}]", None, match, steps)

    def _check(self, observed: Any, wanted: Any, path: str) -> None:  # noqa: ANN401
        """Refuse to write over what this version does not know: it may be stricter than what we would write."""
        known = self.known_values.get(path)
        if known is not None and observed is not None and str(observed).casefold() not in known:
            raise UnexpectedShapeError(path, observed)
        one = isinstance(wanted, str | AnyOf | CsvMember)
        if observed is not None and ((one and not isinstance(observed, str)) or isinstance(observed, dict)):
            raise UnexpectedShapeError(path, observed)


def merge(observed: Mapping[str, Any], fragment: Fragment) -> dict[str, Any]:
    """The resource with the fragment in it; nothing else changes, and neither argument is modified.

    Raises:
        UnexpectedShapeError: as in `differences`.
    """
    return _merge_mapping(observed, fragment, ())


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

    Raises:
        UnexpectedShapeError: as in `differences`.
    """
    patch: dict[str, Any] = {}
    merged = merge(observed, fragment)
    units = [tuple(unit.split(".")) for unit in replaced_whole]
    for difference in differences(observed, fragment, defaults) or differences({}, fragment):
        steps = difference.steps
        if steps[:-1] == _TAGS:  # as the resource spells it: a null under another name takes nothing away
            steps = (*_TAGS, _key_in(observed.get("tags") or {}, steps[-1], _TAGS))
        _put(patch, next((unit for unit in units if steps[: len(unit)] == unit), steps), merged)
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


def _expect(observed: Any, kind: type[Any], path: str) -> Any:  # noqa: ANN401
    """What is shown where a mapping or a list must be; an empty one where nothing is."""
    if observed is None:
        return kind()
    if not isinstance(observed, kind):
        raise UnexpectedShapeError(path, observed)
    return observed


def _key_in(mapping: Mapping[str, Any], key: str, steps: Path) -> str:
    """The key as the mapping spells it."""
    if steps != _TAGS or key in mapping:
        return key
    return next((each for each in mapping if each.casefold() == key.casefold()), key)


def _satisfied(observed: Any, wanted: Any) -> bool:  # noqa: ANN401
    if isinstance(wanted, AnyOf):
        return any(equal_azure(observed, value) for value in wanted.values)
    if isinstance(wanted, CsvMember):
        return isinstance(observed, str) and wanted.word.casefold() in _words(observed)
    if isinstance(wanted, Missing):
        return observed is None
    if isinstance(wanted, Unordered):
        return isinstance(observed, list) and _sorted(observed) == _sorted(wanted.values)
    return equal_azure(observed, wanted)


def _sorted(values: Any) -> list[str]:  # noqa: ANN401
    return sorted(str(value).casefold().removesuffix("/32") for value in values)


def _written(observed: Any, wanted: Any) -> Any:  # noqa: ANN401
    """The value to write where the observed one does not satisfy."""
    if isinstance(wanted, AnyOf):
        return wanted.values[0]
    if isinstance(wanted, Missing):
        return None
    if isinstance(wanted, Unordered):
        return list(wanted.values)
    if isinstance(wanted, CsvMember):
        kept = [word for word in str(observed or "").split(",") if word.strip() and word.strip().lower() != "none"]
        return ", ".join([*(word.strip() for word in kept), wanted.word])
    return wanted


def _words(value: str) -> set[str]:
    return {word.strip().casefold() for word in value.split(",")}


def _find(present: list[Any], by: str, known_by: Any) -> Any:  # noqa: ANN401
    return next((entry for entry in present if equal_azure(identity(entry, by), known_by)), None)


def _merge_mapping(observed: Mapping[str, Any], fragment: Mapping[str, Any], steps: Path) -> dict[str, Any]:
    merged = dict(observed)
    for name, wanted in fragment.items():
        key = _key_in(merged, name, steps)
        if isinstance(wanted, Missing):
            merged.pop(key, None)
        else:
            merged[key] = _merge_value(merged.get(key), wanted, (*steps, name))
    return merged


def _merge_value(observed: Any, wanted: Any, steps: Path) -> Any:  # noqa: ANN401
    if isinstance(wanted, dict):
        return _merge_mapping(_expect(observed, dict, ".".join(steps)), wanted, steps)
    if isinstance(wanted, Entries):
        return _merge_entries(_expect(observed, list, ".".join(steps)), wanted)
    return observed if _satisfied(observed, wanted) else deepcopy(_written(observed, wanted))


def _merge_entries(present: list[Any], wanted: Entries) -> list[Any]:
    going = [_find(present, wanted.by, known_by) for known_by in wanted.dropped]
    merged = [entry for entry in present if not any(entry is each for each in going)]
    for item in wanted.items:
        match = _find(merged, wanted.by, identity(item, wanted.by))
        if match is None:
            merged.append(deepcopy(item))
        elif not isinstance(item, str):
            merged[merged.index(match)] = _merge_mapping(match, item, ())
    return merged


def _put(patch: dict[str, Any], steps: Path, merged: Mapping[str, Any]) -> None:
    """Put into the patch what the merged resource has at a path; null, which takes it away, for nothing."""
    value: Any = merged
    for step in steps[:-1]:
        value = value.get(step) or {}
        patch = patch.setdefault(step, {})
    patch[steps[-1]] = value.get(steps[-1])


def _drop(body: Any, steps: list[str]) -> None:  # noqa: ANN401
    step, rest = steps[0], steps[1:]
    name = step.removesuffix("[]")
    if not isinstance(body, dict) or name not in body:
        return
    if not rest:
        del body[name]
    elif step.endswith("[]"):
        for entry in body[name] if isinstance(body[name], list) else ():
            _drop(entry, rest)
    else:
        _drop(body[name], rest)


def _show(value: Any) -> str:  # noqa: ANN401
    return "not set" if value is None else repr(value)

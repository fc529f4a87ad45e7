"""Scripted faults: rules that make chosen requests fail in chosen ways."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.model import Caller, JsonObject

EFFECTS = ("status", "lose_answer", "drop", "delay", "fail_operation", "slow_operation")
_MATCHERS = {"method", "path", "caller", "after", "times"}
_DETAILS = {"code", "message", "retry_after", "headers", "body", "details"}


@dataclass(slots=True)
class Rule:
    """One rule.

    Attributes:
        method: HTTP methods it applies to, empty for all.
        path: searched in the path and query, ignoring case; None for all.
        caller: client id or display name, empty for all.
        after: how many matching calls pass untouched first.
        times: how many calls it then hits; 0 means all of them.
        effect: what it does.
        seen: matching calls so far.
        hits: calls it changed so far.
    """

    method: frozenset[str]
    path: re.Pattern[str] | None
    caller: str
    after: int
    times: int
    effect: JsonObject
    source: JsonObject
    seen: int = 0
    hits: int = 0

    def matches(self, method: str, url: str, caller: Caller | None) -> bool:
        """Whether a request is of the described kind, whatever the counters say."""
        if self.method and method not in self.method:
            return False
        if self.path is not None and not self.path.search(url):
            return False
        if not self.caller:
            return True
        names = {caller.client_id.lower(), caller.display_name.lower()} if caller else set()
        return self.caller.lower() in names


@dataclass(slots=True)
class Faults:
    """All rules of a run; the first that applies decides."""

    rules: list[Rule] = field(default_factory=list)

    def pick(self, method: str, url: str, caller: Caller | None) -> JsonObject | None:
        """The effect for a request, if any. Counts."""
        chosen = None
        for rule in self.rules:
            if not rule.matches(method, url, caller):
                continue
            rule.seen += 1
            if chosen is None and rule.seen > rule.after and (not rule.times or rule.hits < rule.times):
                rule.hits += 1
                chosen = rule.effect
        return chosen

    def listing(self) -> list[JsonObject]:
        """The rules as they were given, with their counters."""
        return [{**rule.source, "seen": rule.seen, "hits": rule.hits} for rule in self.rules]


def parse(source: JsonObject) -> Rule:
    """Read one rule.

    Raises:
        ValueError: a member is unknown, or there is not exactly one effect,
            or the path is no regular expression.
    """
    flat = {**source, **source.get("match", {}), **source.get("effect", {})}
    flat.pop("match", None)
    flat.pop("effect", None)
    unknown = set(flat) - _MATCHERS - _DETAILS - set(EFFECTS)
    if unknown:
        raise ValueError(f"unknown members of a fault: {', '.join(sorted(unknown))}")
    effects = [name for name in EFFECTS if flat.get(name)]
    if len(effects) != 1:
        raise ValueError(f"a fault has exactly one effect out of {', '.join(EFFECTS)}")
    try:
        path = re.compile(flat["path"], re.IGNORECASE) if flat.get("path") else None
    except re.error as problem:
        raise ValueError(f"the path {flat['path']!r} is no regular expression: {problem}") from problem
    method = flat.get("method") or ()
    methods = [method] if isinstance(method, str) else method
    return Rule(
        method=frozenset(each.upper() for each in methods),
        path=path,
        caller=flat.get("caller", ""),
        after=int(flat.get("after", 0)),
        times=int(flat.get("times", 1)),
        effect={name: flat[name] for name in flat if name not in _MATCHERS},
        source=source,
    )

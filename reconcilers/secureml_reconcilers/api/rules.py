"""Conditions on values, told once in CEL for the API server and once in Python for `parse`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import PydanticCustomError

INITIALISMS = {
    "cidr": "CIDR",
    "dns": "DNS",
    "id": "ID",
    "ids": "IDs",
    "ip": "IP",
    "ips": "IPs",
    "nat": "NAT",
    "ssh": "SSH",
    "tls": "TLS",
    "vm": "VM",
}
"""Words that Kubernetes field names keep in capitals, unless they come first."""


def field_name(attribute: str) -> str:
    """Turn a Python attribute into its field name: `allowed_ip_ranges` is `allowedIPRanges`."""
    first, *others = attribute.split("_")
    return first + "".join(INITIALISMS.get(word, word.capitalize()) for word in others)


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that a value must meet, refused by the API server and by `parse` in the same words."""

    expression: str
    """CEL, as in `x-kubernetes-validations`; `self` is the value that carries the rule."""

    message: str
    """What is wrong and what to write instead, for the person who reads the refusal."""

    holds: Callable[[Any], bool] | None = None
    """The same condition in Python; None for a rule about change (`oldSelf`), which only the server sees."""

    field_path: str = ""
    """Names the guilty field below the carrier (`.subResources`); empty blames the carrier itself."""

    reason: Literal["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired"] = "FieldValueInvalid"

    def as_schema(self) -> dict[str, str]:
        """Render the rule as an entry of `x-kubernetes-validations`."""
        entry = {"rule": self.expression, "message": self.message, "reason": self.reason}
        return entry | {"fieldPath": self.field_path} if self.field_path else entry


def immutable(path: str, why: str, *, ignore_case: bool = False) -> Rule:
    """Refuse to change, add or remove a field after creation; belongs on a parent that cannot vanish.

    A rule on the field itself would be skipped when the field is removed, so presence is compared too.
    """
    parents = path.split(".")
    steps = [".".join(parents[: n + 1]) for n in range(len(parents))]
    here, before = (" && ".join(f"has({who}.{step})" for step in steps) for who in ("self", "oldSelf"))
    lower = ".lowerAscii()" if ignore_case else ""
    same = f"self.{path}{lower} == oldSelf.{path}{lower}"
    return Rule(
        expression=f"({here}) == ({before}) && (!({here}) || {same})",
        message=f"{path} cannot be changed, added or removed after creation: {why}",
        reason="FieldValueForbidden",
    )


def one_block(types: Mapping[str, str], *, required: bool = True) -> tuple[Rule, ...]:
    """Tie blocks to `type`: {"AmlCompute": "aml_compute"} asks for amlCompute with that type, and only then.

    Args:
        types: Value of `type` to the attribute that holds its block.
        required: False lets the matching block be left out.
    """
    return tuple(_block_rule(value, attribute, required=required) for value, attribute in types.items())


def _block_rule(value: str, attribute: str, *, required: bool) -> Rule:
    block = field_name(attribute)

    def holds(spec: Any) -> bool:  # noqa: ANN401 (any model with a type)
        present, wanted = getattr(spec, attribute) is not None, spec.type == value
        return present == wanted if required else wanted or not present

    return Rule(
        f"has(self.{block}) == (self.type == '{value}')"
        if required
        else f"!has(self.{block}) || self.type == '{value}'",
        f"{block} belongs to type {value}: {'it must be set' if required else 'set it only'} with that type"
        f"{', and with no other' if required else ''}",
        holds=holds,
        field_path=f".{block}",
    )


def failures(rules: tuple[Rule, ...], value: object) -> list[tuple[str, str]]:
    """Evaluate the Python side of `rules`: (path below the carrier, message) of each that fails."""
    return [(rule.field_path, rule.message) for rule in rules if rule.holds and not rule.holds(value)]


def broken(failed: list[tuple[str, str]]) -> PydanticCustomError:
    """Make pydantic's error out of (path below the carrier, message) pairs, for `parse` to list."""
    return PydanticCustomError("rule", "{text}", {"text": failed[0][1], "failures": failed})


def refuse(rules: tuple[Rule, ...], value: object) -> None:
    """Raise pydantic's error when any of `rules` fails; it carries all that fail."""
    failed = failures(rules, value)
    if failed:
        raise broken(failed)

"""The base of every model: names as Kubernetes writes them, rules told once in CEL and once in Python."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, Literal, Self

from pydantic import (
    AliasGenerator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

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


def failures(rules: tuple[Rule, ...], value: object) -> list[tuple[str, str]]:
    """Evaluate the Python side of `rules`: (path below the carrier, message) of each that fails."""
    return [(rule.field_path, rule.message) for rule in rules if rule.holds and not rule.holds(value)]


def _refuse(rules: tuple[Rule, ...], value: object) -> None:
    failed = failures(rules, value)
    if failed:
        raise PydanticCustomError("rule", "{text}", {"text": failed[0][1], "failures": failed})


@dataclass(frozen=True, slots=True)
class Checked:
    """Annotation of a string: its greatest length in characters, and the rules it must meet."""

    max_length: int
    rules: tuple[Rule, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema) | {"maxLength": self.max_length}
        if self.rules:
            found["x-kubernetes-validations"] = [rule.as_schema() for rule in self.rules]
        return found

    def _check(self, text: str) -> str:
        if len(text) > self.max_length:
            raise PydanticCustomError(
                "too_long", "may be at most {limit} characters long", {"limit": self.max_length}
            )
        _refuse(self.rules, text)
        return text


@dataclass(frozen=True, slots=True)
class SetOf:
    """Annotation of a tuple: a bounded list without duplicates, so that several writers can share it."""

    max_items: int
    min_items: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema) | {"maxItems": self.max_items, "x-kubernetes-list-type": "set"}
        return found | {"minItems": self.min_items} if self.min_items else found

    def check(self, items: tuple[object, ...], keys: list[object] | None = None) -> tuple[object, ...]:
        """Return `items`, or refuse them; `keys` are compared in their place for duplicates."""
        if len(items) > self.max_items:
            raise PydanticCustomError("too_many", "may have at most {limit} items", {"limit": self.max_items})
        if len(items) < self.min_items:
            raise PydanticCustomError(
                "too_few", "must have at least {limit} items", {"limit": self.min_items}
            )
        if len(set(keys or items)) < len(items):
            raise PydanticCustomError(
                "duplicate", "Duplicate value: an item may stand in this list only once"
            )
        return items


@dataclass(frozen=True, slots=True)
class MapOf:
    """Annotation of a tuple of models: a bounded list in which one required field names each item."""

    max_items: int
    key: str
    """Python name of the field that is unique in the list."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {
            "maxItems": self.max_items,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": [field_name(self.key)],
        }

    def _check(self, items: tuple[object, ...]) -> tuple[object, ...]:
        return SetOf(self.max_items).check(items, [getattr(item, self.key) for item in items])


class InvalidSpec(ValueError):  # noqa: N818 (named after what it says, like the condition reason)
    """A spec that the API server would refuse, or that this version does not understand.

    `problems` holds (path, message) pairs; the path is written as in `kubectl explain`.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))


class ApiModel(BaseModel):
    """Immutable, closed (an unknown field is an error), documented by the docstring under each field."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=field_name),
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    admission: ClassVar[tuple[Rule, ...]] = ()
    """Conditions between fields of this model; they appear in the CRD and are checked on parsing."""

    @model_validator(mode="after")
    def _meets_rules(self) -> Self:
        _refuse(self.admission, self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler.resolve_ref_schema(handler(schema))
        if cls.admission:
            found["x-kubernetes-validations"] = [rule.as_schema() for rule in cls.admission]
        return found

    @classmethod
    def parse(cls, spec: Mapping[str, Any], *, root: str = "spec") -> Self:
        """Read plain JSON values; raises `InvalidSpec` naming every wrong field and what to write there."""
        try:
            return cls.model_validate(spec, by_alias=True, by_name=False)
        except ValidationError as error:
            raise InvalidSpec([p for e in error.errors() for p in _problems(cls, e, root)]) from None


def _problems(model: type[ApiModel], error: ErrorDetails, root: str) -> Iterator[tuple[str, str]]:
    path = root + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    context = error.get("ctx", {})
    match error["type"]:
        case "rule":
            yield from ((path + below, message) for below, message in context["failures"])
        case "missing":
            yield path, f"is required: {_first_sentence(_description(model, error['loc']))}"
        case "extra_forbidden":
            yield path, "unknown field" + _suggestion(model, error["loc"])
        case "literal_error":
            yield path, f"must be one of {context['expected']}, not {error['input']!r}"
        case _:
            yield path, error["msg"]


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.:]) ", " ".join(text.split()), maxsplit=1)[0].rstrip(":")


def _model_at(model: type[ApiModel], loc: tuple[int | str, ...]) -> type[ApiModel] | None:
    """Follow a location of field names and list indices down to the model that holds its last part."""
    found: type[ApiModel] | None = model
    for part in loc[:-1]:
        if isinstance(part, int) or found is None:
            continue
        field = next((f for f in found.model_fields.values() if f.alias == part), None)
        found = _inner_model(field.annotation) if field else None
    return found


def _inner_model(annotation: object) -> type[ApiModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, ApiModel):
        return annotation
    return next(filter(None, map(_inner_model, getattr(annotation, "__args__", ()))), None)


def _description(model: type[ApiModel], loc: tuple[int | str, ...]) -> str:
    holder = _model_at(model, loc)
    fields = holder.model_fields.values() if holder else ()
    return next((f.description or "" for f in fields if f.alias == loc[-1]), "")


def _suggestion(model: type[ApiModel], loc: tuple[int | str, ...]) -> str:
    holder = _model_at(model, loc)
    known = [f.alias or "" for f in holder.model_fields.values()] if holder else []
    near = get_close_matches(str(loc[-1]), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known here: {', '.join(sorted(known))}"

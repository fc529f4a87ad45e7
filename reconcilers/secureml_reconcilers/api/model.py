"""The base of every model: field names as Kubernetes writes them, and errors that name field and fix."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar, Self

from pydantic import (
    AliasGenerator,
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from secureml_reconcilers.api.rules import Rule, field_name, refuse


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
        refuse(self.admission, self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
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

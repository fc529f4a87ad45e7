"""Annotations that bound strings and lists, and say the same to pydantic and to the CRD."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from secureml_reconcilers.api.rules import Rule, broken, field_name, refuse


@dataclass(frozen=True, slots=True)
class Checked:
    """Annotation of a string: its greatest length in characters, and the rules it must meet."""

    max_length: int
    rules: tuple[Rule, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema) | {"maxLength": self.max_length}
        if self.rules:
            found["x-kubernetes-validations"] = [rule.as_schema() for rule in self.rules]
        return found

    def _check(self, text: str) -> str:
        if len(text) > self.max_length:
            raise PydanticCustomError(
                "too_long", "may be at most {limit} characters long", {"limit": self.max_length}
            )
        refuse(self.rules, text)
        return text


@dataclass(frozen=True, slots=True)
class SetOf:
    """Annotation of a tuple: a bounded list without duplicates, so that several writers can share it."""

    max_items: int
    min_items: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema) | {"maxItems": self.max_items, "x-kubernetes-list-type": "set"}
        return found | {"minItems": self.min_items} if self.min_items else found

    def check(self, items: tuple[object, ...], keys: list[object] | None = None) -> tuple[object, ...]:
        """Return `items`, or refuse them; `keys` are compared in their place for duplicates."""
        if len(items) > self.max_items:
            raise PydanticCustomError("too_many", "may have at most {limit} items", {"limit": self.max_items})
        if len(items) < self.min_items:
            raise PydanticCustomError("too_few", "must have at least {limit} items", {"limit": self.min_items})
        compared = keys or items
        repeated = [place for place, key in enumerate(compared) if key in compared[:place]]
        if repeated:
            said = "Duplicate value: an item may stand in this list only once"
            raise broken([(f"[{place}]", said) for place in repeated])
        return items


@dataclass(frozen=True, slots=True)
class MapOf:
    """Annotation of a tuple of models: a bounded list in which one required field names each item."""

    max_items: int
    key: str
    """Python name of the field that is unique in the list."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {
            "maxItems": self.max_items,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": [field_name(self.key)],
        }

    def _check(self, items: tuple[object, ...]) -> tuple[object, ...]:
        return SetOf(self.max_items).check(items, [getattr(item, self.key) for item in items])


@dataclass(frozen=True, slots=True)
class TextMap:
    """Annotation of a mapping from text to text: how many entries, how long a value, what rules it must meet."""

    max_entries: int
    max_length: int
    """Of a value; rules bound the names."""

    rules: tuple[Rule, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {
            "additionalProperties": {"type": "string", "maxLength": self.max_length},
            "maxProperties": self.max_entries,
            "x-kubernetes-validations": [rule.as_schema() for rule in self.rules],
        }

    def _check(self, entries: dict[str, str]) -> dict[str, str]:
        if len(entries) > self.max_entries:
            raise PydanticCustomError("too_many", "may have at most {limit} entries", {"limit": self.max_entries})
        if any(len(value) > self.max_length for value in entries.values()):
            raise PydanticCustomError(
                "too_long", "values may be at most {limit} characters long", {"limit": self.max_length}
            )
        refuse(self.rules, entries)
        return entries

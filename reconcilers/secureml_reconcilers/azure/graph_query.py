"""Queries of Resource Graph: a fixed text with places, and the values that go into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PLACE: Final = re.compile(r"\{(\w+)\}")

_ESCAPED: Final = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
"""Between single quotes; https://learn.microsoft.com/kusto/query/scalar-data-types/string."""


@dataclass(frozen=True, slots=True)
class GraphQuery:
    """What is asked of Resource Graph, about one subscription.

    The only place that knows how Kusto writes a text: names of groups may hold quotes, others backslashes.
    """

    subscription: str
    template: str
    """Kusto, in which `{name}` stands for a value."""

    values: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    """A text by its place's name; several become a list, as `in~ ({name})` takes it."""

    @property
    def kusto(self) -> str:
        """The query with each value as a quoted literal.

        Raises:
            ValueError: when a place has no value, or a value has no place.
        """
        return _filled(self.template, self.values)


@lru_cache(maxsize=4096)
def _filled(template: str, values: tuple[tuple[str, str | tuple[str, ...]], ...]) -> str:
    given = dict(values)
    named = set(_PLACE.findall(template))
    if named != set(given) or () in given.values():
        raise ValueError(f"the places {sorted(named)} of a query do not fit the values {sorted(given)}")
    return _PLACE.sub(lambda place: _literals(given[place.group(1)]), template)


def _literals(value: str | tuple[str, ...]) -> str:
    texts = (value,) if isinstance(value, str) else value
    return ", ".join(f"'{text.translate(_ESCAPED)}'" for text in texts)

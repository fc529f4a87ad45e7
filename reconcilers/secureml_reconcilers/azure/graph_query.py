"""A question to Resource Graph, with its values quoted in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GraphQuery:
    """A query and the values in it."""

    subscription: str
    template: str
    """Kusto with `{name}` where a value goes; a literal brace stands twice."""

    values: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    """By name, a text or a list of texts."""

    @property
    def kusto(self) -> str:
        """The query as it is sent."""
        return self.template.format(**{name: _literal(value) for name, value in self.values})


def _literal(value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_literal, value))
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

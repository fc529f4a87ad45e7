"""What two builds measured in turns, figure by figure. Pure: it measures nothing itself."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BASE, HEAD = "base", "head"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure over all turns, in the order of the turns."""

    figure: str
    base: tuple[float, ...]
    head: tuple[float, ...]

    @property
    def ratio(self) -> float | None:
        """Median of head over median of base; None where base is nothing, or one side has no value."""
        if not self.base or not self.head:
            return None
        before, after = statistics.median(self.base), statistics.median(self.head)
        return after / before if before else None


def turns(runs: int) -> list[str]:
    """Whose turn it is: base, head, base, head, and so on, so that a slow hour meets both."""
    return [BASE, HEAD] * runs


def rows(base: Sequence[Mapping[str, Any]], head: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Give every figure that is a number, in the order of its first appearance.

    Args:
        base: figures of each of its turns.
        head: the same of the working tree; either may lack a figure that the other has.
    """
    names = dict.fromkeys(name for measured in (*base, *head) for name in measured)
    found = [Row(name, tuple(_values(base, name)), tuple(_values(head, name))) for name in names]
    return [row for row in found if row.base or row.head]


def table(compared: Sequence[Row]) -> str:
    """Lay the rows out for a terminal."""
    lines = [f"  {'figure':<46} {'base':>9} {'head':>9} {'ratio':>7}   {'base min..max':<19} head min..max"]
    for row in compared:
        ratio = "-" if row.ratio is None else f"{row.ratio:.3f}"
        spreads = f"{_spread(row.base):<19} {_spread(row.head)}"
        lines.append(
            f"  {row.figure:<46} {_median(row.base):>9} {_median(row.head):>9} {ratio:>7}   {spreads}".rstrip()
        )
    return "\n".join(lines)


def _values(measured: Sequence[Mapping[str, Any]], name: str) -> Iterator[float]:
    for figures in measured:
        value = figures.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield value


def _median(values: Sequence[float]) -> str:
    return _number(statistics.median(values)) if values else "-"


def _spread(values: Sequence[float]) -> str:
    return f"{_number(min(values))}..{_number(max(values))}" if values else "-"


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")

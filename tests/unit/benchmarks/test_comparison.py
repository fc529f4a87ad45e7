"""What two builds measured becomes one table: whose turn it is, and the ratios."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from comparison import Row, rows, table, turns


def test_builds_take_turns() -> None:
    """A slow hour of the machine meets both."""
    assert turns(3) == ["base", "head", "base", "head", "base", "head"]


def test_the_ratio_is_that_of_the_medians() -> None:
    """One slow turn does not move it."""
    assert rows(
        [{"CPU, s": 10}, {"CPU, s": 90}, {"CPU, s": 12}], [{"CPU, s": 6}, {"CPU, s": 5}, {"CPU, s": 7}]
    ) == [Row("CPU, s", (10, 90, 12), (6, 5, 7))]
    assert Row("CPU, s", (10, 90, 12), (6, 5, 7)).ratio == 0.5


def test_there_is_no_ratio_to_nothing() -> None:
    """Nor where one build did not measure the figure."""
    assert Row("idle: writes", (0, 0), (1, 0)).ratio is None
    assert Row("new figure", (), (1,)).ratio is None


def test_only_numbers_are_compared() -> None:
    """Words, such as the longest chain's steps, stay in the report."""
    assert rows([{"chain": "PUT a", "whole": True}], [{"chain": "PUT b", "whole": True}]) == []


def test_a_figure_of_one_build_is_shown_alone() -> None:
    """An older build may measure less."""
    compared = rows([{"together ms": 4.0}], [{"together ms": 2.0, "declare ms": 0.5}])
    assert [(row.figure, row.base, row.head) for row in compared] == [
        ("together ms", (4.0,), (2.0,)),
        ("declare ms", (), (0.5,)),
    ]


def test_the_table_tells_medians_ratio_and_spread() -> None:
    """A figure of one build has a dash for the other."""
    _, first, second = table([Row("ARM requests", (151, 149, 160), (105,)), Row("new", (), (0.25,))]).splitlines()
    assert first.split() == ["ARM", "requests", "151", "105", "0.695", "149..160", "105..105"]
    assert second.split() == ["new", "-", "0.25", "-", "-", "0.25..0.25"]

"""No two modules of a package import each other, however long the way round; imports for types count too.

A circle means that neither module can be understood, moved or replaced without the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grimp
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

PACKAGES = ["arm_emulator"]
"""Root packages that are free of circles. Add one here as soon as it is."""


def imports_of(package: str) -> dict[str, AbstractSet[str]]:
    """Which modules of a package each of its modules imports directly."""
    graph = grimp.build_graph(package, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def circles(imports: Mapping[str, AbstractSet[str]]) -> Iterator[list[str]]:
    """A shortest way from each module back to itself, where there is one: `a`, `b`, `a`."""
    for start in sorted(imports):
        before = dict.fromkeys(imports[start], start)
        waiting = sorted(before)
        while waiting and start not in before:
            here = waiting.pop(0)
            for each in sorted(imports.get(here, ())):
                if each not in before:
                    before[each] = here
                    waiting.append(each)
        if start in before:
            way = [start]
            while len(way) == 1 or way[-1] != start:
                way.append(before[way[-1]])
            yield way[::-1]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_by_a_detour(package: str) -> None:
    """Every circle is listed with its shortest way."""
    imports = imports_of(package)
    assert len(imports) > 1, "the package was not found"
    assert list(circles(imports)) == []


@pytest.mark.parametrize(
    ("imports", "found"),
    [
        pytest.param({"a": {"b"}, "b": {"c"}, "c": set()}, [], id="a line"),
        pytest.param({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}, [], id="two ways to one module"),
        pytest.param({"a": {"b"}, "b": {"a"}}, [["a", "b", "a"], ["b", "a", "b"]], id="two modules"),
        pytest.param(
            {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}},
            [["b", "c", "d", "b"], ["c", "d", "b", "c"], ["d", "b", "c", "d"]],
            id="a circle that another module leads to",
        ),
    ],
)
def test_circles_are_found(imports: dict[str, set[str]], found: list[list[str]]) -> None:
    """The search itself: what it must find and what it must leave alone."""
    assert list(circles(imports)) == found

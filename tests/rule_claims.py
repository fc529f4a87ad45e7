"""Where the code claims a rule: this is done, or said."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import secureml_reconcilers
from secureml_reconcilers.rulebook import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(secureml_reconcilers.__file__).parent

KNOWLEDGE = ("isolation/*.py", "secure_*.py")
"""Where every mention of a rule is a claim."""

WORKINGS = ("engine/*.py", "azure/*.py")
"""Where a docstring's mention is one: what a rule asks of the operator's own ways is done here, whatever is
declared. Elsewhere in these modules, rules stand in advice about what only others can do."""

_RULE = r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d+"
_RULE_OR_RANGE = re.compile(rf"\b({_RULE})(?:\s+to\s+({_RULE}))?\b")


@cache
def claims() -> Mapping[str, tuple[str, ...]]:
    """Each claimed rule, with the places that name it as `module:function`; "A-01 to A-04" names four rules."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for patterns, docstrings_only in ((KNOWLEDGE, False), (WORKINGS, True)):
        for path in sorted(path for pattern in patterns for path in PACKAGE.glob(pattern)):
            where = path.relative_to(PACKAGE).as_posix()
            for rule, function in claims_in(path.read_text(encoding="utf-8"), docstrings_only=docstrings_only):
                found[rule][f"{where}:{function}" if function else where] = None
    return {rule: tuple(places) for rule, places in found.items()}


def claims_in(source: str, *, docstrings_only: bool) -> Iterator[tuple[str, str]]:
    """Each rule that a module names, with the function or class that does; empty for the module itself."""
    tree = ast.parse(source)
    told = {line for each in ast.walk(tree) if _is_docstring(each) for line in _lines(each)}
    for match in _RULE_OR_RANGE.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        if line in told or not docstrings_only:
            yield from ((rule, _around(tree, line)) for rule in _named(match) if rule in CATALOGUE)


def _named(match: re.Match[str]) -> Iterator[str]:
    first, last = match.groups()
    stem, start = first.rsplit("-", 1)
    end = last.rsplit("-", 1)[1] if last else start
    yield from (f"{stem}-{number:02}" for number in range(int(start), int(end) + 1))


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )


def _lines(node: ast.AST) -> range:
    first = getattr(node, "lineno", 0)
    return range(first, (getattr(node, "end_lineno", None) or first) + 1)


def _around(tree: ast.Module, line: int) -> str:
    """The innermost function or class around a line."""
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    around = [each for each in ast.walk(tree) if isinstance(each, defined) and line in _lines(each)]
    return max(around, key=lambda each: each.lineno).name if around else ""

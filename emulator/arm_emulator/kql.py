"""Running a query: the table, then one stage after another over its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cmp_to_key
from typing import Any, TypeAlias

from arm_emulator.kql_functions import OPERATORS, Moments, text_of
from arm_emulator.kql_syntax import Expression, Reader, Row, Token, UnsupportedQueryError, tokens, truth

Rows: TypeAlias = list[Row]
Stage: TypeAlias = Callable[[Rows], Rows]


def run(query: str, tables: Callable[[str], Iterable[Row]], moments: Moments) -> Rows:
    """Answer a query.

    Args:
        query: the text.
        tables: rows by lower-case table name; raises KeyError for a table that does not exist.
        moments: present time.

    Raises:
        UnsupportedQueryError: something in the query is not served.
    """
    pieces = _pieces(tokens(query))
    # A query may leave the table out; it is `resources` then.
    starts_with_table = len(pieces[0]) == 1 and pieces[0][0].text.lower() not in _STAGES
    table = pieces.pop(0)[0].text.lower() if starts_with_table else "resources"
    stages = [_stage(Reader(words, moments)) for words in pieces]
    try:
        rows: Rows = list(tables(table))
    except KeyError as problem:
        raise UnsupportedQueryError(f"the table '{table}' is not served") from problem
    for stage in stages:
        rows = stage(rows)
    return rows


def _pieces(words: list[Token]) -> list[list[Token]]:
    pieces: list[list[Token]] = [[]]
    for word in words:
        if word.text == "|" and word.kind == "mark":
            pieces.append([])
        else:
            pieces[-1].append(word)
    if not all(pieces):
        raise UnsupportedQueryError("the query has an empty stage")
    return pieces


def _stage(reader: Reader) -> Stage:
    name = reader.word().lower()
    maker = _STAGES.get(name)
    if maker is None:
        raise UnsupportedQueryError(f"the operator '{name}' is not served")
    stage = maker(reader)
    if not reader.done:
        raise UnsupportedQueryError(f"cannot read the rest of '{name}'")
    return stage


def _where(reader: Reader) -> Stage:
    condition = reader.expression()
    return lambda rows: [row for row in rows if truth(condition(row))]


def _named_list(reader: Reader) -> list[tuple[str, Expression]]:
    found = [reader.named()]
    while reader.accept(","):
        found.append(reader.named())
    return found


def _project(reader: Reader) -> Stage:
    columns = _named_list(reader)
    return lambda rows: [{name: value(row) for name, value in columns} for row in rows]


def _extend(reader: Reader) -> Stage:
    columns = _named_list(reader)

    def stage(rows: Rows) -> Rows:
        found = []
        for row in rows:
            wider = dict(row)
            for name, value in columns:
                wider[name] = value(wider)
            found.append(wider)
        return found

    return stage


def _names(reader: Reader) -> list[str]:
    found = [reader.word()]
    while reader.accept(","):
        found.append(reader.word())
    return found


def _project_away(reader: Reader) -> Stage:
    gone = set(_names(reader))
    return lambda rows: [{k: v for k, v in row.items() if k not in gone} for row in rows]


def _order(reader: Reader) -> Stage:
    reader.expect("by")
    return _sorter(reader)


def _sorter(reader: Reader) -> Stage:
    keys: list[tuple[Expression, bool]] = []
    while True:
        value = reader.expression()
        ascending = reader.accept("asc")
        if not ascending:
            reader.accept("desc")
        if reader.accept("nulls"):
            reader.word()
        keys.append((value, ascending))
        if not reader.accept(","):
            break

    def compare(left: Row, right: Row) -> int:
        for value, ascending in keys:
            first, second = value(left), value(right)
            if OPERATORS["=="](first, second):
                continue
            less = first is None or OPERATORS["<"](first, second)
            return -1 if less == ascending else 1
        return 0

    return lambda rows: sorted(rows, key=cmp_to_key(compare))


def _count_of(reader: Reader) -> int:
    found = reader.expression()({})
    if not isinstance(found, int):
        raise UnsupportedQueryError("a number of rows is expected")
    return found


def _take(reader: Reader) -> Stage:
    count = _count_of(reader)
    return lambda rows: rows[:count]


def _top(reader: Reader) -> Stage:
    count = _count_of(reader)
    reader.expect("by")
    order = _sorter(reader)
    return lambda rows: order(rows)[:count]


def _count(reader: Reader) -> Stage:
    del reader
    return lambda rows: [{"Count": len(rows)}]


def _distinct(reader: Reader) -> Stage:
    columns = _named_list(reader)

    def stage(rows: Rows) -> Rows:
        found: dict[tuple[str, ...], Row] = {}
        for row in rows:
            shown = {name: value(row) for name, value in columns}
            found.setdefault(tuple(map(text_of, shown.values())), shown)
        return list(found.values())

    return stage


def _mv_expand(reader: Reader) -> Stage:
    name, value = reader.named()
    if reader.accept("to"):
        reader.expect("typeof")
        reader.expect("(")
        reader.word()
        reader.expect(")")

    def stage(rows: Rows) -> Rows:
        found: Rows = []
        for row in rows:
            items = value(row)
            if isinstance(items, dict):
                items = [{key: item} for key, item in items.items()]
            # An empty or absent list leaves one row without the value.
            found.extend({**row, name: each} for each in (items if isinstance(items, list) and items else [None]))
        return found

    return stage


def _summarize(reader: Reader) -> Stage:
    aggregates: list[tuple[str, Callable[[Rows], Any]]] = []
    while not reader.done and not reader.peek("by"):
        aggregates.append(_aggregate(reader))
        reader.accept(",")
    groups = _named_list(reader) if reader.accept("by") else []

    def stage(rows: Rows) -> Rows:
        buckets: dict[tuple[str, ...], tuple[Row, Rows]] = {}
        for row in rows:
            shown = {name: value(row) for name, value in groups}
            buckets.setdefault(tuple(map(text_of, shown.values())), (shown, []))[1].append(row)
        if not groups and not buckets:
            buckets[()] = ({}, [])
        return [
            {**shown, **{name: aggregate(members) for name, aggregate in aggregates}}
            for shown, members in buckets.values()
        ]

    return stage


def _aggregate(reader: Reader) -> tuple[str, Callable[[Rows], Any]]:
    first = reader.word()
    alias = ""
    if reader.accept("="):
        alias, first = first, reader.word()
    function = first.lower()
    reader.expect("(")
    values: list[Expression] = []
    while not reader.accept(")"):
        values.append(reader.expression())
        reader.accept(",")
    make = _AGGREGATES.get(function)
    if make is None:
        raise UnsupportedQueryError(f"the aggregation '{first}' is not served")
    return alias or f"{function}_", lambda rows: make(rows, *values)


def _present(rows: Rows, value: Expression) -> list[Any]:
    return [found for row in rows if (found := value(row)) is not None]


def _unique(rows: Rows, value: Expression) -> list[Any]:
    return list({text_of(found): found for found in _present(rows, value)}.values())


_AGGREGATES: dict[str, Callable[..., Any]] = {
    "count": len,
    "countif": lambda rows, condition: sum(1 for row in rows if truth(condition(row))),
    "dcount": lambda rows, value: len(_unique(rows, value)),
    "sum": lambda rows, value: sum(_present(rows, value)),
    "avg": lambda rows, value: sum(_present(rows, value)) / max(1, len(_present(rows, value))),
    "min": lambda rows, value: min(_present(rows, value), default=None),
    "max": lambda rows, value: max(_present(rows, value), default=None),
    "any": lambda rows, value: next(iter(_present(rows, value)), None),
    "take_any": lambda rows, value: next(iter(_present(rows, value)), None),
    "make_list": lambda rows, value, *_: _present(rows, value),
    "make_set": lambda rows, value, *_: _unique(rows, value),
}
_STAGES: dict[str, Callable[[Reader], Stage]] = {
    "where": _where,
    "filter": _where,
    "project": _project,
    "project-keep": _project,
    "project-away": _project_away,
    "extend": _extend,
    "order": _order,
    "sort": _order,
    "take": _take,
    "limit": _take,
    "top": _top,
    "count": _count,
    "distinct": _distinct,
    "mv-expand": _mv_expand,
    "mvexpand": _mv_expand,
    "summarize": _summarize,
}

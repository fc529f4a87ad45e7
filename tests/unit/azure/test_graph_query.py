"""Values become literals of a Kusto query, whatever they hold."""

from __future__ import annotations

import pytest

from arm_emulator.kql_syntax import tokens, unquote
from secureml_reconcilers.azure.graph_query import GraphQuery

TEXTS = [  # the documented escapes: https://learn.microsoft.com/kusto/query/scalar-data-types/string
    pytest.param("plain", "'plain'", id="nothing to escape"),
    pytest.param("o'neil", r"'o\'neil'", id="the quote that ends it"),
    pytest.param("a\\b", r"'a\\b'", id="the backslash itself"),
    pytest.param("a\\", r"'a\\'", id="a backslash at the end"),
    pytest.param("\\' or true //", r"'\\\' or true //'", id="both, to get out of it"),
    pytest.param('say "x"', "'say \"x\"'", id="the other quote needs nothing"),
    pytest.param("a\nb\tc\r", r"'a\nb\tc\r'", id="ends of lines"),
    pytest.param("{other}", "'{other}'", id="a place within a value is none"),
]


@pytest.mark.parametrize(("value", "literal"), TEXTS)
def test_a_value_is_quoted(value: str, literal: str) -> None:
    """Nothing in a name can become part of the query."""
    query = GraphQuery("s", "resources | where name =~ {name}", (("name", value),))
    assert query.kusto == f"resources | where name =~ {literal}"


@pytest.mark.parametrize("value", [value for value, *_ in (row.values for row in TEXTS) if value.isprintable()])
def test_a_reader_of_kusto_finds_the_value_again(value: str) -> None:
    """One word, and the same text."""
    (word,) = tokens(GraphQuery("s", "{it}", (("it", value),)).kusto)
    assert (word.kind, unquote(word.text)) == ("string", value)


def test_several_values_become_a_list() -> None:
    """As `in~` takes it."""
    query = GraphQuery("s", "resources | where id in~ ({ids})", (("ids", ("a", "b'c")),))
    assert query.kusto == r"resources | where id in~ ('a', 'b\'c')"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param((), id="no value for a place"),
        pytest.param((("name", "a"), ("more", "b")), id="no place for a value"),
        pytest.param((("name", ()),), id="an empty list, which Kusto cannot read"),
    ],
)
def test_what_does_not_fit_is_refused(values: tuple[tuple[str, str], ...]) -> None:
    """Half a query would answer another question."""
    with pytest.raises(ValueError, match="do not fit"):
        _ = GraphQuery("s", "resources | where name =~ {name}", values).kusto


def test_braces_of_kusto_itself_stay() -> None:
    """Only a word in braces is a place."""
    assert GraphQuery("s", "print dynamic({'a': 1}), {}").kusto == "print dynamic({'a': 1}), {}"

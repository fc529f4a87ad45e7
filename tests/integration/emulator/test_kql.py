"""The query language, on rows at hand."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm_emulator.kql import run
from arm_emulator.kql_functions import Moments
from arm_emulator.kql_syntax import UnsupportedQueryError

NOW = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {
        "id": "/S/A",
        "type": "microsoft.network/x",
        "tags": {"x-y": "1"},
        "properties": {
            "a": [{"b": 1}, {"b": 2}],
            "p": "Enabled",
            "n": 5,
            "on": True,
            "t": "2026-01-01T00:00:00.1234567Z",
        },
    },
    {
        "id": "/s/b",
        "type": "microsoft.storage/y",
        "tags": None,
        "properties": {"p": "disabled", "n": 7, "on": False},
    },
]


def ask(query: str) -> list[dict[str, Any]]:
    """Run a query over the two rows."""
    return run(query, lambda name: {"resources": ROWS}[name], Moments(NOW))


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("type == 'microsoft.network/x'", "A"),
        ("type == 'Microsoft.Network/x'", ""),
        ("type =~ 'Microsoft.Network/X'", "A"),
        ("type != 'microsoft.network/x'", "b"),
        ("properties.p !~ 'enabled'", "b"),
        ("id in ('/S/A', '/s/b')", "Ab"),
        ("id in~ ('/s/a', \"/S/B\")", "Ab"),
        ("id !in~ ('/s/a')", "b"),
        ("id !in ('/s/b')", "A"),
        ("type contains 'STOR'", "b"),
        ("type !contains 'stor'", "A"),
        ("type startswith 'Microsoft.N'", "A"),
        ("id !startswith '/s/a'", "b"),
        ("type endswith '/Y'", "b"),
        ("type has 'network'", "A"),
        ("type has 'netw'", ""),
        ("type has_any ('storage', 'compute')", "b"),
        ("type matches regex 'net.*x$'", "A"),
        ("properties.n > 5", "b"),
        ("properties.n >= 5 and properties.n < 7", "A"),
        ("properties.n between (6 .. 8)", "b"),
        ("properties.on == true", "A"),
        ("properties.on", "A"),
        ("not(properties.on)", "b"),
        ("properties['p'] == 'Enabled'", "A"),
        ("properties.a[0].b == 1", "A"),
        ("properties.a[-1].b == 2", "A"),
        ("tags['x-y'] == '1' or id == '/s/b'", "Ab"),
        ("id == 'x' or id == '/s/b' and properties.n == 7", "b"),
        ("(id == '/S/A' or id == '/s/b') and properties.n == 7", "b"),
        ("isempty(properties.t)", "b"),
        ("isnotempty(properties.t)", "A"),
        ("isnull(tags)", "b"),
        ("array_length(properties.a) == 2", "A"),
        ("tolower(id) == '/s/a'", "A"),
        ("tostring(properties.n) == '7'", "b"),
        ("todatetime(properties.t) > ago(10m)", "A"),
        ("todatetime(properties.t) > ago(1m)", ""),
        ("todatetime(properties.t) > now() - 10m", "A"),
        ("todatetime(properties.t) > datetime(2025-12-31T23:59:59Z)", "A"),
        ("todatetime(properties.t) > datetime(2025-12-31 23:59:59)", "A"),
        ("properties.t > datetime(2027-01-01)", ""),
    ],
)
def test_conditions(condition: str, ids: str) -> None:
    """Each operator and function on both rows."""
    assert "".join(row["id"][-1] for row in ask(f"resources | where {condition}")) == ids


@pytest.mark.parametrize(
    ("stages", "rows"),
    [
        ("project id, p = properties.p | take 1", [{"id": "/S/A", "p": "Enabled"}]),
        ("take 1 | project properties.p, tostring(properties.n)", [
            {"properties_p": "Enabled", "properties_n": "5"}]),
        ("extend y = strcat(id, '!') | project y | limit 1", [{"y": "/S/A!"}]),
        ("take 1 | project-away properties, tags", [{"id": "/S/A", "type": "microsoft.network/x"}]),
        ("order by tolong(properties.n) desc | project id", [{"id": "/s/b"}, {"id": "/S/A"}]),
        ("sort by type asc, id desc | project id | take 1", [{"id": "/S/A"}]),
        ("top 1 by tolong(properties.n) | project id", [{"id": "/s/b"}]),
        ("count", [{"Count": 2}]),
        ("distinct type | count", [{"Count": 2}]),
        ("summarize count() by tostring(properties.on)", [
            {"properties_on": "true", "count_": 1}, {"properties_on": "false", "count_": 1}]),
        ("summarize n = count(), m = max(tolong(properties.n)), s = make_set(type)", [
            {"n": 2, "m": 7, "s": ["microsoft.network/x", "microsoft.storage/y"]}]),
        ("mv-expand x = properties.a | project id, b = x.b", [
            {"id": "/S/A", "b": 1}, {"id": "/S/A", "b": 2}, {"id": "/s/b", "b": None}]),
        ("project v = iff(properties.on, 'yes', 'no')", [{"v": "yes"}, {"v": "no"}]),
    ],
)  # fmt: skip
def test_stages(stages: str, rows: list[dict[str, Any]]) -> None:
    """Each tabular operator."""
    assert ask(f"resources | {stages}") == rows


def test_the_table_may_be_left_out_and_comments_are_ignored() -> None:
    """As Resource Graph Explorer accepts it."""
    assert ask("where id == '/s/b' // only b\n| project id") == [{"id": "/s/b"}]


@pytest.mark.parametrize(
    "query",
    [
        "resources | join (x) on id",
        "resources | where frobnicate(id)",
        "nothing | take 1",
        "resources | where id == ",
        "resources | take 1 2",
        "resources || count",
        "resources | where id ~ 'x'",
        "",
    ],
)
def test_what_is_not_served_is_refused(query: str) -> None:
    """Never a wrong answer."""
    with pytest.raises(UnsupportedQueryError):
        ask(query)


@given(st.text(alphabet="abc'|=~()[]., 0123\"", max_size=40))
def test_any_text_is_answered_or_refused(text: str) -> None:
    """No other error leaves the reader."""
    with contextlib.suppress(UnsupportedQueryError):
        ask(f"resources | where {text}")

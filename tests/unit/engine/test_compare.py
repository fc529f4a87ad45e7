"""Comparing and merging fragments."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secureml_reconcilers.engine.compare import (
    Difference,
    differences,
    equal_azure,
    merge,
    narrow_patch,
    without,
)
from secureml_reconcilers.engine.values import AnyOf, CsvMember, Entries, Missing

keys = st.sampled_from(["a", "b", "c", "list", "id"])
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "X", "y", "Enabled"])
entries = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("pqrs"), "v": scalars}), max_size=4, unique_by=lambda e: e["id"]
)
bodies = st.recursive(scalars | entries, lambda inner: st.dictionaries(keys, inner, max_size=4), max_leaves=8)
objects = st.dictionaries(keys, bodies, max_size=4)

wanted_entries = entries.map(lambda items: Entries("id", tuple(items)))
special = (
    wanted_entries | st.just(AnyOf(("Disabled", "Off"))) | st.just(CsvMember("AzureServices")) | st.just(Missing())
)
wanted = st.dictionaries(
    keys,
    st.recursive(
        scalars.filter(lambda v: v is not None) | special,
        lambda inner: st.dictionaries(keys, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(objects, wanted)
def test_what_was_merged_has_no_differences(observed: dict[str, Any], fragment: dict[str, Any]) -> None:
    """A write that applies the merge settles the matter."""
    assert differences(merge(observed, fragment), fragment) == []


@given(objects, wanted)
def test_merging_is_idempotent(observed: dict[str, Any], fragment: dict[str, Any]) -> None:
    """Writing twice is writing once."""
    once = merge(observed, fragment)
    assert merge(once, fragment) == once


@given(entries, entries)
def test_entries_of_others_survive(theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> None:
    """Ours are added or repaired; nobody else's is touched or reordered."""
    merged = merge({"list": theirs}, {"list": Entries("id", tuple(ours))})["list"]
    mine = {entry["id"] for entry in ours}
    assert [entry for entry in merged if entry["id"] not in mine] == [e for e in theirs if e["id"] not in mine]


@given(objects, wanted)
def test_the_arguments_stay_as_they_are(observed: dict[str, Any], fragment: dict[str, Any]) -> None:
    """Merging copies: what was read is still what was read."""
    before = repr(observed), repr(fragment)
    merge(observed, fragment)
    assert (repr(observed), repr(fragment)) == before


CASES = [
    pytest.param({"p": {"access": "enabled"}}, {"p": {"access": "Enabled"}}, [], id="case differs, nothing to do"),
    pytest.param(
        {"p": {"access": "Enabled"}},
        {"p": {"access": "Disabled"}},
        [Difference("p.access", "Disabled", "Enabled")],
        id="an open account is a difference with its path",
    ),
    pytest.param({}, {"p": {"access": AnyOf(("Enabled", "x"))}}, [], id="absent equals the service's default"),
    pytest.param(
        {"p": {"access": "SecuredByPerimeter"}},
        {"p": {"access": AnyOf(("Disabled", "SecuredByPerimeter"))}},
        [],
        id="stricter than asked is left alone",
    ),
    pytest.param(
        {"p": {"bypass": "Logging, Metrics"}},
        {"p": {"bypass": CsvMember("AzureServices")}},
        [Difference("p.bypass", "Logging, Metrics, AzureServices", "Logging, Metrics")],
        id="a word joins the words of others",
    ),
    pytest.param(
        {"p": {"bypass": "None"}},
        {"p": {"bypass": CsvMember("AzureServices")}},
        [Difference("p.bypass", "AzureServices", "None")],
        id="None is no word",
    ),
    pytest.param(
        {"tags": {"mine": "", "theirs": "1"}},
        {"tags": {"mine": Missing(), "others": Missing()}},
        [Difference("tags.mine", None, "")],
        id="what must not be there is a difference while it is, empty or not",
    ),
    pytest.param(
        {"p": {"n": 1}}, {"p": {"n": True}}, [Difference("p.n", desired=True, observed=1)], id="1 is not true"
    ),
]


@pytest.mark.parametrize(("observed", "fragment", "expected"), CASES)
def test_differences(observed: dict[str, Any], fragment: dict[str, Any], expected: list[Difference]) -> None:
    """Each difference is a path with what is and what should be."""
    assert differences(observed, fragment, {"p.access": "Enabled"}) == expected


def test_a_patch_holds_only_what_differs_and_whole_objects_whole() -> None:
    """Storage replaces networkAcls as a whole, so others' rules go along; nothing else does."""
    observed = {
        "tags": {"theirs": "1"},
        "properties": {
            "publicNetworkAccess": "Disabled",
            "networkAcls": {
                "defaultAction": "Allow",
                "bypass": "AzureServices",
                "ipRules": [{"value": "8.8.8.8"}],
            },
        },
    }
    fragment = {"properties": {"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Deny"}}}
    assert narrow_patch(observed, fragment, {}, ("properties.networkAcls",)) == {
        "properties": {
            "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [{"value": "8.8.8.8"}]}
        }
    }


def test_what_must_not_be_there_is_left_out_or_null() -> None:
    """A whole resource is written without it; a merge patch that left it out would leave it as it is."""
    observed = {"tags": {"mine": "1", "theirs": "1"}}
    fragment = {"tags": {"mine": Missing()}}
    assert merge(observed, fragment) == {"tags": {"theirs": "1"}}
    assert narrow_patch(observed, fragment, {}, ()) == {"tags": {"mine": None}}


def test_read_only_fields_are_left_out_of_lists_too() -> None:
    """What the service owns is not sent back."""
    body = {
        "properties": {"configs": [{"name": "a", "properties": {"recordSets": [1], "zone": "z"}}]},
        "etag": "e",
    }
    assert without(body, ("etag", "properties.configs[].properties.recordSets", "not.there")) == {
        "properties": {"configs": [{"name": "a", "properties": {"zone": "z"}}]}
    }


@pytest.mark.parametrize(
    ("observed", "wanted", "equal"),
    [
        pytest.param("203.0.113.7/32", "203.0.113.7", True, id="a vault shows an address as a range of one"),
        pytest.param("203.0.113.0/24", "203.0.113.0", False, id="a range is not its first address"),
        pytest.param(["A", {"b": "C"}], ["a", {"b": "c"}], True, id="containers compare member by member"),
        pytest.param(["a"], ["a", "b"], False, id="a shorter list is another list"),
        pytest.param(["b", "a"], ["a", "b"], False, id="order counts in lists that are no entries"),
        pytest.param({"a": 1}, {"a": 1, "b": None}, False, id="another set of keys is another value"),
        pytest.param(None, "", False, id="absent is not empty"),
    ],
)
def test_equal_as_azure_sees_it(observed: Any, wanted: Any, equal: bool) -> None:  # noqa: ANN401, FBT001 - JSON
    """Casing, and one way of writing an address, make no difference; all else does."""
    assert equal_azure(observed, wanted) is equal

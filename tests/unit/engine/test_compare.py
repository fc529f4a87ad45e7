"""Comparing and merging fragments."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.engine.fakes import patched

from secureml_reconcilers.engine.compare import (
    Difference,
    UnexpectedShapeError,
    differences,
    equal_azure,
    merge,
    narrow_patch,
    without,
)
from secureml_reconcilers.engine.values import AnyOf, CsvMember, Entries, Missing, Unordered, get_path

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long one example takes tells how busy the machine is, not whether merging is right."""

keys = st.sampled_from(["a", "b", "c.d", "tags", "list", "id"])
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "X", "y", "Enabled"])
entries = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("pqrs"), "v": scalars}), max_size=4, unique_by=lambda e: e["id"]
)
bodies = st.recursive(scalars | entries, lambda inner: st.dictionaries(keys, inner, max_size=4), max_leaves=8)
objects = st.dictionaries(keys, bodies, max_size=4)

wanted_entries = entries.map(lambda items: Entries("id", tuple(items)))
special = (
    wanted_entries
    | st.just(Unordered(("x", 1)))
    | st.just(AnyOf(("Disabled", "Off")))
    | st.just(CsvMember("AzureServices"))
    | st.just(Missing())
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


def is_misshapen(observed: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether something else stands where a mapping or a list must be."""
    if isinstance(wanted, Entries):
        return observed is not None and not isinstance(observed, list)
    if not isinstance(wanted, dict) or observed is None:
        return False
    return not isinstance(observed, dict) or any(is_misshapen(observed.get(key), wanted[key]) for key in wanted)


def merged(observed: dict[str, Any], fragment: dict[str, Any]) -> dict[str, Any] | None:
    """What merging gives; None where it refuses, and it refuses exactly what is misshapen."""
    if not is_misshapen(observed, fragment):
        return merge(observed, fragment)
    with pytest.raises(UnexpectedShapeError):
        merge(observed, fragment)
    return None


@unhurried
@given(objects, wanted)
def test_what_was_merged_has_no_differences(observed: dict[str, Any], fragment: dict[str, Any]) -> None:
    """A write that applies the merge settles the matter."""
    found = merged(observed, fragment)
    assert found is None or differences(found, fragment) == []


@unhurried
@given(objects, wanted)
def test_merging_is_idempotent(observed: dict[str, Any], fragment: dict[str, Any]) -> None:
    """Writing twice is writing once."""
    once = merged(observed, fragment)
    assert once is None or merge(once, fragment) == once


@unhurried
@given(objects, wanted)
def test_a_patch_settles_the_matter_like_a_whole_write(observed: dict[str, Any], fragment: dict[str, Any]) -> None:
    """Whatever was there before; a property whose meaning is open is not written over at all."""
    try:
        patch = narrow_patch(observed, fragment, {}, ())
    except UnexpectedShapeError:
        return
    assert differences(patched(observed, patch), fragment) == []


@unhurried
@given(entries, entries)
def test_entries_of_others_survive(theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> None:
    """Ours are added or repaired; nobody else's is touched or reordered."""
    merged = merge({"list": theirs}, {"list": Entries("id", tuple(ours))})["list"]
    mine = {entry["id"] for entry in ours}
    assert [entry for entry in merged if entry["id"] not in mine] == [e for e in theirs if e["id"] not in mine]


@unhurried
@given(objects, wanted)
def test_the_arguments_stay_as_they_are(observed: dict[str, Any], fragment: dict[str, Any]) -> None:
    """Merging copies: what was read is still what was read."""
    before = repr(observed), repr(fragment)
    merged(observed, fragment)
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
        {"tags": {"Managed-By": "us"}},
        {"tags": {"managed-by": "us"}},
        [],
        id="the name of a tag is the same in any casing",
    ),
    pytest.param(
        {"p": {"Managed-By": "us"}},
        {"p": {"managed-by": "us"}},
        [Difference("p.managed-by", "us", None)],
        id="other keys are not",
    ),
    pytest.param(
        {"p": {"ports": ["443", "80"]}}, {"p": {"ports": Unordered(("80", "443"))}}, [], id="a set has no order"
    ),
    pytest.param(
        {"p": {"ports": ["443", "80", "22"]}},
        {"p": {"ports": Unordered(("80", "443"))}},
        [Difference("p.ports", ["80", "443"], ["443", "80", "22"])],
        id="one too many is a difference",
    ),
    pytest.param(
        {"p": {"ports": ["80", "80"]}},
        {"p": {"ports": Unordered(("80", "443"))}},
        [Difference("p.ports", ["80", "443"], ["80", "80"])],
        id="one twice is not two",
    ),
    pytest.param(
        {"p": {"relayserver.enabled": "true"}},
        {"p": {"relayserver.enabled": "false"}},
        [Difference("p.relayserver.enabled", "false", "true")],
        id="a key may hold dots",
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


DOTTED = {"properties": {"configurationSettings": {"relayserver.enabled": "true", "theirs": "1"}}}
DOTS = [  # what is wanted of a key with dots in it                what is patched
    pytest.param("false", {"relayserver.enabled": "false"}, id="another value"),
    pytest.param(Missing(), {"relayserver.enabled": None}, id="none"),
]


@pytest.mark.parametrize(("value", "sent"), DOTS)
def test_a_key_with_dots_is_patched_as_one(value: Any, sent: dict[str, Any]) -> None:  # noqa: ANN401 - JSON
    """The path was taken apart at its dots: `relayserver` with an `enabled` of null in it was sent."""
    fragment = {"properties": {"configurationSettings": {"relayserver.enabled": value}}}
    assert narrow_patch(DOTTED, fragment, {}, ()) == {"properties": {"configurationSettings": sent}}
    assert get_path(DOTTED, ("properties", "configurationSettings", "relayserver.enabled")) == "true"


def test_a_tag_is_written_under_the_name_that_it_has() -> None:
    """Under another casing Azure takes it for the same one, and answers what it likes."""
    observed = {"tags": {"Managed-By": "them", "theirs": "1"}}
    fragment = {"tags": {"managed-by": "us"}}
    assert merge(observed, fragment) == {"tags": {"Managed-By": "us", "theirs": "1"}}
    assert narrow_patch(observed, fragment, {}, ()) == {"tags": {"Managed-By": "us"}}
    assert merge(observed, {"tags": {"managed-by": Missing()}}) == {"tags": {"theirs": "1"}}


def test_a_tag_is_taken_away_under_the_name_that_it_has() -> None:
    """A merge patch whose null has another casing takes nothing away where names are compared byte by byte."""
    observed = {"tags": {"Managed-By": "them", "theirs": "1"}}
    patch = narrow_patch(observed, {"tags": {"managed-by": Missing()}}, {}, ())
    assert patch == {"tags": {"Managed-By": None}}


ACCESS = {"p.access": frozenset({"enabled", "disabled"})}
MISSHAPEN = [  # what is shown               what is wanted                              where it is so
    pytest.param({"p": "text"}, {"p": {"access": "Disabled"}}, "p", id="a text where a mapping must be"),
    pytest.param(
        {"p": {"list": "text"}}, {"p": {"list": Entries("id", ({"id": "a"},))}}, "p.list", id="or a list"
    ),
    pytest.param({"p": {"access": ["On"]}}, {"p": {"access": "Disabled"}}, "p.access", id="a list for a word"),
    pytest.param({"p": {"n": {"v": 1}}}, {"p": {"n": 1}}, "p.n", id="a mapping for a number"),
    pytest.param(
        {"p": {"access": 7}}, {"p": {"access": AnyOf(("Disabled", "Off"))}}, "p.access", id="a number for a word"
    ),
    pytest.param(
        {"p": {"bypass": ["Logging"]}},
        {"p": {"bypass": CsvMember("x")}},
        "p.bypass",
        id="words that came as a list",
    ),
    pytest.param(
        {"p": {"access": "SecuredByPerimeter"}},
        {"p": {"access": "Disabled"}},
        "p.access",
        id="a value of tomorrow",
    ),
]


@pytest.mark.parametrize(("observed", "fragment", "path"), MISSHAPEN)
def test_what_is_not_understood_is_no_difference(
    observed: dict[str, Any], fragment: dict[str, Any], path: str
) -> None:
    """It was taken for one and written over: a value that a later version of a service knows may be stricter."""
    with pytest.raises(UnexpectedShapeError) as raised:
        differences(observed, fragment, {}, ACCESS)
    assert raised.value.path == path


UNDERSTOOD = [
    pytest.param({"p": {"access": "ENABLED"}}, 1, id="a known value in another casing"),
    pytest.param({"p": {}}, 1, id="none at all"),
    pytest.param({}, 1, id="not even what it would stand in"),
    pytest.param({"p": {"access": "Disabled"}}, 0, id="what is wanted"),
]


@pytest.mark.parametrize(("observed", "found"), UNDERSTOOD)
def test_what_is_understood_is_told(observed: dict[str, Any], found: int) -> None:
    """Absence is an answer, and casing is none."""
    assert len(differences(observed, {"p": {"access": "Disabled"}}, {}, ACCESS)) == found


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

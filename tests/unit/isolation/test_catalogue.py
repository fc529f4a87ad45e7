"""What the catalogue says of the types that compositions name: durations, order of removal, known values."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import pytest
from tests.unit.isolation.bodies import OWNER, spec, world

from secureml_reconcilers.azure.arm import Verb
from secureml_reconcilers.azure.catalogue import CATALOGUE, type_info
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.values import AnyOf, CsvMember, get_path
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDPOINTS, ZONES = "microsoft.network/privateendpoints", "microsoft.network/privatednszones"


@pytest.mark.parametrize(
    ("kind", "verb", "expected", "late"),
    [
        pytest.param(ENDPOINTS, "PUT", 45, 90, id="an endpoint is made in 32 to 59 s"),
        pytest.param(ENDPOINTS, "DELETE", 15, 30, id="and gone after 14 to 23 s"),
        pytest.param(ZONES, "PUT", 37, 42, id="a zone is made in 34 to 38 s"),
        pytest.param(ZONES, "DELETE", 33, 42, id="and gone after 32 s"),
        pytest.param("microsoft.storage/storageaccounts", "PUT", 25, 55, id="an account is made in 21 to 52 s"),
        pytest.param("microsoft.storage/storageaccounts", "PATCH", 1, 10, id="and changed at once"),
        pytest.param(f"{ENDPOINTS}/privatednszonegroups", "DELETE", 3, 5, id="nothing else is known: the default"),
    ],
)
def test_durations_by_verb(kind: str, verb: Verb, expected: float, late: float) -> None:
    """An endpoint that was gone after 14 s was looked for after 45 s, for that is how long one is made."""
    durations = CATALOGUE[kind].durations_of(verb)
    assert (durations.expected, durations.late) == (timedelta(seconds=expected), timedelta(seconds=late))


@pytest.mark.parametrize("kind", CATALOGUE)
def test_durations_are_ordered(kind: str) -> None:
    """Most have ended, nearly all have, and one is given up: in this order, whatever the verb."""
    for verb in get_args(Verb):
        durations = CATALOGUE[kind].durations_of(verb)
        assert durations.expected <= durations.late <= durations.lost


def test_what_leads_to_something_is_removed_before_it() -> None:
    """A zone group takes its records along while its endpoint is there; Azure deletes no zone that has links.

    A role assignment hangs on an account or an endpoint, and goes before either.
    """
    ranked = {kind: known.removal_rank for kind, known in CATALOGUE.items() if known.removal_rank is not None}
    assert sorted(ranked, key=lambda kind: ranked[kind]) == [
        "microsoft.authorization/roleassignments",
        f"{ENDPOINTS}/privatednszonegroups",
        ENDPOINTS,
        f"{ZONES}/virtualnetworklinks",
        ZONES,
    ]
    assert len(set(ranked.values())) == len(ranked)


def test_everything_that_is_made_can_be_removed() -> None:
    """A type that a composition creates, and that removal does not know, would stay behind."""
    made = {block.id.type for block in _ensured() if block.create is not None}
    assert {kind for kind in made if CATALOGUE[kind].removal_rank is None} == set()


def test_every_value_that_is_written_is_known_where_values_are_listed() -> None:
    """The engine writes over no value that is not listed; what it wrote itself must be."""
    unknown = [
        (block.id.short, path, value)
        for block in _ensured()
        for path, values in type_info(block.id).known_values.items()
        for value in _written(get_path(block.fragment, path))
        if value.lower() not in values
    ]
    assert unknown == []


def test_the_defaults_of_a_service_are_known_values() -> None:
    """An absent property means its default."""
    for known in CATALOGUE.values():
        for path, values in known.known_values.items():
            assert str(known.defaults.get(path, next(iter(values)))).lower() in values
            assert values == {value.lower() for value in values}


def _ensured() -> list[Ensure]:
    composed, questions = compose(SecureWorkspaces().declare(spec(), OWNER), world())
    assert questions == []
    return [block for said in composed for block in said.blocks if isinstance(block, Ensure)]


def _written(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case AnyOf(values):
            yield from values
        case CsvMember(word):
            yield word

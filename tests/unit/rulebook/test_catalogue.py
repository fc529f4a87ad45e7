"""The rule book against the code that claims its rules, and against the domain reference where that is at hand."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from pathlib import Path

import pytest

import secureml_reconcilers
from secureml_reconcilers.rulebook import CATALOGUE, SOURCES, Rule, rule
from secureml_reconcilers.rulebook.catalogue import AREAS

PACKAGE = Path(secureml_reconcilers.__file__).parent
RULE_ID = re.compile(r"\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+-?\d+\b")
SHARED = Path(os.environ.get("SECUREML_SHARED") or Path(__file__).parents[4] / "shared")
REFERENCE = SHARED / "azure" / "rules.csv"
RULES = [pytest.param(known, id=known.id) for known in CATALOGUE.values()]


def claims() -> dict[str, set[str]]:
    """Rule ids in the code, with the modules that name them."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(PACKAGE)
        if module.parts[0] != "rulebook":
            for name in RULE_ID.findall(path.read_text(encoding="utf-8")):
                found.setdefault(name, set()).add(module.as_posix())
    return found


def test_every_rule_that_the_code_names_is_in_the_catalogue() -> None:
    """`secureml explain` must have a story for each id that a finding can carry."""
    assert {name: places for name, places in claims().items() if name not in CATALOGUE} == {}


def test_no_id_is_written_twice() -> None:
    """A second entry would silently replace the first."""
    written = Counter(known.id for area in AREAS for known in area.RULES)
    assert [name for name, count in written.items() if count > 1] == []


@pytest.mark.parametrize("known", RULES)
def test_a_rule_is_told_in_a_few_words_and_whole_sentences(known: Rule) -> None:
    """Bounds of what fits a terminal and a status message."""
    assert RULE_ID.fullmatch(known.id)
    assert 0 < len(known.title) <= 56
    assert not known.title.endswith(".")
    assert known.explanation.endswith(".")
    assert len(known.explanation) <= 320
    assert "  " not in known.explanation


@pytest.mark.parametrize("known", RULES)
def test_a_rule_names_known_sources(known: Rule) -> None:
    """Every rule comes from somewhere that a reader can open."""
    assert known.sources.split()
    assert [source for source in known.sources.split() if source not in SOURCES] == []


def test_no_explanation_is_used_for_two_rules_that_are_still_true() -> None:
    """Two rules with one story would be one rule."""
    told = Counter(known.explanation for known in CATALOGUE.values() if known.today != "OBSOLETE")
    assert [text for text, count in told.items() if count > 1] == []


def test_a_rule_is_found_in_any_casing() -> None:
    """People type ids in lower case."""
    assert rule("ops-08") is CATALOGUE["OPS-08"]


@pytest.mark.parametrize(
    ("asked", "helps"),
    [
        pytest.param("KV-99", "KV-CRED-01, KV-MODE-01", id="an unknown id of a known family lists the family"),
        pytest.param("XY-01", "no family of that name", id="an unknown family is called unknown"),
    ],
)
def test_an_unknown_rule_is_refused_with_help(asked: str, helps: str) -> None:
    """The text of the error says what could have been meant."""
    with pytest.raises(KeyError, match=helps):
        rule(asked)


def test_every_rule_is_in_the_domain_reference_and_stands_there_as_here() -> None:
    """The reference is written from the articles by hand, beside the project; the catalogue must not drift off."""
    if not REFERENCE.is_file():
        pytest.skip(f"the domain reference is not at hand: {REFERENCE} (SECUREML_SHARED names its folder)")
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        today = {row["id"]: row["today"] for row in csv.DictReader(file)}
    assert {name: known.today for name, known in CATALOGUE.items()} == {
        name: today.get(name, "not there") for name in CATALOGUE
    }


def test_every_rule_of_the_reference_is_in_the_catalogue() -> None:
    """With the kinds that it concerns there: what is left out would count as covered."""
    if not REFERENCE.is_file():
        pytest.skip(f"the domain reference is not at hand: {REFERENCE} (SECUREML_SHARED names its folder)")
    short = {"SecureWorkspace": "SW", "SecureCompute": "SC", "SecureInferenceCluster": "SI"}
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        wanted = {row["id"]: {*row["kinds"].split()} - {"-"} for row in csv.DictReader(file)}
    assert {name: {short[kind] for kind in known.kinds} for name, known in CATALOGUE.items()} == wanted

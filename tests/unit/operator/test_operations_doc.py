"""`docs/operations.md` and the role are complete: what the code has, they tell."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.unit.operator.fakes import FakeCluster

from secureml_operator import cli, events, failed_passes, kinds, settings, worker
from secureml_operator.backoff import LONGEST_RETRY
from secureml_operator.kinds import GROUP, KINDS
from secureml_operator.resource import parse
from secureml_operator.telemetry.requests import RequestMetrics
from secureml_reconcilers.api.condition_types import CONDITION_TYPES
from secureml_reconcilers.api.reasons.entry import REASONS

if TYPE_CHECKING:
    import click
    from tests.unit.operator.conftest import Bench

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "charts/secureml-operator/files/rbac.yaml"


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def run_options() -> list[click.Option]:
    return [option for option in cli.run.params if option.name != "help"]  # type: ignore[misc]


def test_every_option_is_documented_with_its_variable_and_default(text: str) -> None:
    rows = {
        option.opts[0]: next((line for line in text.splitlines() if line.startswith(f"| `{option.opts[0]}`")), "")
        for option in run_options()
    }
    assert [name for name, row in rows.items() if not row] == []
    for option in run_options():
        assert f"`{option.envvar}`" in rows[option.opts[0]]


def test_every_setting_has_an_option() -> None:
    names = {option.name for option in run_options()}
    fields = {field.name for field in dataclasses.fields(settings.Settings)}
    assert fields - names == {"health_host", "health_port"}
    assert names - fields == {"health_address"}


def test_every_metric_is_documented(bench: Bench, text: str) -> None:
    RequestMetrics(bench.registry)
    documented = set(re.findall(r"^\| `([a-z_]+)", text, flags=re.MULTILINE))
    served = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in bench.registry.collect()
        if not family.name.startswith("process_")
    }
    assert served - documented == set()
    assert {name for name in documented if name.startswith(("secureml_", "workqueue_", "controller_"))} == served


def test_every_annotation_and_finalizer_is_documented(text: str) -> None:
    for word in (kinds.FINALIZER, kinds.FIELD_MANAGER, *kinds.WAKING_ANNOTATIONS):
        assert f"`{word}`" in text


def rules() -> set[tuple[str, str, str]]:
    """Give the role as (group, resource, verb)."""
    role: dict[str, Any] = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_role_grants_what_the_code_asks_for_and_no_more() -> None:
    """`read`, `versions` and kopf's watch; `patch` and `apply_status`; `uid`; `create_event` and `patch_event`.

    That it suffices is shown on a real API server, where the operator runs with exactly this role.
    """
    objects = {(GROUP, kind.plural, verb) for kind in KINDS.values() for verb in ("get", "list", "watch", "patch")}
    reports = {(GROUP, f"{kind.plural}/status", "patch") for kind in KINDS.values()}
    others = {("", "events", "create"), ("", "events", "patch"), ("", "namespaces", "get")}
    assert rules() == objects | reports | others


def test_the_role_is_told_in_the_document(text: str) -> None:
    for _, resource, verb in rules():
        assert any(f"`{resource}`" in line and verb in line for line in text.splitlines()), (resource, verb)


def test_reasons_are_documented_in_one_place(text: str) -> None:
    """Failed passes have a section here; all other reasons stand in the page that is written from the code."""
    assert "](reasons.md)" in text
    section = text.split("## When passes fail")[1].split("\n## ", maxsplit=1)[0]
    words = {*REASONS} - {*CONDITION_TYPES}
    assert set(re.findall(r"`(\w+)`", text.replace(section, ""))) & words == set()


def test_how_long_events_and_passes_last_is_documented(text: str) -> None:
    assert f"{worker.LONGEST_PASS.total_seconds() / 60:.0f} minutes" in text
    assert f"{events.REMEMBERED.total_seconds() / 60:.0f} minutes" in text


def test_what_is_shown_while_passes_fail_is_documented(text: str) -> None:
    section = text.split("## When passes fail")[1].split("\n## ", maxsplit=1)[0]
    resource = parse("SecureWorkspace", FakeCluster().create())
    wanted = failed_passes.unknown(resource, TypeError(), "2026-01-01T00:00:00Z")
    for condition in wanted["conditions"]:
        assert f"`{condition['type']}`" in section
        assert f"`{condition['reason']}`" in section
    assert f"newest {events.MOST_PENDING} " in text
    assert f"{LONGEST_RETRY.total_seconds():.0f} seconds" in section

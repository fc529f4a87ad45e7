"""Options, their environment variables, and what is refused."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from secureml_operator import main as operator
from secureml_operator.cli import main
from secureml_operator.settings import Settings
from secureml_operator.telemetry import logs

if TYPE_CHECKING:
    from click.testing import Result


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Collect the settings with which the operator would run."""
    seen: list[Settings] = []

    async def run(settings: Settings) -> int:
        seen.append(settings)
        return 0

    monkeypatch.setattr(operator, "run", run)
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    return seen


def invoke(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["run", *arguments], env=environment)


def test_the_defaults_are_those_of_the_settings(given: list[Settings]) -> None:
    assert invoke().exit_code == 0
    assert given == [Settings()]


SET = [
    ("--resync", "SECUREML_RESYNC_SECONDS", "90", {"resync": timedelta(seconds=90)}),
    ("--workers", "SECUREML_WORKERS", "3", {"workers": 3}),
    ("--namespaces", "SECUREML_NAMESPACES", "a, b,,a", {"namespaces": ("a", "b")}),
    ("--cluster-name", "SECUREML_CLUSTER_NAME", "prod-weu.1", {"cluster_name": "prod-weu.1"}),
    ("--log-format", "SECUREML_LOG_FORMAT", "json", {"log_format": "json"}),
    ("--log-level", "SECUREML_LOG_LEVEL", "debug", {"log_level": "DEBUG"}),
    ("--health-address", "SECUREML_HEALTH_ADDRESS", "127.0.0.1:0", {"health_host": "127.0.0.1", "health_port": 0}),
    ("--health-address", "SECUREML_HEALTH_ADDRESS", "[::1]:81", {"health_host": "::1", "health_port": 81}),
    ("--drain", "SECUREML_DRAIN_SECONDS", "5", {"drain": timedelta(seconds=5)}),
]


@pytest.mark.parametrize(("option", "variable", "value", "expected"), SET)
def test_an_option_may_come_from_the_command_line_or_the_environment(
    given: list[Settings], option: str, variable: str, value: str, expected: dict[str, Any]
) -> None:
    invoke(option, value)
    invoke(**{variable: value})
    assert given == [Settings(**expected)] * 2


REFUSED = [
    pytest.param("--resync", "1", "--resync must be at least 10 seconds", id="resync too short"),
    pytest.param("--workers", "0", "--workers must be from 1 to 256", id="no workers"),
    pytest.param("--namespaces", "team-*", "exact names", id="a pattern"),
    pytest.param("--cluster-name", "prod/weu", "letters, digits, dots and hyphens", id="a name that parts a tag"),
    pytest.param("--cluster-name", "c" * 64, "up to 63", id="a name too long for a tag"),
    pytest.param("--health-address", "8080", "host:port", id="an address without colon"),
    pytest.param("--health-address", ":99999", "host:port", id="a port too high"),
    pytest.param("--drain", "-1", "--drain must not be negative", id="negative drain"),
    pytest.param("--log-level", "LOUD", "LOUD", id="a level that is none"),
]


@pytest.mark.parametrize(("option", "value", "words"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_the_remedy(
    given: list[Settings], option: str, value: str, words: str
) -> None:
    result = invoke(option, value)
    assert result.exit_code == 2
    assert words in result.output
    assert given == []


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(main, ["version"]).output.strip().count(".") == 2

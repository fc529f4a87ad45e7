"""Logging: one line per record, as text for people or as JSON for a log store."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

from secureml_operator.telemetry import context

if TYPE_CHECKING:
    from collections.abc import Iterable

LogFormat = Literal["text", "json"]

OURS = ("secureml_operator", "secureml_reconcilers")
"""These follow `--log-level`; every library stays at WARNING, or at INFO when ours is DEBUG.

kopf at INFO would tell of each handler call, and the HTTP clients of each request."""


class _PassFields(logging.Filter):
    """Puts the fields of the present pass on every record of ours and of libraries called within it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with `pass_fields` on it."""
        record.pass_fields = dict(context.fields())
        return True


class _Text(logging.Formatter):
    """`12:00:01 WARNING secureml_operator.worker: message [kind=… name=…]`."""

    def format(self, record: logging.LogRecord) -> str:
        """Append the pass's fields to the first line, ahead of a traceback."""
        line, *rest = super().format(record).split("\n")
        pairs = " ".join(f"{name}={value}" for name, value in getattr(record, "pass_fields", {}).items())
        return "\n".join([f"{line} [{pairs}]" if pairs else line, *rest])


class _Json(JsonFormatter):
    """One JSON object per record, the pass's fields at its top level."""

    def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
        """Lift the pass's fields to the top; the message keeps its place."""
        fields = log_data.pop("pass_fields", None)
        return {**log_data, **(fields if isinstance(fields, dict) else {})}


def configure(log_format: LogFormat, level: str, stream: TextIO | None = None) -> None:
    """Take over the root logger of this process; `level` is a name as `INFO`. Call once, at start."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_PassFields())
    handler.setFormatter(_formatter(log_format))
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(logging.INFO if level == "DEBUG" else logging.WARNING)
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)  # else a line per event: "Handler … succeeded"
    _set_level(OURS, level)


def _formatter(log_format: LogFormat) -> logging.Formatter:
    if log_format == "json":
        return _Json(
            ["asctime", "levelname", "name", "message"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            exc_info_as_array=False,
        )
    return _Text("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%H:%M:%S")


def _set_level(names: Iterable[str], level: str) -> None:
    for name in names:
        logging.getLogger(name).setLevel(level)

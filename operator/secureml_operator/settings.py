"""What a person may set, read once at start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secureml_operator.telemetry.logs import LogFormat

SHORTEST_RESYNC = timedelta(seconds=10)
"""Below this a resync is a polling loop; tests and demonstrations want ten seconds at times."""

MOST_WORKERS = 256
"""Passes mostly wait for answers, but each holds a few kilobytes and competes for the same rate limits."""

LONGEST_CLUSTER_NAME = 63
CLUSTER_NAME = re.compile(r"[A-Za-z0-9.-]*")
"""It becomes part of a tag's value, `cluster/namespace/name`: a slash in it would make that ambiguous."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(ValueError):
    """A setting has a value that cannot be meant; the text says which and what would do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every option of `secureml run`; `docs/operations.md` has a row for each."""

    resync: timedelta = timedelta(minutes=30)
    """The longest a resource goes without a pass; jittered by 10 %."""

    workers: int = 8
    """How many resources are worked on at once; each pass waits for answers most of the time."""

    namespaces: tuple[str, ...] = ()
    """The namespaces served, by exact name; none means all of the cluster."""

    cluster_name: str = ""
    """What this cluster is called in the tags it leaves in Azure; empty takes it from the cluster itself."""

    log_format: LogFormat = "text"
    log_level: str = "INFO"

    health_host: str | None = None
    """Interface of the health and metrics server; None means all of them."""

    health_port: int = 8080
    """0 picks a free port, which the log tells."""

    drain: timedelta = timedelta(seconds=20)
    """How long passes in flight may go on after SIGTERM. A pod has 30 s; the rest is for closing."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            SettingsError: a value is out of its range.
        """
        if self.resync < SHORTEST_RESYNC:
            raise SettingsError(f"--resync must be at least {SHORTEST_RESYNC.total_seconds():.0f} seconds")
        if not 1 <= self.workers <= MOST_WORKERS:
            raise SettingsError(f"--workers must be from 1 to {MOST_WORKERS}")
        if self.log_level not in LOG_LEVELS:
            raise SettingsError(f"--log-level must be one of {', '.join(LOG_LEVELS)}")
        if any(not name or not all(c.isalnum() or c == "-" for c in name) for name in self.namespaces):
            raise SettingsError("--namespaces takes exact names, separated by commas; patterns are not served")
        if len(self.cluster_name) > LONGEST_CLUSTER_NAME or not CLUSTER_NAME.fullmatch(self.cluster_name):
            raise SettingsError(
                f"--cluster-name takes up to {LONGEST_CLUSTER_NAME} letters, digits, dots and hyphens"
            )
        if self.drain < timedelta(0):
            raise SettingsError("--drain must not be negative")


def parse_address(text: str) -> tuple[str | None, int]:
    """Read `host:port`, `:port` or `[v6]:port`.

    Raises:
        SettingsError: it is none of these.
    """
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  (the highest port)
        raise SettingsError("--health-address must be host:port or :port")
    return host.strip("[]") or None, int(port)


def parse_namespaces(text: str) -> tuple[str, ...]:
    """Read `team-a,team-b`; an empty text means all namespaces."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))

"""Every request, bounded in number, with secrets left out: what tests and people look at."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.model import Caller, JsonObject

_SECRET = re.compile(
    r"password|secret|token|assertion|connectionstring|(shared|access|primary|secondary)key$", re.IGNORECASE
)
_SIGNATURE = re.compile(r"([?&])(t|c|s|h|sig)=[^&]*", re.IGNORECASE)
HIDDEN = "***"


@dataclass(slots=True)
class Entry:
    """One request and how it was answered.

    Attributes:
        sequence: position, from 1.
        method, path: as sent; the query without signatures.
        virtual, real: time of arrival, seconds since the epoch.
        status: HTTP status; 0 while it is being served, 0 too when the connection was cut on purpose.
        seconds: real seconds it took.
        body: parsed body of a write, secrets replaced.
        fault: effect of the rule that hit it.
    """

    sequence: int
    method: str
    path: str
    virtual: float
    real: float
    caller: Caller | None = None
    status: int = 0
    seconds: float = 0.0
    body: JsonObject | None = None
    correlation_id: str = ""
    error: str = ""
    fault: str = ""

    def shown(self) -> JsonObject:
        """The entry as `/emulator/requests` answers it."""
        caller = self.caller
        return {
            "sequence": self.sequence,
            "method": self.method,
            "path": self.path,
            "caller": caller.client_id if caller else None,
            "callerName": caller.display_name if caller else None,
            "status": self.status,
            "error": self.error or None,
            "fault": self.fault or None,
            "virtualTime": self.virtual,
            "realTime": self.real,
            "duration": round(self.seconds, 6),
            "correlationId": self.correlation_id,
            "body": redacted(self.body),
        }


@dataclass(slots=True)
class RequestLog:
    """The latest requests.

    Args:
        limit: how many are kept.
    """

    limit: int
    entries: deque[Entry] = field(init=False)
    unserved: dict[str, int] = field(default_factory=dict)
    _sequence: int = 0

    def __post_init__(self) -> None:
        self.entries = deque(maxlen=self.limit)

    def open(self, method: str, url: str, virtual: float) -> Entry:
        """Begin an entry; the sequence number is its place in the order of arrival."""
        self._sequence += 1
        path = _SIGNATURE.sub(r"\1", url).replace("?&", "?").rstrip("?&")
        entry = Entry(self._sequence, method, re.sub("&+", "&", path), virtual, time.time())
        self.entries.append(entry)
        return entry

    def note_unserved(self, what: str) -> None:
        """Count something that could not be served."""
        self.unserved[what] = self.unserved.get(what, 0) + 1

    def select(self, *, since: int = 0, method: str = "", path: str = "", caller: str = "") -> Iterator[Entry]:
        """Entries after a sequence number, by method, by part of the path, by client id or name."""
        for entry in self.entries:
            who = entry.caller
            names = {who.client_id.lower(), who.display_name.lower()} if who else set()
            if (
                entry.sequence > since
                and (not method or entry.method in method.upper().split(","))
                and path.lower() in entry.path.lower()
                and (not caller or caller.lower() in names)
            ):
                yield entry


def redacted(value: object) -> object:
    """A JSON value with the values of secret-looking members replaced."""
    if isinstance(value, dict):
        return {k: HIDDEN if _SECRET.search(k) and v else redacted(v) for k, v in value.items()}
    if isinstance(value, list):
        return [redacted(each) for each in value]
    return value

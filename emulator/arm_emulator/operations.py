"""Long-running operations on the virtual clock: begun by a write, settled when due, never by being read."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl

from arm_emulator.clock import iso
from arm_emulator.errors import ArmError
from arm_emulator.model import CANCELED, FAILED, SUCCEEDED, TERMINAL, Answer, Call, JsonObject, WriteStyle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.ids import ResourceId

Finish: TypeAlias = "Callable[[Operation], None]"


@dataclass(slots=True)
class Operation:
    """One operation.

    Attributes:
        id: guid in its URLs.
        verb: PUT, PATCH, DELETE or POST.
        target: the resource it works on.
        style: how it answers polls.
        due: virtual time of its end.
        finish: applies it; an `ArmError` raised there lets it end Failed.
        status_path, result_path: lower-case paths of its two URLs, empty when it has not got one.
        state: `InProgress` (whatever word polls show), Succeeded, Failed or Canceled.
        error: why it failed.
        final: renders the body that its result URL ends with.
    """

    id: str
    verb: str
    target: ResourceId
    style: WriteStyle
    due: float
    finish: Finish
    api_version: str = ""
    status_path: str = ""
    result_path: str = ""
    status_query: str = ""
    result_query: str = ""
    state: str = "InProgress"
    error: ArmError | None = None
    final: Callable[[], JsonObject | None] | None = None
    started: float = 0.0

    def headers(self, base_url: str, retry_after: int | None) -> dict[str, str]:
        """The headers by which a client finds the operation again; URLs are absolute."""
        headers = {}
        if self.status_path:
            headers["Azure-AsyncOperation"] = base_url + self.status_path + self.status_query
        if self.result_path:
            headers["Location"] = base_url + self.result_path + self.result_query
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        return headers


@dataclass(slots=True)
class Operations:
    """All operations of a run."""

    moment: float = 0.0
    """While `settle` applies an operation: the virtual time it was due; else 0."""
    on_schedule: Callable[[], None] = lambda: None
    """Called when an operation was begun, so that a waiting timer can plan anew."""
    _due: list[tuple[float, int, Operation]] = field(default_factory=list)
    _by_path: dict[str, tuple[Operation, bool]] = field(default_factory=dict)
    _by_id: dict[str, Operation] = field(default_factory=dict)
    _count: int = 0

    def begin(self, operation: Operation, call: Call, location: str) -> None:
        """Schedule an operation and give it its URLs."""
        places = {
            "subscription": f"/subscriptions/{operation.target.subscription}",
            "group": f"/subscriptions/{operation.target.subscription}/resourceGroups/{operation.target.group}",
            "id": operation.target.text,
            "namespace": operation.target.namespace,
            "location": location or "global",
            "operation": operation.id,
        }
        signature = f"api-version={call.api_version}&t={int(operation.due * 1e7)}&c=emulator&s={operation.id[:8]}"
        style = operation.style
        operation.status_path, operation.status_query = _fill(style.status_url, places, signature)
        operation.result_path, operation.result_query = _fill(style.result_url, places, signature)
        for path, query, is_status in (
            (operation.status_path, operation.status_query, True),
            (operation.result_path, operation.result_query, False),
        ):
            if path:
                self._by_path[_poll_key(path, dict(parse_qsl(query[1:])))] = (operation, is_status)
        self._by_id[operation.id] = operation
        self._count += 1
        heapq.heappush(self._due, (operation.due, self._count, operation))
        self.on_schedule()

    def get(self, operation_id: str) -> Operation | None:
        """The operation of an id."""
        return self._by_id.get(operation_id)

    def all(self) -> list[Operation]:
        """Every operation of the run, in the order of their beginnings."""
        return list(self._by_id.values())

    def next_due(self) -> float | None:
        """Virtual time at which the next operation ends."""
        return self._due[0][0] if self._due else None

    def settle(self, now: float) -> None:
        """End every operation whose time has come, in the order of their ends."""
        while self._due and self._due[0][0] <= now:
            _, _, operation = heapq.heappop(self._due)
            self.moment = operation.due
            try:
                operation.finish(operation)
            except ArmError as error:
                operation.state, operation.error = FAILED, error
            finally:
                self.moment = 0.0
            operation.finish = _ended  # lets go of the documents it held
            if operation.state not in TERMINAL:
                operation.state = SUCCEEDED

    def poll(self, path: str, query: Mapping[str, str], base_url: str, now: float) -> Answer | None:
        """The answer to a poll at a virtual time, None when the path is no operation's."""
        found = self._by_path.get(_poll_key(path, query))
        if found is None:
            return None
        operation, is_status = found
        return _status(operation, base_url, now) if is_status else _result(operation, base_url)


def _poll_key(path: str, query: Mapping[str, str]) -> str:
    # Machine learning and compute have one path for both URLs and tell them apart by a parameter.
    return f"{path.lower()}?{query.get('type', '')}{query.get('monitor', '')}"


def _fill(template: str | None, places: dict[str, str], signature: str) -> tuple[str, str]:
    if template is None:
        return "", ""
    path, _, query = template.format(**places).partition("?")
    return path, f"?{query}&{signature}" if query else f"?{signature}"


def _status(operation: Operation, base_url: str, now: float) -> Answer:
    style = operation.style
    pause = style.retry_after if style.poll_retry_after is None else style.poll_retry_after
    repeated = operation.headers(base_url, pause) if style.poll_repeats else {}
    if operation.state not in TERMINAL:
        headers = repeated or ({} if pause is None else {"Retry-After": str(pause)})
        if style.poll_status != 200:  # noqa: PLR2004 - private DNS repeats both URLs while it answers 202
            headers = operation.headers(base_url, pause)
        return Answer(style.poll_status, {"status": _word(operation, now), **_details(operation)}, headers)
    if operation.error is not None:
        return Answer(200, {"status": operation.state, "error": _with_details(operation.error)})
    return Answer(200, {**dict(style.final_status), **_details(operation)}, repeated)


def _word(operation: Operation, now: float) -> str:
    """The word of the stage that a running operation has come to."""
    whole = operation.due - operation.started
    share = (now - operation.started) / whole if whole > 0 else 1.0
    return next((word for since, word in reversed(operation.style.stages) if share >= since), operation.style.word)


def _details(operation: Operation) -> JsonObject:
    found = dict(operation.style.poll_members)
    if operation.style.poll_identity:
        found |= {"id": operation.status_path, "name": operation.id}
    if operation.style.poll_details:
        found |= {"name": operation.id, "startTime": iso(operation.started)}
        if operation.state in TERMINAL:
            found["endTime"] = iso(operation.due)
    return found


def _result(operation: Operation, base_url: str) -> Answer:
    if operation.state not in TERMINAL:
        headers = operation.headers(base_url, operation.style.retry_after)
        return Answer(202, None, headers)
    if operation.error is not None:
        return Answer(operation.error.status, operation.error.envelope(), operation.error.headers())
    body = operation.final() if operation.final and operation.style.result_body else None
    return Answer(200, body)


def _with_details(error: ArmError) -> JsonObject:
    # Network operations always carry the member, even without entries.
    return {"details": [], **error.body()}


def _ended(operation: Operation) -> None:
    """An operation ends once."""


def cancel(operation: Operation) -> None:
    """End an operation whose resource went away under it."""
    operation.state = CANCELED
    operation.error = ArmError(
        409,
        "OperationCancelled",
        "The operation was cancelled: another operation on the resource replaced it.",
    )

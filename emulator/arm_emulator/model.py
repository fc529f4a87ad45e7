"""The shapes that every part of the emulator speaks of: resources, callers, calls, answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.ids import ResourceId

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object. Objects in the store are never changed in place: a write replaces them."""

SUCCEEDED = "Succeeded"
FAILED = "Failed"
CANCELED = "Canceled"
TERMINAL = frozenset({SUCCEEDED, FAILED, CANCELED})


class EtagStyle(Enum):
    """How a type shows its entity tag; the recordings differ per provider."""

    WEAK = "weak"
    """`W/"<guid>"` in body and header (network types)."""
    BARE = "bare"
    """`<guid>` without quotes in body and header (private DNS zones and record sets)."""
    BLOB = "blob"
    """`"0x<hex>"`, quoted (shares and containers of storage accounts)."""
    HEX = "hex"
    """`"<hex groups>"`, quoted, in body and header (virtual network links)."""
    NULL = "null"
    """`etag: null` in the body, no header (machine learning workspaces)."""
    ABSENT = "absent"
    """Neither body nor header; `If-Match` is ignored except for `*`."""


@dataclass(frozen=True, slots=True)
class WriteStyle:
    """How a type answers one verb and how the operation behind it goes on.

    The URL templates may use `{subscription}` (the path `/subscriptions/<id>`), `{group}` (the path of the
    resource group), `{id}` (the resource's path), `{namespace}` (its provider), `{location}` and `{operation}` (a
    fresh id). A style without either URL is synchronous: the write is complete when it is answered.

    Attributes:
        created: status when the resource did not exist.
        updated: status when it did.
        body: what the answer shows: `resource`, `empty` (`{}`) or `none` (no body at all).
        status_url: template of the `Azure-AsyncOperation` header.
        result_url: template of the `Location` header.
        retry_after: seconds in `Retry-After` of the write's answer, None to leave it out.
        poll_retry_after: seconds in `Retry-After` of a running poll; None repeats `retry_after`.
        poll_status: HTTP status of the status URL while the operation runs (private DNS says 202).
        poll_details: whether status bodies carry the operation's name, its start and its end (compute).
        poll_identity: whether status bodies carry the operation's id and name (extensions of clusters).
        poll_members: further members of every status body, whatever it says.
        poll_repeats: whether every poll, the last included, repeats status URL and pause (registries).
        visible: True stores the write at once in state `running`; False lets GET show the old state (404
            on create) until the operation succeeds.
        running: `provisioningState` of the resource while the operation runs.
        word: `status` of the running operation.
        stages: words that replace it, each with the share of the operation's time from which on it is said.
        result_body: whether the result URL ends with the resource as its body (storage) or with none.
        final_status: status word and further members of a finished status body.
        update_async: False makes updates synchronous though creation is not (storage PUT 200).
    """

    created: int = 201
    updated: int = 200
    body: str = "resource"
    status_url: str | None = None
    result_url: str | None = None
    retry_after: int | None = None
    poll_retry_after: int | None = None
    poll_status: int = 200
    poll_repeats: bool = False
    poll_details: bool = False
    poll_identity: bool = False
    poll_members: tuple[tuple[str, object], ...] = ()
    visible: bool = True
    running: str = "Updating"
    word: str = "InProgress"
    stages: tuple[tuple[float, str], ...] = ()
    result_body: bool = False
    final_status: tuple[tuple[str, object], ...] = (("status", SUCCEEDED),)
    update_async: bool = True

    def asynchronous(self, *, creating: bool) -> bool:
        """Whether the verb starts an operation that outlives its answer."""
        return (creating or self.update_async) and (self.status_url or self.result_url) is not None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Attributes:
        client_id: application id of the client.
        object_id: object id of its principal; what role assignments name.
        display_name: for people; what the change log shows when there is no user name.
        user_principal_name: set for people, empty for applications.
        kind: `User`, `Application` or `System`, as the change log says it.
    """

    client_id: str
    object_id: str
    display_name: str = ""
    user_principal_name: str = ""
    kind: str = "Application"

    @property
    def label(self) -> str:
        """The name that the change log's `changedBy` carries."""
        return self.user_principal_name or self.client_id


SYSTEM = Caller("", "", "System", "", "System")
"""The emulator itself: side effects of operations."""


@dataclass(slots=True)
class Resource:
    """One stored resource.

    Attributes:
        id: its id, in the casing of its creation.
        body: the document: id, name, type, location, tags, properties. Replaced, never changed in place.
        etag: present entity tag, already in the type's style; empty when the type has none.
        created: virtual time of creation, seconds since the epoch.
        modified: virtual time of the last write.
        operation: id of the operation that still runs on it, empty when settled.
        writes: how many writes were applied, the creation included.
    """

    id: ResourceId
    body: JsonObject
    etag: str = ""
    created: float = 0.0
    modified: float = 0.0
    operation: str = ""
    writes: int = 0

    @property
    def properties(self) -> JsonObject:
        """`properties` of the document, empty when there are none."""
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def state(self) -> str:
        """`provisioningState`; a document without one counts as Succeeded, as clients read it."""
        found = self.properties.get("provisioningState", SUCCEEDED)
        return str(found)

    @property
    def settled(self) -> bool:
        """Whether no operation is running on it."""
        return self.state in TERMINAL

    @property
    def location(self) -> str:
        """The region as written; empty where the type has none."""
        return str(self.body.get("location") or "")


@dataclass(slots=True)
class Call:
    """One authenticated request, as providers see it.

    Attributes:
        method: upper-case HTTP method.
        path: the path as sent.
        query: query parameters, names in lower case.
        headers: request headers, names in lower case.
        body: parsed JSON body, empty when there was none.
        caller: who asks.
        api_version: the `api-version` parameter.
        correlation_id: correlation id of request and change log.
        base_url: scheme, host and port under which the client reached us; pollers get absolute URLs from it.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: JsonObject
    caller: Caller
    api_version: str = ""
    correlation_id: str = ""
    base_url: str = ""
    fail_operation: JsonObject | None = None
    slow_operation: float = 1.0


@dataclass(slots=True)
class Answer:
    """What the caller gets.

    Attributes:
        status: HTTP status.
        body: JSON document, or None for an empty body.
        headers: headers beside the common ones.
        raw: literal body that replaces `body` (a scripted HTML error).
    """

    status: int
    body: JsonObject | None = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | None = None

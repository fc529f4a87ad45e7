"""Resource Graph: tables that lag behind the store, and the answer in both formats.

Source: Resource Graph REST API 2021-03-01 and the article on change analysis.
"""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from arm_emulator import ids
from arm_emulator.changes import differences
from arm_emulator.clock import iso
from arm_emulator.errors import bad_request
from arm_emulator.kql import run
from arm_emulator.kql_functions import Moments
from arm_emulator.kql_syntax import UnsupportedQueryError
from arm_emulator.model import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from arm_emulator.changes import Change
    from arm_emulator.hooks import Context
    from arm_emulator.model import Call, JsonObject, Resource

MOST_ROWS = 1000
"""Rows of one page, whatever `$top` says."""
CHANGES_KEPT = 20_000
_TABLES = ("resources", "resourcecontainers", "authorizationresources")
_TEXTS = ("kind", "location", "managedBy")
_CONTAINERS = frozenset({ids.RESOURCE_GROUPS.lower(), ids.SUBSCRIPTIONS.lower()})
_AUTHORIZATION = ("microsoft.authorization/roleassignments", "microsoft.authorization/roledefinitions")
_COLUMNS = (
    "kind",
    "location",
    "managedBy",
    "sku",
    "plan",
    "properties",
    "tags",
    "identity",
    "zones",
    "extendedLocation",
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row with what the check of the caller's rights needs.

    Attributes:
        row: what queries see; shared, never changed.
        scope: lower-case id of the resource group or subscription.
        action: the read action of the resource's type.
        key: lower-case id.
    """

    row: JsonObject
    scope: str
    action: str
    key: str


class ResourceGraph:
    """The index of one emulator.

    A change enters the tables `config.graph_lag` virtual seconds after it was applied; until then queries
    see the rows as they were.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._rows: dict[str, dict[str, _Entry]] = {name: {} for name in _TABLES}
        self._changes: deque[_Entry] = deque(maxlen=CHANGES_KEPT)
        self._pending: deque[Change] = deque()
        ctx.changes.listeners.append(self._pending.append)

    def query(self, call: Call, note: Callable[[str], None]) -> Answer:
        """Answer `POST /providers/Microsoft.ResourceGraph/resources`.

        Raises:
            ArmError: 400 for a query that cannot be served; it is noted as unserved as well.
        """
        self._catch_up()
        text = str(call.body.get("query") or "")
        moments = Moments(datetime.fromtimestamp(self._ctx.now, UTC))
        try:
            rows = run(text, lambda name: self._table(call, name), moments)
        except UnsupportedQueryError as problem:
            note(f"KQL {problem}: {text}")
            raise bad_request(
                "BadRequest", f"Please provide below info when asking for support: {problem}."
            ) from problem
        return self._page(call, rows)

    def _table(self, call: Call, name: str) -> Iterable[JsonObject]:
        wanted = {str(each).lower() for each in call.body.get("subscriptions") or ()}
        source: Iterable[_Entry] = self._changes if name == "resourcechanges" else self._rows[name].values()
        allowed = self._ctx.allowed
        for entry in source:
            if wanted and entry.row["subscriptionId"] not in wanted:
                continue
            if allowed(call.caller, "*/read", entry.scope) or allowed(call.caller, entry.action, entry.key):
                yield entry.row

    def _page(self, call: Call, rows: list[JsonObject]) -> Answer:
        options = call.body.get("options") or {}
        size = min(int(options.get("$top") or MOST_ROWS), MOST_ROWS)
        start = int(options.get("$skip") or 0)
        if options.get("$skipToken"):
            start = _untoken(str(options["$skipToken"]))
        chosen = rows[start : start + size]
        more = start + size < len(rows)
        body: JsonObject = {
            "totalRecords": len(rows),
            "count": len(chosen),
            "data": chosen,
            "facets": [],
            "resultTruncated": "false",
        }
        if str(options.get("resultFormat", "objectArray")).lower() == "table":
            names = list(chosen[0]) if chosen else []
            columns = [{"name": each, "type": _kind(chosen[0][each])} for each in names]
            body["data"] = {"columns": columns, "rows": [[row.get(each) for each in names] for row in chosen]}
        if more:
            body["$skipToken"] = base64.b64encode(f"from:{start + size}".encode()).decode()
        return Answer(200, body)

    def _catch_up(self) -> None:
        visible = self._ctx.now - self._ctx.config.graph_lag
        stale: dict[str, ids.ResourceId] = {}
        while self._pending and self._pending[0].moment <= visible:
            change = self._pending.popleft()
            root, path = self._root(change)
            stale[root.key] = root
            if change.type != "Update" or change.properties:
                self._changes.append(_change_row(change, root, path, self._ctx.config.tenant))
        for where in stale.values():
            self._index(where)

    def _root(self, change: Change) -> tuple[ids.ResourceId, str]:
        """What Resource Graph knows of a changed resource: itself, or the parent that shows it."""
        where, path = change.id, ""
        while where.nested and not self._graphed(where, change):
            parent = ids.parse(where.parent)
            if parent is None:
                break
            stored = self._ctx.store.get(parent.key)
            siblings = self._ctx.store.children(parent.key, where.type_key)
            position = next((i for i, each in enumerate(siblings) if each.id.key == where.key), len(siblings))
            path = f"properties.{where.type.rsplit('/', 1)[-1]}[{position}].{path}"
            where = stored.id if stored else parent
        return where, path

    def _graphed(self, where: ids.ResourceId, change: Change) -> bool:
        declared = self._ctx.registry.find(where.type_key).graphed
        if declared is not None:
            return declared
        document = (change.after or change.before or {}) if where.key == change.id.key else {}
        stored = self._ctx.store.get(where.key)
        return bool(document.get("location") or (stored and stored.location))

    def _index(self, where: ids.ResourceId) -> None:
        kind = where.type_key
        table = (
            "resourcecontainers"
            if kind in _CONTAINERS
            else "authorizationresources"
            if kind in _AUTHORIZATION
            else "resources"
        )
        resource = self._ctx.store.get(where.key)
        hidden = table == "resources" and kind.startswith("microsoft.authorization/")
        if resource is None or hidden:
            self._rows[table].pop(where.key, None)
            return
        self._rows[table][where.key] = _row(self._ctx, resource)


def _row(ctx: Context, resource: Resource) -> _Entry:
    where = resource.id
    shown = ctx.type_of(resource).render(ctx, resource)
    kind = where.type_key
    if where.type == ids.RESOURCE_GROUPS:
        kind = "microsoft.resources/subscriptions/resourcegroups"
    row: JsonObject = {
        "id": where.text,
        "name": where.name,
        "type": kind,
        "tenantId": ctx.config.tenant,
        "resourceGroup": where.group.lower(),
        "subscriptionId": where.subscription,
        **{each: shown.get(each) for each in _COLUMNS},
    }
    for each in _TEXTS:  # text columns are never null
        row[each] = row[each] or ""
    return _entry(where, row)


def _entry(where: ids.ResourceId, row: JsonObject) -> _Entry:
    above = ids.ancestors(where.key)
    scope = next((each for each in above if each.count("/") <= 4), "/")  # noqa: PLR2004 - a resource group
    return _Entry(row, scope, f"{where.type}/read", where.key)


def _change_row(change: Change, root: ids.ResourceId, path: str, tenant: str) -> _Entry:
    own = not path
    kind = change.type if own else "Update"
    changes = {
        f"{path}{name}": {"previousValue": _text(before), "newValue": _text(after), "isTruncated": "false"}
        for name, (before, after) in _shown_changes(change, own=own).items()
    }
    name = f"{change.sequence:020d}"
    caller = change.caller
    row: JsonObject = {
        "id": f"{root.text}/providers/Microsoft.Resources/changes/{name}",
        "name": name,
        "type": "microsoft.resources/changes",
        "tenantId": tenant,
        "resourceGroup": root.group.lower(),
        "subscriptionId": root.subscription,
        "properties": {
            "targetResourceId": root.text,
            "targetResourceType": root.type_key,
            "changeType": kind,
            "changeAttributes": {
                "timestamp": iso(change.moment),
                "changesCount": len(changes),
                "correlationId": change.correlation_id,
                "changedBy": caller.label or "System",
                "changedByType": caller.kind,
                "clientType": "ARM REST API" if caller.kind != "System" else "Unspecified",
                "operation": change.operation.lower(),
                "previousResourceSnapshotId": f"{root.key}_{change.sequence - 1}",
                "newResourceSnapshotId": f"{root.key}_{change.sequence}",
            },
            "changes": changes,
        },
    }
    return _entry(root, row)


def _shown_changes(change: Change, *, own: bool) -> dict[str, tuple[Any, Any]]:
    if own or change.type == "Update":
        return change.properties
    return dict(differences(change.before or {}, change.after or {}))


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _untoken(token: str) -> int:
    try:
        return int(base64.b64decode(token).decode().removeprefix("from:"))
    except ValueError as problem:
        raise bad_request("BadRequest", "The skip token is not valid.") from problem


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "integer"
    return "object" if isinstance(value, (dict, list)) else "string"

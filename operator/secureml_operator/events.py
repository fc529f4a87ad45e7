"""Kubernetes events on our resources, aggregated so that a repeat counts up instead of piling up."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from secureml_operator.cluster import ClusterError, ObjectGoneError
from secureml_operator.kinds import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secureml_operator.cluster import Cluster
    from secureml_operator.resource import Resource
    from secureml_reconcilers.engine.contract import Event, Key

logger = logging.getLogger(__name__)

QUIET = timedelta(minutes=1)
"""A repeat within this time of the last write is only counted; the next write carries the sum."""

REMEMBERED = timedelta(minutes=50)
"""Repeats count up one event for so long; the API server forgets events after an hour by default."""

MOST_REMEMBERED = 4096
"""Bounds the memory at about two megabytes; beyond it the event unused longest starts over."""

MOST_PENDING = 32
"""Events kept per resource while its status cannot be written: some passes' worth of writes outside. Above it
the oldest are left to the log, which has them all; those of the present pass are never dropped."""

LONGEST_MESSAGE = 1024
"""The API server's own bound for an event's message, in characters."""

LONGEST_NAME = 230
"""A name may have 253 characters; the suffix needs up to 20."""

_Identity = tuple[str, str, str, str]


@dataclass(slots=True)
class _Posted:
    namespace: str
    name: str
    count: int
    first: datetime
    written: datetime


class Events:
    """Posts events; a failure to post is logged and forgotten, for an event must never fail a pass."""

    def __init__(self, cluster: Cluster, now: Callable[[], datetime], *, instance: str) -> None:
        """Take the clock (aware, UTC) and the name of this process, for `reportingInstance`."""
        self._cluster = cluster
        self._now = now
        self._instance = instance
        self._posted: OrderedDict[_Identity, _Posted] = OrderedDict()
        self._pending: dict[Key, dict[Event, None]] = {}  # ordered, and each once
        self._serial = 0

    def enqueue(self, resource: Resource, events: Sequence[Event]) -> None:
        """Keep events of a pass until its status, or that of a later pass, is written; then `flush` them.

        What a pass tells of was done outside, whatever becomes of its status, and the next pass may find it
        done and say nothing of it. What the next pass does say again is told once.
        """
        fresh = dict.fromkeys(events)
        earlier = [event for event in self._pending.get(resource.key, {}) if event not in fresh]
        excess = max(0, min(len(earlier), len(earlier) + len(fresh) - MOST_PENDING))
        for event in earlier[:excess]:
            logger.warning("No event tells this, for the status could not be written: %s", _line(event))
        pending = {**dict.fromkeys(earlier[excess:]), **fresh}
        if pending:
            self._pending[resource.key] = pending

    async def flush(self, resource: Resource) -> None:
        """Log and post what is kept for `resource`, in order."""
        pending = self._pending.get(resource.key, {})
        for event in list(pending):
            logger.log(logging.INFO if event.type == "Normal" else logging.WARNING, "%s", _line(event))
            await self.post(resource, [event])
            del pending[event]  # only now: a pass may be cut off while it posts
        self._pending.pop(resource.key, None)

    def forget(self, key: Key) -> None:
        """Drop what is kept for a resource that no longer exists."""
        self._pending.pop(key, None)

    async def post(self, resource: Resource, events: Sequence[Event]) -> None:
        """Post each event on `resource`, in order."""
        for event in events:
            try:
                await self._post(resource, event)
            except ClusterError as error:
                logger.warning("An event could not be posted: %s: %s", event.reason, error)

    async def _post(self, resource: Resource, event: Event) -> None:
        now = self._now()
        identity = (resource.uid, event.type, event.reason, event.message)
        posted = self._posted.get(identity)
        if posted is not None and now - posted.first < REMEMBERED:
            posted.count += 1
            self._posted.move_to_end(identity)
            if now - posted.written < QUIET:
                return
            posted.written = now
            try:
                await self._cluster.patch_event(
                    posted.namespace, posted.name, {"count": posted.count, "lastTimestamp": _rfc3339(now)}
                )
            except ObjectGoneError:
                del self._posted[identity]
            else:
                return
        await self._create(resource, event, now, identity)

    async def _create(self, resource: Resource, event: Event, now: datetime, identity: _Identity) -> None:
        self._serial += 1
        suffix = f"{int(now.timestamp() * 1_000_000):x}{self._serial % 4096:03x}"
        name = f"{resource.key.name[:LONGEST_NAME]}.{suffix}"
        await self._cluster.create_event(resource.key.namespace, self._body(resource, event, now, name))
        self._posted[identity] = _Posted(resource.key.namespace, name, 1, now, now)
        self._posted.move_to_end(identity)
        while len(self._posted) > MOST_REMEMBERED:
            self._posted.popitem(last=False)

    def _body(self, resource: Resource, event: Event, now: datetime, name: str) -> dict[str, Any]:
        key = resource.key
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": key.namespace},
            "involvedObject": {
                "apiVersion": API_VERSION,
                "kind": key.kind,
                "namespace": key.namespace,
                "name": key.name,
                "uid": resource.uid,
            },
            "type": event.type,
            "reason": event.reason,
            "message": event.message[:LONGEST_MESSAGE],
            "count": 1,
            "firstTimestamp": _rfc3339(now),
            "lastTimestamp": _rfc3339(now),
            "source": {"component": "secureml-operator"},
            "reportingComponent": "secureml.dev/operator",
            "reportingInstance": self._instance,
        }


def _line(event: Event) -> str:
    return f"{event.reason}: {event.message}"


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

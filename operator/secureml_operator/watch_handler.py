"""What a watch event means: the cache learns of it, and a key is queued when it deserves a pass."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from secureml_operator.resource import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from secureml_operator.kinds import Kind
    from secureml_operator.queue import DelayQueue
    from secureml_operator.store import Store
    from secureml_operator.watchdog import Watchdog
    from secureml_reconcilers.engine.contract import Key

logger = logging.getLogger(__name__)


class WatchHandler:
    """Takes raw watch events, in the order in which they come."""

    def __init__(
        self, store: Store, queue: DelayQueue[Key], watchdog: Watchdog, relisted: Callable[[], None]
    ) -> None:
        """Take `relisted`, called when the watch had to start over: deletions may have been missed."""
        self._store = store
        self._queue = queue
        self._watchdog = watchdog
        self._relisted = relisted

    def event(self, kind: Kind, event_type: str | None, body: Mapping[str, Any]) -> None:
        """Take one event; `event_type` is None for an object of a list, as kopf has it."""
        resource = parse(kind.name, body)
        if event_type == "DELETED":
            if self._store.gone(resource.key, resource.uid):
                self._watchdog.gone(resource.key, resource.version)
            self._queue.add(resource.key)
            return
        self._watchdog.observed(resource.key, resource.version)
        known = self._store.get(resource.key) is not None
        reason = self._store.seen(resource)
        if event_type is None:
            if known:
                self._relisted()
            reason = reason or "relist"
        if reason is not None:
            logger.debug("%s wakes: %s", resource.key, reason)
            self._queue.add(resource.key)

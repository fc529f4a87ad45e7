"""Notices a watch that hangs, without mistaking a quiet cluster for one.

The age of the last event says nothing: nobody may have changed anything since yesterday. So the watch is
held to what it owes: each version of an object that the API server has told us of otherwise, as the answer
to a write of ours or in a list, must come by the watch as well, soon.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from secureml_operator.resource import is_newer

if TYPE_CHECKING:
    from collections.abc import Collection

    from secureml_operator.clock import Clock
    from secureml_reconcilers.engine.contract import Key

PATIENCE = timedelta(minutes=3)
"""kopf takes a stream for dead after 70 s without bookmark or event, and connects again: twice that."""


class Watchdog:
    """Keeps account of the versions that the watch has shown and of those it owes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shown: dict[Key, str] = {}
        self._owed: dict[Key, tuple[str, float]] = {}  # the newest version owed, and since when any was

    def shown(self, key: Key, version: str) -> None:
        """Note that the watch has shown this version."""
        if key not in self._shown or is_newer(version, self._shown[key]):
            self._shown[key] = version
        owed = self._owed.get(key)
        if owed is not None and not is_newer(owed[0], version):
            del self._owed[key]

    def owes(self, key: Key, version: str) -> None:
        """Note that the API server holds this version."""
        if key in self._shown and not is_newer(version, self._shown[key]):
            return
        owed = self._owed.get(key)
        if owed is None:
            self._owed[key] = (version, self._clock.time())
        elif is_newer(version, owed[0]):
            self._owed[key] = (version, owed[1])

    def gone(self, key: Key, version: str) -> None:
        """Note that the watch has shown a deletion, or that the API server has confirmed one.

        The version stays for a while: a list that lags behind may name the object once more, and nothing
        would ever pay that debt.
        """
        self._owed.pop(key, None)
        if key not in self._shown or is_newer(version, self._shown[key]):
            self._shown[key] = version

    def keep_only(self, kind: str, keys: Collection[Key]) -> None:
        """Close the accounts of objects of a kind that are neither listed nor cached any more."""
        for key in {*self._shown, *self._owed}:
            if key.kind == kind and key not in keys:
                self._shown.pop(key, None)
                self._owed.pop(key, None)

    def overdue(self) -> timedelta:
        """Say how long the watch has owed what it has owed longest; zero when it owes nothing."""
        now = self._clock.time()
        return timedelta(seconds=max((now - since for _, since in self._owed.values()), default=0.0))

    def settled(self) -> bool:
        """Say whether the watch has shown everything we know of."""
        return not self._owed

"""Notices a watch that hangs, without mistaking a quiet cluster for one.

The age of the last event says nothing: nobody may have changed anything since yesterday. So the watch is
held to what is expected of it: each version of an object that the API server has told us of otherwise, as
the answer to a write of ours or in a list, must come by the watch as well, soon.
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
    """Keeps account of the versions observed by the watch and of those expected of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._observed: dict[Key, str] = {}
        self._expected: dict[Key, tuple[str, float]] = {}  # the newest version expected, and since when any was

    def observed(self, key: Key, version: str) -> None:
        """Note that the watch has shown this version."""
        if key not in self._observed or is_newer(version, self._observed[key]):
            self._observed[key] = version
        expected = self._expected.get(key)
        if expected is not None and not is_newer(expected[0], version):
            del self._expected[key]

    def expect(self, key: Key, version: str) -> None:
        """Note that the API server holds this version."""
        if key in self._observed and not is_newer(version, self._observed[key]):
            return
        expected = self._expected.get(key)
        if expected is None:
            self._expected[key] = (version, self._clock.time())
        elif is_newer(version, expected[0]):
            self._expected[key] = (version, expected[1])

    def gone(self, key: Key, version: str) -> None:
        """Note that the watch has shown a deletion, or that the API server has confirmed one.

        The version stays for a while: a list that lags behind may name the object once more, and that
        version would be expected for ever.
        """
        self._expected.pop(key, None)
        if key not in self._observed or is_newer(version, self._observed[key]):
            self._observed[key] = version

    def keep_only(self, kind: str, keys: Collection[Key]) -> None:
        """Forget the objects of a kind that are neither listed nor cached any more."""
        for key in {*self._observed, *self._expected}:
            if key.kind == kind and key not in keys:
                self._observed.pop(key, None)
                self._expected.pop(key, None)

    def overdue(self) -> timedelta:
        """Say how long the oldest expected version has been outstanding; zero when none is."""
        now = self._clock.time()
        return timedelta(seconds=max((now - since for _, since in self._expected.values()), default=0.0))

    def caught_up(self) -> bool:
        """Say whether the watch has shown everything we know of."""
        return not self._expected

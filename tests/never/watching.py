"""Watches a stand-in and the resources that are served from it: every test that drives one asks both rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tests.never import declared
from tests.never.causes import Causes
from tests.never.cut_off import Clients, Living
from tests.never.silence import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.changes import Change
    from arm_emulator.hooks import Context
    from secureml_reconcilers.engine.contract import ReconcileRequest, ReconcileResult


class Served(Protocol):
    """A custom resource that is being served."""

    @property
    def request(self) -> ReconcileRequest:
        """What the API server holds of it."""


@dataclass(slots=True)
class Known:
    """What is known of one resource."""

    served: Served
    released: bool = False
    began: float = 0.0
    """When its present pass began."""

    since: float = 0.0
    """Since when it has asked for what it asks for now, without a pause."""

    asks: tuple[Any, ...] = ()


@dataclass(slots=True)
class Watched:
    """A stand-in's store, and everybody who is served from it."""

    ctx: Context
    operator: str
    """Its client id."""

    known: list[Known] = field(default_factory=list)
    clients: Clients = field(init=False)
    causes: Causes = field(init=False)
    broken: list[str] = field(default_factory=list)
    excused: set[str] = field(default_factory=set)
    """Names of services whose clients a spec cuts off on purpose (`sharedServices: Close`)."""

    _opened: dict[str, float] = field(default_factory=dict)
    """By service that is open, when it was opened or made."""

    _closed_once: set[str] = field(default_factory=set)
    _acted: float = 0.0
    """When something that the operator wrote last had an effect."""

    _ours: bool = False

    def __post_init__(self) -> None:
        """Begin to watch."""
        self.causes = Causes(self.ctx, self.operator)
        self.clients = Clients(self.ctx, self._living, lambda _: self._ours)
        self.ctx.changes.listeners.append(self._changed)
        self.clients.watch()

    def take_on(self, served: Served) -> None:
        """Watch a resource."""
        self.known.append(Known(served))

    def begins(self, served: Served) -> None:
        """A pass begins."""
        this = self._of(served)
        this.began = self.ctx.now
        request = served.request
        asks = (request.generation, request.paused, request.deleting)
        if asks != this.asks:
            this.asks, this.since = asks, this.began
        self.clients.look()

    def ends(self, served: Served, outcome: ReconcileResult) -> None:
        """A pass has ended, and its status is written.

        Raises:
            AssertionError: what no test may ever see has happened.
        """
        this = self._of(served)
        this.released = outcome.released
        request = served.request
        if request.spec.get("mode", "Enforce") == "Enforce" and not request.paused and not request.deleting:
            said = [each.message for each in outcome.events]
            self.broken += silent(self.ctx, request.spec, outcome.status, said, self._ages(this))
        self._raise()

    def conclude(self) -> None:
        """The test is over.

        Raises:
            AssertionError: as `ends`.
        """
        self.clients.look()
        self._raise()

    def _raise(self) -> None:
        cut_off = (each for each in self.clients.broken if not any(name in each for name in self.excused))
        found = [*self.broken, *cut_off]
        self.broken.clear()
        self.clients.broken.clear()
        if found:
            raise AssertionError("\n".join(found))

    def _ages(self, this: Known) -> dict[str, float]:
        """By open service, for how long a pass could have known of it, and nothing went forward."""
        found = {}
        working = any(each.state == "InProgress" for each in self.ctx.operations.all())
        acted = self.ctx.now if working else self._acted
        for service, opened in self._opened.items():
            moved = 0.0 if service in self._closed_once else acted
            found[service] = this.began - max(opened, this.since, moved)
        return found

    def _living(self) -> Iterator[Living]:
        for each in self.known:
            if not each.released:
                yield Living(each.served.request.spec, each.served.request.deleting)

    def _of(self, served: Served) -> Known:
        return next(each for each in self.known if each.served is served)

    def _changed(self, change: Change) -> None:
        self._ours = self.causes.is_operators(change)
        if self._ours:
            self._acted = change.moment
        if change.id.type_key not in declared.SERVICES:
            return
        key = change.id.key
        if change.after is None or not declared.is_open(change.after):
            self._opened.pop(key, None)
            self._closed_once.add(key)
        else:
            self._opened.setdefault(key, change.moment)

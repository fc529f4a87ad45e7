"""What a report needs to know of the passes before, for one custom resource. Losing it costs an event at most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from secureml_reconcilers.engine.attribution import UnattributedDrift
    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.contract import Event
    from secureml_reconcilers.engine.diagnosis import Diagnosing


@dataclass(slots=True)
class PassHistory:
    """Kept between the passes of one custom resource."""

    generation: int = -1
    """That of the latest pass."""

    asked_at: str = ""
    """The request's, of the latest pass."""

    written: frozenset[str] = frozenset()
    """What the latest evaluated pass would write, by `write_key`."""

    pending_since: dict[str, Moment] = field(default_factory=dict)
    """By block key, since when a fact has been pending with nothing under way that could make it true."""

    awaiting_author: dict[str, UnattributedDrift] = field(default_factory=dict)
    """By resource key."""

    author_due: Moment | None = None
    """When the change log is asked again, and nothing else; None when the next pass looks at everything."""

    diagnosing: Diagnosing | None = None
    """The diagnosis of Azure's own that is due or under way."""

    diagnosis_due: Moment | None = None
    """As `author_due`, when Azure is asked to diagnose, or whether it has."""

    advised: list[Mapping[str, Any]] = field(default_factory=list)
    """Findings that were told before something could not be told: they are no news when they are back."""

    pending_events: list[Event] = field(default_factory=list)
    """What led to writes and what was written, until a pass comes to its report: one that is cut short between two
    batches of writes has none."""

    drift_outstanding: bool = False
    """Drift was found and its repair not seen; the status tells it too, until passes fail."""

    reported_at: datetime | None = None
    """When the latest pass was reported, by the wall's clock: what is open is told again now and then."""

    silence_told: bool = False
    """An event has told that Azure does not answer, and it has not answered since."""

    deferred_since: Moment | None = None
    """Since when no pass has evaluated anything, for the subscription's budget was spent."""

    troubled_passes: int = 0
    """Passes in a row that ended with something unreadable or missing."""

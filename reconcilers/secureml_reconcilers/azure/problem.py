"""The one typed error: the only way from a failed call to a condition."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import timedelta

    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.azure.resource_id import ResourceId

_GUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

_REQUEST: Final = re.compile(
    r"[\s,;(\[-]*\b(?:x-ms-|client[\s_-]?)?(?:correlation|request|trace|tracking|activity)[\s_-]?(?:request[\s_-]?)?id"
    rf"['\"]?\s*(?:is|[:=])?\s*['\"]?({_GUID})['\"]?[)\]]?",
    re.IGNORECASE,
)
"""Which request it was: `RequestId:…`, `Correlation ID: …`, `(x-ms-correlation-request-id: '…')`. An `object
id` or a `client id` says who, and stays."""

_PASSING: Final = (
    (
        re.compile(
            r"[\s,;(-]*\btime(?:stamp)?\s*[:=]\s*['\"]?\d{4}-\d\d-\d\d[T ][\d:.]+Z?['\"]?\)?", re.IGNORECASE
        ),
        "",
    ),
    (re.compile(r"(UTC time) '[^']*'"), r"\1"),
    (
        re.compile(r"\b(retry|retried|try again) (?:in|after) \d+ (?:second|minute)s?\b", re.IGNORECASE),
        r"\1 later",
    ),
    (re.compile(r"<[^<>]* object at 0x[0-9a-f]+>"), "…"),
)
"""What else a message names that is another one each time: instants, waits, objects of this process."""


class Retry(Enum):
    """How soon the same call may be worth repeating."""

    SOON = "soon"
    """Transient: the service heals by itself, backoff from seconds."""

    SLOW = "slow"
    """Somebody else must act (a role, a lock, a quota), and then it heals without a change of the spec."""

    NEVER = "never"
    """Only a change of the custom resource helps; tried again rarely, in case we are wrong."""


class Severity(Enum):
    """Who must act."""

    NOBODY = "nobody"
    """It passes by itself."""

    AZURE_ADMIN = "azure-admin"
    """Somebody with rights in Azure: a role assignment, a lock, a policy, an approval."""

    USER = "user"
    """The author of the custom resource."""


# Not frozen: raising and re-raising writes __traceback__ on the instance.
@dataclass(eq=False)
class AzureProblem(Exception):  # noqa: N818 - it is a classified problem, whatever raised it
    """A call to Azure that did not do what was asked, classified.

    Raised by everything in `azure/`, and by the view when a composition touches what could not be read.
    """

    reason: Reason
    """Of the condition."""

    message: str
    """What happened, for the person who must act; names the resource. The same for the same trouble: it stands in
    a status, and what differs each time would have it written on every pass."""

    advice: str = ""
    """What to do about it."""

    retry: Retry = Retry.SOON
    severity: Severity = Severity.NOBODY
    retry_after: timedelta | None = None
    """When the service asked to be called again; wins over our own backoff when longer."""

    target: ResourceId | None = None
    code: str = ""
    """The ARM error code, empty when there was no answer."""

    permission: str = ""
    """The action that is missing, for the Permitted condition."""

    permission_scope: str = ""
    """Where it is missing, as Azure says it: of a linked resource, such as a network that is to be joined."""

    correlation_id: str = ""
    """Azure's id of the request, for a support case."""

    throttled: bool = False
    """The budget that all requests share is spent, by Azure's count or ours: nothing is wrong with the resource,
    and nothing else can be asked of Resource Manager either. Not set where a service is busy with one resource."""

    outcome_unknown: bool = False
    """The write may have been applied: its answer was lost. Read before repeating it."""

    def __post_init__(self) -> None:
        """Take out of the message what is another one each time; the request's id is kept beside it."""
        found = _REQUEST.search(self.message)
        if found is not None:
            self.correlation_id = self.correlation_id or found.group(1)
            self.message = _REQUEST.sub("", self.message)
        for passing, instead in _PASSING:
            self.message = passing.sub(instead, self.message)

    def __str__(self) -> str:
        said = self.message.rstrip()
        stop = "" if said.endswith((".", "!", "?", ":")) or not said else "."
        return f"{said}{stop} {self.advice}".strip()

    def with_target(self, target: ResourceId) -> AzureProblem:
        """The same problem, said of a resource."""
        return self if self.target is not None else replace(self, target=target)

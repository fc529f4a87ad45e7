"""What is refused before it is routed, because the generic store would feign that it was done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.reads import UnservedError

if TYPE_CHECKING:
    from arm_emulator.model import Call

_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """One family of paths that is not served.

    Attributes:
        pattern: matched against the path, ignoring case.
        status, code, message: the answer, with `{call}` for verb and path.
        reads: whether GET and HEAD are refused too; otherwise they find nothing, which is the truth.
    """

    pattern: re.Pattern[str]
    status: int
    code: str
    message: str
    reads: bool = True


REFUSALS = (
    Refusal(
        re.compile(r"/(v1\.0|beta)(/.*)?", re.IGNORECASE),
        501,
        "NotImplemented",
        "The emulator does not serve Microsoft Graph ({call}): it knows its users and applications from its "
        "configuration and from /emulator/clients. Name principals by their object id.",
    ),
    Refusal(
        re.compile(r"(/.+)?/providers/Microsoft\.Resources/deployments/[^/]+(/.*)?", re.IGNORECASE),
        501,
        "NotImplemented",
        "The emulator does not evaluate template deployments ({call}), so nothing was made. Create the resources "
        "one by one.",
        reads=False,
    ),
    Refusal(
        re.compile(r"/providers/Microsoft\.Authorization/providerOperations(/.*)?", re.IGNORECASE),
        501,
        "NotImplemented",
        "The emulator does not list the operations of providers ({call}).",
    ),
)


def check(call: Call) -> None:
    """Refuse what no provider serves and the generic store must not take.

    Raises:
        UnservedError: with a sentence that says what is missing.
    """
    for each in REFUSALS:
        if each.pattern.fullmatch(call.path) and (each.reads or call.method not in _READS):
            words = each.message.format(call=f"{call.method} {call.path}")
            raise UnservedError(each.status, each.code, words, failure_cause="gateway")

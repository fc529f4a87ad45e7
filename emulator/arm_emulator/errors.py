"""Errors as Azure Resource Manager words them: one class, and the only place that makes an error body."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arm_emulator.model import JsonObject

GATEWAY = "gateway"
SERVICE = "service"


class ArmError(Exception):
    """A refusal that the caller receives as HTTP status and error body, or as the end of its operation.

    Args:
        status: HTTP status.
        code: Azure's error code, such as `InUseSubnetCannotBeDeleted`.
        message: the sentence shown to the caller.
        target: the property or resource at fault.
        details: nested errors, each with `code` and `message`.
        additional_info: entries of `additionalInfo`, such as a policy violation.
        retry_after: seconds for the `Retry-After` header.
        failure_cause: value of `x-ms-failure-cause`: `gateway` for ARM's own, `service` for a provider's,
            None for an answer without the header.
        headers: further headers of the answer.
        enveloped: False for the few services whose error stands at the top of the body, without `error`.
        members: further members of the error object that one service has.
    """

    def __init__(  # noqa: PLR0913 - an ARM error has this many parts
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: Sequence[JsonObject] = (),
        additional_info: Sequence[JsonObject] = (),
        retry_after: int | None = None,
        failure_cause: str | None = SERVICE,
        headers: Mapping[str, str] | None = None,
        enveloped: bool = True,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = list(details)
        self.additional_info = list(additional_info)
        self.retry_after = retry_after
        self.failure_cause = failure_cause
        self.enveloped = enveloped
        self._members = dict(members or {})
        self._headers = dict(headers or {})

    def body(self) -> JsonObject:
        """The `error` object, without its envelope; the shape that failed operations carry too."""
        error: JsonObject = {"code": self.code, "message": self.message}
        if self.target is not None:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        if self.additional_info:
            error["additionalInfo"] = self.additional_info
        return {**error, **self._members}

    def envelope(self) -> JsonObject:
        """The whole answer's body."""
        return {"error": self.body()} if self.enveloped else self.body()

    def headers(self) -> dict[str, str]:
        """The headers that belong to this error."""
        headers = dict(self._headers)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.failure_cause is not None:
            headers["x-ms-failure-cause"] = self.failure_cause
        return headers


def bad_request(code: str, message: str, *, target: str | None = None) -> ArmError:
    """A provider's 400."""
    return ArmError(400, code, message, target=target)


def conflict(code: str, message: str) -> ArmError:
    """A provider's 409."""
    return ArmError(409, code, message)


def gateway(status: int, code: str, message: str) -> ArmError:
    """A refusal by Resource Manager itself, before any provider is asked."""
    return ArmError(status, code, message, failure_cause=GATEWAY)

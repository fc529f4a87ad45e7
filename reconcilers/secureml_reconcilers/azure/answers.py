"""What an answer of Azure says: an object, a list, a refusal, or nothing that can be understood."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
from azure.core.exceptions import AzureError

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import Reply
from secureml_reconcilers.azure.errors import asked_wait, classify
from secureml_reconcilers.azure.problem import AzureProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core.rest import AsyncHttpResponse

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId

_log = logging.getLogger(__name__)


@contextmanager
def understood(method: str, what: str, target: ResourceId | None = None) -> Iterator[None]:
    """Let nothing but an `AzureProblem` escape from a call to Azure.

    Libraries raise what they do not document: on an answer of a form that nobody foresaw, or by a bug. The
    exception's text stays in the log, for it may quote a token or a body.

    Args:
        method: the HTTP method; after anything but a GET the outcome is unknown.
        what: the resource, collection or query that is asked for.
        target: the resource, where it is one.

    Raises:
        AzureProblem: whatever is raised inside; reason UnexpectedAnswer when it is no known failure.
    """
    try:
        yield
    except AzureProblem:
        raise
    except AzureError as error:
        raise unanswered(error, method, what) from error
    except Exception as error:
        _log.exception("%s %s failed in an unexpected way", method, what)
        raise AzureProblem(
            reasons.UNEXPECTED_ANSWER,
            f"{method} {what} ended in an unexpected way ({type(error).__name__})",
            "It is tried again by itself. If it stays, report it with the operator's log.",
            target=target,
            outcome_unknown=method not in {"GET", "POST"},
        ) from error


def unanswered(error: AzureError, method: str, what: str) -> AzureProblem:
    """No answer came. A request that was never sent has a known outcome; a lost answer has not."""
    return AzureProblem(
        reasons.AZURE_UNREACHABLE,
        f"{method} {what} got no answer: {error.message or type(error).__name__}",
        "It is read again by itself before anything is repeated.",
        # A refused connection sent nothing; azure-core files a connection cut later under the same class.
        outcome_unknown=method != "GET" and not isinstance(error.inner_exception, aiohttp.ClientConnectorError),
    )


def problem_in(response: AsyncHttpResponse, target: ResourceId | None) -> AzureProblem:
    """Why Azure refused a request."""
    return classify(response.status_code, dict(response.headers), response.content, target)


def resource_in(response: AsyncHttpResponse, target: ResourceId) -> Body:
    """The resource that an answer shows.

    Raises:
        AzureProblem: when the body is anything else; a body we cannot parse is no answer.
    """
    shown = _page(response, target)
    if not isinstance(shown.get("properties") or {}, dict):
        raise _unreadable("an object whose properties are none", target)
    return shown


def rows_in(response: AsyncHttpResponse, member: str) -> tuple[list[Any], Body]:
    """The objects in a page of a listing or of a query, and the page itself.

    Raises:
        AzureProblem: when the body has another form.
    """
    page = _page(response, None)
    rows = page.get(member, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _unreadable(f"an object whose member {member} is no list of objects", None)
    return rows, page


def reply_in(response: AsyncHttpResponse, target: ResourceId, handle: str = "") -> Reply:
    """The answer to a question on which Azure may still work.

    Args:
        response: to the question, or to a look at its handle.
        target: what the question is about.
        handle: the one that was looked at; an answer need not name it again.

    Raises:
        AzureProblem: when Azure refused, when the body is no object, or when nobody can say where to look.
    """
    if response.status_code == HTTPStatus.ACCEPTED:
        led_to = response.headers.get("Location") or handle
        if not led_to:
            raise AzureProblem(
                reasons.UNEXPECTED_ANSWER,
                "Azure answered 202 without a Location.",
                "Nothing to do.",
                target=target,
            )
        return Reply(None, led_to, asked_wait(response.headers))
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        raise problem_in(response, target)
    try:
        body = json.loads(response.content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _unreadable("no JSON object", target)
    return Reply(body)


def shown_in(response: AsyncHttpResponse) -> Body | None:
    """The JSON object of an answer that need have none."""
    try:
        parsed = json.loads(response.content)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) and parsed else None


def _page(response: AsyncHttpResponse, target: ResourceId | None) -> Body:
    shown = shown_in(response)
    if shown is None:
        raise _unreadable("no JSON object", target)
    return shown


def _unreadable(form: str, target: ResourceId | None) -> AzureProblem:
    said = f"Azure answered 200 with a body that is {form}."
    return AzureProblem(reasons.UNEXPECTED_ANSWER, said, "Nothing to do.", target=target)

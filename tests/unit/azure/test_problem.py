"""What a problem says: the same for the same trouble, for it stands in a status."""

from __future__ import annotations

import json

import pytest

from secureml_reconcilers.azure.errors import classify
from secureml_reconcilers.azure.problem import AzureProblem

ONE, OTHER = "20267531-0284-4543-93d7-cf50919fd841", "00a7e15c-4557-4974-91d5-886428b00e00"
SIGN_IN = "AADSTS7000215: Invalid client secret."

MESSAGES = [  # what Azure says, with what differs each time left open; what we say
    pytest.param(
        f"{SIGN_IN} Trace ID: {{id}} Correlation ID: {{id}} Timestamp: 2022-02-04 00:28:0{{digit}}Z",
        SIGN_IN,
        id="Entra ID",
    ),
    pytest.param(
        "The account is busy.\nRequestId:{id}\nTime:2021-06-11T07:45:2{digit}.1234567Z",
        "The account is busy.",
        id="storage",
    ),
    pytest.param(
        "An error occurred (x-ms-correlation-request-id: '{id}').",
        "An error occurred.",
        id="a number of the request",
    ),
    pytest.param("It can be retried in 1{digit} seconds.", "It can be retried later.", id="how long to wait"),
    pytest.param(
        "The access token expiry UTC time '8/1/2017 10:12:5{digit} PM' is earlier than current UTC time"
        " '8/1/2017 11:12:5{digit} PM'.",
        "The access token expiry UTC time is earlier than current UTC time.",
        id="a token that is too old",
    ),
    pytest.param(
        "Cannot connect to host a:443 ssl:<ssl.SSLContext object at 0x7f2bd{digit}> [refused]",
        "Cannot connect to host a:443 ssl:… [refused]",
        id="an object of this process",
    ),
]


@pytest.mark.parametrize(("said", "shown"), MESSAGES)
def test_the_same_trouble_says_the_same(said: str, shown: str) -> None:
    """Each pass would otherwise write another status, and each write wakes everybody who watches."""
    first, second = (AzureProblem("X", said.format(id=id_, digit=digit)) for id_, digit in ((ONE, 1), (OTHER, 2)))
    assert (first.message, second.message) == (shown, shown)


def test_the_number_of_a_request_is_kept_for_a_support_case() -> None:
    """Beside the message; one that came with the answer's headers wins."""
    body = json.dumps({"error": {"code": "Conflict", "message": f"No. Correlation ID: {ONE}"}})
    assert classify(409, {}, body).correlation_id == ONE
    assert classify(409, {"x-ms-correlation-request-id": OTHER}, body).correlation_id == OTHER
    said = f"{SIGN_IN} Correlation ID: {ONE}"
    assert AzureProblem("X", said).correlation_id == ONE
    assert AzureProblem("X", said, correlation_id=OTHER).correlation_id == OTHER


@pytest.mark.parametrize(
    "said",
    [
        f"The client '{ONE}' with object id '{OTHER}' does not have authorization.",
        f"/subscriptions/{ONE}/resourceGroups/g does not exist.",
        "A zone that was deleted can be made again within 30 minutes.",
        "",
    ],
)
def test_what_tells_who_and_what_stays(said: str) -> None:
    """Ids of people, applications and resources are no numbers of requests."""
    assert AzureProblem("X", said).message == said

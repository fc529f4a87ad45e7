"""No token: what is said of it. A token: what it tells of us."""

from __future__ import annotations

import base64

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError

from secureml_reconcilers.azure.problem import Severity
from secureml_reconcilers.azure.signing_in import OwnIdentity, not_signed_in

EXPIRED = (
    "Authentication failed: AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the"
    " request is the client secret value."
)
REFUSED = f"Entra ID refused the operator's credential: {EXPIRED}"
VARIABLES = "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret or the federated credential."
SET_THEM = (
    "Set AZURE_TENANT_ID and AZURE_CLIENT_ID, and AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET, or give the"
    " machine a managed identity."
)


@pytest.mark.parametrize(
    ("error", "message", "advice"),
    [
        pytest.param(ClientAuthenticationError(EXPIRED), REFUSED, VARIABLES, id="a secret that is refused"),
        pytest.param(
            ClientAuthenticationError(
                f"{EXPIRED} Trace ID: 3c5b8f6e-0000-4000-8000-b1946ac92492 Correlation ID:"
                " 7d865e95-0000-4000-8000-9b2bf05a4b81 Timestamp: 2026-01-01 00:00:00Z"
            ),
            REFUSED,
            VARIABLES,
            id="what differs on every attempt is left out: a status would change with it, and be written anew",
        ),
        pytest.param(
            ClientAuthenticationError(
                f"{EXPIRED}\r\nTrace ID: 3c5b8f6e\r\nCorrelation ID: 7d865e95\r\nTimestamp: 2026-01-01T00:00:00Z"
            ),
            REFUSED,
            VARIABLES,
            id="in lines of its own, too",
        ),
        pytest.param(
            CredentialUnavailableError("no response from the IMDS endpoint."),
            "No secret and no federated token is set, and the machine's managed identity failed: no response from"
            " the IMDS endpoint.",
            SET_THEM,
            id="no credential, and a machine without an identity",
        ),
    ],
)
def test_a_failed_sign_in_says_what_to_do(error: AzureError, message: str, advice: str) -> None:
    """The same words on every attempt, and a remedy that fits."""
    problem = not_signed_in(error)
    assert (problem.reason, problem.message, problem.advice) == ("AuthenticationFailed", message, advice)


def test_entra_id_out_of_reach_is_no_refusal() -> None:
    """Nobody is sent to look for a fault in the credential."""
    problem = not_signed_in(ServiceRequestError("Cannot connect to host login.microsoftonline.com:443"))
    assert (problem.reason, problem.severity) == ("AzureUnreachable", Severity.NOBODY)


def token(claims: bytes) -> str:
    """A token with these claims, of which nobody checks the signature."""
    return f"h.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"


def test_each_token_adds_the_names_that_it_tells() -> None:
    """Users have a name, applications two ids; what an earlier token told stays ours, for we wrote with it."""
    ourselves = OwnIdentity()
    assert "app" not in ourselves
    ourselves.learn(token(b'{"appid": "App", "oid": "object", "aud": "https://management.azure.com"}'))
    ourselves.learn(token(b'{"upn": "Ops@contoso.com"}'))
    known = ["APP", "object", "ops@CONTOSO.com", "https://management.azure.com", "alice@contoso.com", ""]
    assert [name in ourselves for name in known] == [True, True, True, False, False, False]


@pytest.mark.parametrize("opaque", ["", "opaque", "a.%.c", token(b"no JSON"), token(b"[1]"), token(b"\xff")])
def test_a_token_that_cannot_be_read_tells_nothing(opaque: str) -> None:
    """Azure may change the form of its tokens, which are not made for clients to read."""
    ourselves = OwnIdentity()
    ourselves.learn(opaque)
    assert opaque not in ourselves

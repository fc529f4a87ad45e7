"""No answer came: what is said of it, and whether a write may have been done."""

from __future__ import annotations

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import CredentialUnavailableError

from secureml_reconcilers.azure.client import _unanswered

URL = "https://management.azure.com/subscriptions/s?api-version=1"
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
    problem = _unanswered(error, "GET", URL)
    assert (problem.reason, problem.message, problem.advice) == ("NotSignedIn", message, advice)

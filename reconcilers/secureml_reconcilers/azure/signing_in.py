"""Signing in: every token goes through here, says who we are, and fails as an `AzureProblem`."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import CredentialUnavailableError

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

Token = TypeVar("Token", "AccessToken", "AccessTokenInfo")

_NAMES: Final = ("appid", "azp", "oid", "upn")
"""Claims whose values the change log shows as the author of a change, in one or another kind of token."""

_OF_ONE_ATTEMPT: Final = re.compile(r"\s*(?:Trace ID|Correlation ID): \S+|\s*Timestamp: \S+(?: [\d:]+Z)?")
"""What Entra ID adds to its errors for its own support, new on every attempt."""

_CHECK: Final = "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret or the federated credential."


class OwnIdentity:
    """The names under which the change log knows us, as all our tokens so far have told."""

    def __init__(self) -> None:
        """Know nothing until the first token."""
        self._names: set[str] = set()
        self._last = ""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._names

    def learn(self, token: str) -> None:
        """Read the claims of a token, once for each: unverified, for they open nothing."""
        if token == self._last:
            return
        self._last = token
        claims = _claims(token)
        self._names.update(str(claims[name]).lower() for name in _NAMES if claims.get(name))


class SignIn:
    """A credential that learns from each token who we are, and fails as an `AzureProblem`.

    A failure to sign in means that the request itself was not sent, so the outcome of a write is known.
    """

    def __init__(self, credential: Any, ourselves: OwnIdentity) -> None:  # noqa: ANN401 - two protocols in one
        """Wrap one of azure-identity's asynchronous credentials."""
        self._credential = credential
        self._ourselves = ourselves

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - the SDK's protocol
        """See `azure.core.credentials_async.AsyncTokenCredential`.

        Raises:
            AzureProblem: when there is no token to be had.
        """
        return await self._learned(self._credential.get_token(*scopes, **options))

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """See `azure.core.credentials_async.AsyncSupportsTokenInfo`, which the pipeline prefers.

        Raises:
            AzureProblem: when there is no token to be had.
        """
        return await self._learned(self._credential.get_token_info(*scopes, options=options))

    async def _learned(self, asked: Awaitable[Token]) -> Token:
        try:
            token = await asked
        except Exception as error:
            raise not_signed_in(error) from error
        self._ourselves.learn(token.token)
        return token

    async def close(self) -> None:
        """Close the connections to Entra ID."""
        await self._credential.close()

    async def __aenter__(self) -> Self:
        await self._credential.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._credential.__aexit__(*raised)


def not_signed_in(error: Exception) -> AzureProblem:
    """Why there is no token, in the same words on every attempt: else the status would change with each.

    Args:
        error: what the credential raised; of an error that is none of the SDK's only the class is told.
    """
    if not isinstance(error, AzureError):
        return AzureProblem(
            reasons.AUTHENTICATION_FAILED,
            f"The operator's credential cannot be used: {type(error).__name__}",
            _CHECK,
            Retry.SOON,
            Severity.AZURE_ADMIN,
        )
    said = _OF_ONE_ATTEMPT.sub("", error.message)
    if isinstance(error, CredentialUnavailableError):  # of our credentials, only the managed identity raises it
        return AzureProblem(
            reasons.AUTHENTICATION_FAILED,
            f"No secret and no federated token is set, and the machine's managed identity failed: {said}",
            "Set AZURE_TENANT_ID and AZURE_CLIENT_ID, and AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET, or"
            " give the machine a managed identity.",
            Retry.SOON,
            Severity.AZURE_ADMIN,
        )
    # The SDK calls an outage of Entra ID a failed authentication, too.
    refused = isinstance(error, ClientAuthenticationError) and (error.status_code or 0) < 500  # noqa: PLR2004
    if refused:
        message = f"Entra ID refused the operator's credential: {said}"
        return AzureProblem(reasons.AUTHENTICATION_FAILED, message, _CHECK, Retry.SOON, Severity.AZURE_ADMIN)
    return AzureProblem(
        reasons.AZURE_UNREACHABLE,
        f"Entra ID gave no answer to the operator's sign-in: {said or type(error).__name__}",
        "It is tried again by itself.",
    )


def _claims(token: str) -> dict[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}

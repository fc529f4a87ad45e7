"""Entra ID: discovery documents, signing keys, and tokens for secrets, assertions and managed identities."""

from __future__ import annotations

import base64
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from arm_emulator.model import Answer, Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.config import Client, Config
    from arm_emulator.model import Call, JsonObject

KEY_ID = "arm-emulator"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TOKEN_PATHS = ("/oauth2/v2.0/token", "/oauth2/token")


@lru_cache(maxsize=1)
def signing_key() -> rsa.RSAPrivateKey:
    """The process's RSA key; tokens do not outlive the process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TokenError(Exception):
    """A bearer token that ARM refuses.

    Attributes:
        code: ARM's error code.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _RefusedError(Exception):
    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number = status, error, number


class Entra:
    """The identity platform of one tenant.

    Args:
        config: tenant and clients.
        real: real time, seconds since the epoch. Tokens live on real time: clients check `exp` against
            their own clocks.
    """

    def __init__(self, config: Config, real: Callable[[], float] = time.time) -> None:
        self._config = config
        self._real = real
        self._clients: dict[str, Client] = {each.client_id.lower(): each for each in config.clients}
        self._known: dict[str, tuple[Caller, float]] = {}

    def add(self, client: Client) -> None:
        """Let another client ask for tokens from now on."""
        self._clients[client.client_id.lower()] = client

    def clients(self) -> list[Client]:
        """Every client that may ask for tokens."""
        return list(self._clients.values())

    def serve(self, call: Call, form: Mapping[str, str]) -> Answer | None:
        """Answer a request of the identity platform; None when the path is not one of its own.

        Args:
            call: the request; its caller is not known yet.
            form: form fields of the body.
        """
        lowered = call.path.lower()
        tenant = call.path.strip("/").split("/")[0]
        if lowered.startswith(("/metadata/identity/oauth2/token", "/msi/token")):
            return self._managed_identity(call)
        if call.method == "POST" and lowered.endswith(_TOKEN_PATHS):
            return self._token(tenant, form)
        if lowered.endswith("/.well-known/openid-configuration"):
            return Answer(200, self._discovery(call.base_url, tenant))
        if lowered.endswith("/common/discovery/instance"):
            return Answer(200, self._instance(call.base_url, call.query))
        if lowered.endswith(("/discovery/v2.0/keys", "/discovery/keys")):
            return Answer(200, {"keys": [self._public_key()]})
        return None

    def issue(self, client: Client, audience: str) -> str:
        """A signed access token, as an in-process test may want one without asking over HTTP."""
        now = int(self._real())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self._config.tenant}/",
            "iat": now,
            "nbf": now - 5,
            "exp": now + self._config.token_lifetime,
            "appid": client.client_id,
            "appidacr": "1",
            "idtyp": "user" if client.user_principal_name else "app",
            "oid": client.object_id,
            "sub": client.object_id,
            "tid": self._config.tenant,
            "ver": "1.0",
        }
        if client.user_principal_name:
            claims["upn"] = client.user_principal_name
        return jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": KEY_ID})

    def authenticate(self, authorization: str) -> Caller:
        """Who a bearer token stands for; verified once, then remembered until it expires.

        Raises:
            TokenError: missing, malformed, foreign or expired.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenError(
                "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        known = self._known.get(token)
        if known is None:
            known = self._known[token] = self._verify(token)
        caller, expiry = known
        if self._real() >= expiry:
            del self._known[token]
            raise TokenError("ExpiredAuthenticationToken", "The access token expiry is in the past.")
        return caller

    def _verify(self, token: str) -> tuple[Caller, float]:
        try:
            # Expiry is judged on every request, not once; any audience we issued for is ours.
            claims = jwt.decode(
                token,
                signing_key().public_key(),
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False},
            )
        except jwt.PyJWTError as problem:
            raise TokenError("InvalidAuthenticationToken", "The access token is invalid.") from problem
        if str(claims.get("tid", "")).lower() != self._config.tenant.lower():
            raise TokenError("InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer.")
        client = self._clients.get(str(claims.get("appid", "")).lower())
        name = client.display_name if client else ""
        upn = str(claims.get("upn", ""))
        kind = "User" if upn else "Application"
        caller = Caller(str(claims["appid"]), str(claims["oid"]), name, upn, kind)
        return caller, float(claims["exp"])

    def _token(self, tenant: str, form: Mapping[str, str]) -> Answer:
        try:
            self._check_tenant(tenant)
            audience = _audience(form)
            return Answer(200, self._token_body(self._client(form), audience))
        except _RefusedError as refused:
            return self._refusal(refused)

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() not in {self._config.tenant.lower(), "common", "organizations"}:
            text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            raise _RefusedError(400, "invalid_request", 90002, text)

    def _client(self, form: Mapping[str, str]) -> Client:
        if form.get("grant_type") != "client_credentials":
            text = f"The app requested an unsupported grant type '{form.get('grant_type')}'."
            raise _RefusedError(400, "unsupported_grant_type", 70003, text)
        name = form.get("client_id", "")
        client = self._clients.get(name.lower())
        if client is None:
            text = f"Application with identifier '{name}' was not found in the directory."
            raise _RefusedError(400, "unauthorized_client", 700016, text)
        if form.get("client_assertion"):
            self._check_assertion(client, form)
        elif not client.secret or form.get("client_secret") != client.secret:
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{name}'."
            )
            raise _RefusedError(401, "invalid_client", 7000215, text)
        return client

    def _check_assertion(self, client: Client, form: Mapping[str, str]) -> None:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise _RefusedError(400, "invalid_request", 900144, "The client_assertion_type is missing or unknown.")
        # The issuer's keys belong to a cluster that the emulator may not reach, so the signature is not
        # checked; issuer, subject, audience and expiry are.
        try:
            claims = jwt.decode(form["client_assertion"], options={"verify_signature": False})
        except jwt.PyJWTError as problem:
            raise _RefusedError(401, "invalid_client", 50027, "JWT token is invalid or malformed.") from problem
        audiences = claims.get("aud", [])
        named = {audiences} if isinstance(audiences, str) else set(audiences)
        if float(claims.get("exp", 0)) < self._real():
            raise _RefusedError(
                401, "invalid_client", 700024, "Client assertion is not within its valid time range."
            )
        for each in client.federated:
            if (claims.get("iss"), claims.get("sub")) == (each.issuer, each.subject) and each.audience in named:
                return
        text = (
            "No matching federated identity record found for presented assertion subject "
            f"'{claims.get('sub')}', issuer '{claims.get('iss')}' and audience '{audiences}'."
        )
        raise _RefusedError(401, "invalid_client", 700213, text)

    def _managed_identity(self, call: Call) -> Answer:
        app_service = call.path.lower().startswith("/msi/")
        query = call.query
        if not call.headers.get("x-identity-header" if app_service else "metadata"):
            return Answer(400, {"error": "invalid_request", "error_description": "Required header missing"})
        name = query.get("client_id") or query.get("clientid") or ""
        eligible = [each for each in self._clients.values() if each.managed_identity]
        chosen = [each for each in eligible if not name or each.client_id.lower() == name.lower()]
        if not chosen:
            return Answer(400, {"error": "invalid_request", "error_description": "Identity not found"})
        body = self._token_body(chosen[0], query.get("resource", ""))
        expires = int(self._real()) + self._config.token_lifetime
        return Answer(200, {**body, "client_id": chosen[0].client_id, "expires_on": str(expires)})

    def _token_body(self, client: Client, audience: str) -> JsonObject:
        life = self._config.token_lifetime
        return {
            "token_type": "Bearer",
            "expires_in": life,
            "ext_expires_in": life,
            "resource": audience,
            "access_token": self.issue(client, audience),
        }

    def _refusal(self, refused: _RefusedError) -> Answer:
        stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(self._real()))
        description = f"AADSTS{refused.number}: {refused} Timestamp: {stamp}"
        body = {
            "error": refused.error,
            "error_description": description,
            "error_codes": [refused.number],
            "timestamp": stamp,
            "error_uri": f"https://login.microsoftonline.com/error?code={refused.number}",
        }
        return Answer(refused.status, body)

    def _discovery(self, base_url: str, tenant: str) -> JsonObject:
        root = f"{base_url}/{tenant}"
        return {
            "issuer": f"{base_url}/{self._config.tenant}/v2.0",
            "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            "token_endpoint": f"{root}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{root}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code", "id_token", "token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "offline_access"],
            "tenant_region_scope": None,
        }

    def _instance(self, base_url: str, query: Mapping[str, str]) -> JsonObject:
        host = base_url.split("//", 1)[1]
        asked = query.get("authorization_endpoint", f"{base_url}/common/oauth2/v2.0/authorize")
        tenant = asked.split("//", 1)[-1].split("/")[1] if "/" in asked.split("//", 1)[-1] else "common"
        return {
            "tenant_discovery_endpoint": f"{base_url}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": query.get("api-version", "1.1"),
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }

    def _public_key(self) -> JsonObject:
        numbers = signing_key().public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": KEY_ID,
            "alg": "RS256",
            "n": _base64(numbers.n),
            "e": _base64(numbers.e),
        }


def _audience(form: Mapping[str, str]) -> str:
    scope = form.get("scope") or form.get("resource")
    if not scope:
        text = "The request body must contain the following parameter: 'scope'."
        raise _RefusedError(400, "invalid_request", 900144, text)
    return scope.split(" ")[0].removesuffix("/.default")


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

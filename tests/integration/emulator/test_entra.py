"""The identity platform: tokens for secrets, assertions, managed identities; discovery."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from arm_emulator.config import Client, Config, Federation, Grant
from arm_emulator.entra import ASSERTION_TYPE

from .client import OPERATOR, SUB, TENANT, Azure

ISSUER, SUBJECT = "https://oidc.example/cluster", "system:serviceaccount:ns:operator"
SCOPE = "https://management.azure.com/.default"


async def ask(azure: Azure, tenant: str = TENANT, **form: str) -> tuple[int, dict[str, Any]]:
    """Ask for a token; answers status and body."""
    fields = {"grant_type": "client_credentials", "client_id": OPERATOR, "scope": SCOPE, **form}
    url = f"{azure.emulator.base_url}/{tenant}/oauth2/v2.0/token"
    async with azure.session.post(url, data=fields) as answer:
        return answer.status, await answer.json()


def assertion(**claims: object) -> str:
    """A workload identity assertion; claims may be replaced."""
    base = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "exp": time.time() + 600}
    return jwt.encode({**base, **claims}, "0123456789abcdef0123456789abcdef", algorithm="HS256")


async def test_a_secret_buys_a_token_that_arm_accepts(azure: Azure) -> None:
    """Client credentials flow; claims name tenant, application and object (conventions 3)."""
    status, body = await ask(azure, client_secret="operator-secret")
    assert (status, body["token_type"]) == (200, "Bearer")
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (claims["tid"], claims["appid"], claims["aud"]) == (TENANT, OPERATOR, "https://management.azure.com")
    assert claims["exp"] - time.time() > 3000
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert (await azure.get(SUB, who="", headers=headers)).status == 200


@pytest.mark.parametrize(
    ("tenant", "form", "status", "number"),
    [
        pytest.param(TENANT, {"client_secret": "wrong"}, 401, 7000215, id="wrong secret"),
        pytest.param(TENANT, {"client_secret": "x", "client_id": "nobody"}, 400, 700016, id="unknown application"),
        pytest.param("other", {"client_secret": "x"}, 400, 90002, id="unknown tenant"),
        pytest.param(TENANT, {"grant_type": "password"}, 400, 70003, id="unknown grant"),
        pytest.param(TENANT, {"scope": ""}, 400, 900144, id="no scope"),
    ],
)
async def test_refusals(azure: Azure, tenant: str, form: dict[str, str], status: int, number: int) -> None:
    """The identity platform's own error body, with its number in text and list."""
    got, body = await ask(azure, tenant, **form)
    assert (got, body["error_codes"]) == (status, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        pytest.param({}, 200, id="the configured subject of the configured issuer"),
        pytest.param({"sub": "system:serviceaccount:ns:other"}, 401, id="another service account"),
        pytest.param({"iss": "https://elsewhere"}, 401, id="another issuer"),
        pytest.param({"aud": "else"}, 401, id="another audience"),
        pytest.param({"exp": 1}, 401, id="expired"),
    ],
)
async def test_workload_identity(claims: dict[str, object], status: int) -> None:
    """An assertion stands for the client only by a federated credential."""
    client = Client(OPERATOR, "o", display_name="operator", federated=(Federation(ISSUER, SUBJECT),))
    async with Azure.start(Config(clients=(client,))) as azure:
        form = {"client_assertion": assertion(**claims), "client_assertion_type": ASSERTION_TYPE}
        assert (await ask(azure, **form))[0] == status


async def test_managed_identity_in_both_styles(azure: Azure) -> None:
    """The virtual machine's metadata endpoint and App Service's, each with its own header."""
    base = azure.emulator.base_url
    for path, header in (
        (
            "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/",
            "Metadata",
        ),
        ("/msi/token?api-version=2019-08-01&resource=https://management.azure.com/", "X-IDENTITY-HEADER"),
    ):
        async with azure.session.get(base + path, headers={header: "true"}) as answer:
            assert (
                jwt.decode((await answer.json())["access_token"], options={"verify_signature": False})["appid"]
                == OPERATOR
            )
        async with azure.session.get(base + path) as answer:
            assert answer.status == 400


async def test_discovery_leads_to_the_token_endpoint(azure: Azure) -> None:
    """MSAL asks discovery before a token (peers.md, last paragraph)."""
    base = azure.emulator.base_url
    found = (await azure.get(f"/{TENANT}/v2.0/.well-known/openid-configuration", who="", version=None)).body
    assert found["token_endpoint"] == f"{base}/{TENANT}/oauth2/v2.0/token"
    keys = (await azure.get(found["jwks_uri"], who="", version=None)).body["keys"]
    token = azure.emulator.token(OPERATOR)
    jwt.decode(token, jwt.PyJWK(keys[0]).key, algorithms=["RS256"], options={"verify_aud": False})
    instance = (await azure.get("/common/discovery/instance?api-version=1.1", who="", version=None)).body
    assert instance["tenant_discovery_endpoint"].startswith(base)


@pytest.mark.parametrize(
    ("version", "read"),
    [
        pytest.param("2015-01-01", lambda b: b["authentication"]["loginEndpoint"], id="the first shape"),
        pytest.param("2019-05-01", lambda b: b[0]["authentication"]["loginEndpoint"], id="a list of clouds"),
        pytest.param("2022-09-01", lambda b: b["activeDirectory"], id="one cloud"),
    ],
)
async def test_cloud_metadata_is_anonymous(azure: Azure, version: str, read: Any) -> None:  # noqa: ANN401
    """Tools find the login endpoint without a token, with doubled slashes too (conventions 2)."""
    reply = await azure.get(f"//metadata/endpoints?api-version={version}", who="")
    assert read(reply.body) == azure.emulator.base_url


async def test_a_token_expires_on_real_time() -> None:
    """Clients compare `exp` with their own clock, so tokens do not live on virtual time."""
    everything = (Grant("/", actions=("*",)),)
    client = Client(OPERATOR, "o", grants=everything)
    async with Azure.start(Config(clients=(client,), token_lifetime=-1)) as azure:
        reply = await azure.get(SUB)
        assert (reply.status, reply.code) == (401, "ExpiredAuthenticationToken")

"""Signing in and connecting: management clients on one transport, with a pipeline of our own."""

from __future__ import annotations

import base64
import json
import logging
import ssl
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.mgmt.containerregistry.aio import ContainerRegistryManagementClient
from azure.mgmt.network.aio import NetworkManagementClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient

from secureml_reconcilers.azure.client import ArmClient, ArmRequest
from secureml_reconcilers.azure.identity import credential
from secureml_reconcilers.azure.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from azure.core.credentials_async import AsyncTokenCredential

    from secureml_reconcilers.azure.environment import AzureEnvironment

_log = logging.getLogger(__name__)

_CONNECTIONS: Final = 32
"""Sockets kept to Azure: one workspace reads about 30 resources at once."""

_CONNECT_SECONDS: Final = 10

_READ_SECONDS: Final = 90
"""ARM itself gives a provider 60 s and then answers 504; a longer silence is a lost answer."""


@asynccontextmanager
async def open_arm(
    environment: AzureEnvironment,
    on_request: Callable[[ArmRequest], None],
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[ArmClient]:
    """Sign in and connect: management clients on one transport, closed on exit.

    Args:
        environment: where Azure is.
        on_request: called after every request, for metrics.
        monotonic: seconds on a clock that never goes back, by which requests are rationed.
    """
    # One context for all: given a file name, the transport makes a context, and so a connection, per request.
    trust = ssl.create_default_context(cafile=environment.ca_file or None)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=trust), auto_decompress=False, trust_env=True
    )
    # It would send a PUT or DELETE again when the connection is cut after it: whether that is wise is ours to say.
    session._retry_connection = False  # noqa: SLF001 - aiohttp has no public switch (3.14)
    async with session, credential(environment) as identity:
        # Many cold requests at once would each ask for a token of their own.
        ourselves = await _sign_in(identity, environment)
        options: dict[str, Any] = {
            "base_url": environment.resource_manager,
            # The transport's own timeouts replace the session's on every request.
            "transport": AioHttpTransport(
                session=session,
                session_owner=False,
                connection_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
            ),
        }
        # The subscription of the constructor is unused: every request carries a full id.
        clients = {
            "network": NetworkManagementClient(
                identity, "-", policies=_pipeline(identity, environment), **options
            ),
            "registry": ContainerRegistryManagementClient(
                identity, "-", policies=_pipeline(identity, environment), **options
            ),
            "resources": ResourceManagementClient(
                identity, "-", policies=_pipeline(identity, environment), **options
            ),
        }
        yield ArmClient(clients, environment.resource_manager, Throttle(monotonic), on_request, ourselves)


def _pipeline(identity: AsyncTokenCredential, environment: AzureEnvironment) -> list[Any]:
    """What every request passes through; no retry policy, no provider registration."""
    return [
        RequestIdPolicy(),
        UserAgentPolicy("secureml-operator"),
        AsyncBearerTokenCredentialPolicy(identity, environment.audience),
    ]


async def _sign_in(identity: AsyncTokenCredential, environment: AzureEnvironment) -> frozenset[str]:
    """Fetch the first token, and read from it the names under which the change log knows us.

    A refusal is no reason not to start: the credential may be corrected, and until then every resource says
    NotSignedIn.
    """
    try:
        token = await identity.get_token(environment.audience)
    except AzureError as error:
        _log.error("Signing in failed: %s", error.message)
        return frozenset()
    return frozenset(_claims(token.token, "appid", "azp", "oid", "upn"))


def _claims(token: str, *names: str) -> list[str]:
    """Claims of a token, unverified: they only help to tell our own changes from others'."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError):
        return []
    return [str(claims[name]).lower() for name in names if claims.get(name)]

"""Signing in and connecting: management clients on one transport, with a pipeline of our own."""

from __future__ import annotations

import logging
import ssl
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy
from azure.core.pipeline.transport import AioHttpTransport

from secureml_reconcilers.azure.client import ArmClient
from secureml_reconcilers.azure.identity import credential
from secureml_reconcilers.azure.management import client_class
from secureml_reconcilers.azure.ml import MachineLearning
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.sending import Sender
from secureml_reconcilers.azure.signing_in import OwnIdentity, SignIn
from secureml_reconcilers.azure.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from secureml_reconcilers.azure.environment import AzureEnvironment
    from secureml_reconcilers.azure.sending import ArmRequest

_log = logging.getLogger(__name__)

_CONNECTIONS: Final = 16
"""Sockets kept to Azure. Each holds 256 KB of buffers. At 150 ms an answer they carry 100 requests a second, of
which a subscription allows 25; a workspace that reads 30 resources at once waits for one answer more."""

_CONNECT_SECONDS: Final = 10

_READ_SECONDS: Final = 90
"""ARM itself gives a provider 60 s and then answers 504; a longer silence is a lost answer."""


CLIENTS: Final = {
    "network": client_class("azure.mgmt.network", "NetworkManagementClient"),
    "registry": client_class("azure.mgmt.containerregistry", "ContainerRegistryManagementClient"),
    "resources": client_class("azure.mgmt.resource.resources", "ResourceManagementClient"),
}
"""By the name that the catalogue gives them."""


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
    ourselves = OwnIdentity()
    async with _session(environment) as session, SignIn(credential(environment), ourselves) as identity:
        await _first_token(identity, environment)
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
            name: kind(identity, "-", policies=_policies(identity, environment), **options)
            for name, kind in CLIENTS.items()
        }
        sender = Sender(clients, environment.resource_manager, Throttle(monotonic), on_request)
        yield ArmClient(sender, ourselves, MachineLearning(environment, sender))


def _policies(identity: SignIn, environment: AzureEnvironment) -> list[Any]:
    """What every request passes through; no retry policy, no provider registration."""
    return [AsyncBearerTokenCredentialPolicy(identity, environment.audience)]


def _session(environment: AzureEnvironment) -> aiohttp.ClientSession:
    """Connections that stay open, through the proxy that the process's environment names for Azure.

    The session could look for the proxy itself, and would do so before each request, in a thread, together with
    the user's password file: more work than the request.
    """
    # One context for all: given a file name, the transport makes a context, and so a connection, per request.
    trust = ssl.create_default_context(cafile=environment.ca_file or None)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=trust),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        proxy=_proxy(environment.resource_manager),
    )
    # It would send a PUT or DELETE again when the connection is cut after it: whether that is wise is ours to say.
    session._retry_connection = False  # noqa: SLF001 - aiohttp has no public switch (3.14)
    return session


def _proxy(url: str) -> str | None:
    """The proxy that `HTTPS_PROXY` names, unless `NO_PROXY` lists this host; None for a direct way."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


async def _first_token(identity: SignIn, environment: AzureEnvironment) -> None:
    """Fetch the first token: many cold requests at once would each ask for one of their own.

    A refusal is no reason not to start: the credential may be corrected, and until then every resource says
    AuthenticationFailed.
    """
    try:
        await identity.get_token(environment.audience)
    except AzureProblem as problem:
        _log.error("Signing in failed: %s", problem)

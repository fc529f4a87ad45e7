"""Signing in and connecting: management clients on one transport, with a pipeline of our own."""

from __future__ import annotations

import logging
import ssl
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.mgmt.containerregistry.aio import ContainerRegistryManagementClient
from azure.mgmt.network.aio import NetworkManagementClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient

from secureml_reconcilers.azure.client import ArmClient, ArmRequest
from secureml_reconcilers.azure.identity import credential
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.signing_in import OwnIdentity, SignIn
from secureml_reconcilers.azure.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

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
    ourselves = OwnIdentity()
    async with session, SignIn(credential(environment), ourselves) as identity:
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


def _pipeline(identity: SignIn, environment: AzureEnvironment) -> list[Any]:
    """What every request passes through; no retry policy, no provider registration."""
    return [
        RequestIdPolicy(),
        UserAgentPolicy("secureml-operator"),
        AsyncBearerTokenCredentialPolicy(identity, environment.audience),
    ]


async def _first_token(identity: SignIn, environment: AzureEnvironment) -> None:
    """Fetch the first token: many cold requests at once would each ask for one of their own.

    A refusal is no reason not to start: the credential may be corrected, and until then every resource says
    NotSignedIn.
    """
    try:
        await identity.get_token(environment.audience)
    except AzureProblem as problem:
        _log.error("Signing in failed: %s", problem)

"""A Kubernetes API server as a `Cluster`: the official asyncio client, its errors made ours.

Requests are made through the client's generic call, not through its typed APIs: those have no
metadata-only list, and validate each argument anew on every call.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from kubernetes.aio import client as kubernetes
from kubernetes.aio import config

from secureml_operator.cluster import (
    ClusterError,
    ConflictError,
    NoClusterError,
    ObjectGoneError,
    RefusedError,
    UnclearError,
)
from secureml_operator.kinds import FIELD_MANAGER, GROUP, KINDS, VERSION, Kind
from secureml_reconcilers.engine.contract import Key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from secureml_operator.resource import Body

logger = logging.getLogger(__name__)

REQUEST_SECONDS = 15.0
"""Short atomic requests answer within one second; an API server's own handler timeout is 60 s, and a worker
should not be lost to a dead connection for so long."""

PAGE = 500
"""Objects per page of a list: the chunk size that kubectl uses."""

_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_UNAUTHORIZED, _CONFLICT, _NOT_FOUND, _INVALID, _TOO_MANY = 401, 409, 404, 422, 429
_SERVER_ERRORS = 500
_SCHEMA_MISMATCH = "failed to create typed patch object"


async def load(kubeconfig: str | None = None) -> kubernetes.Configuration:
    """Find an API server and credentials: in-cluster when in a pod, else the kubeconfig.

    Args:
        kubeconfig: a file; None means KUBECONFIG, then `~/.kube/config`.

    Raises:
        NoClusterError: neither is there, or it cannot be read.
    """
    configuration = kubernetes.Configuration()
    if kubeconfig is None:
        try:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except config.ConfigException:
            logger.debug("Not in a pod: using the kubeconfig")
        else:
            return configuration
    try:
        await config.load_kube_config(config_file=kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as error:
        raise NoClusterError(
            f"not in a pod, and no usable kubeconfig (KUBECONFIG or ~/.kube/config): {error}"
        ) from error
    return configuration


def without_look_ups(configuration: kubernetes.Configuration) -> kubernetes.Configuration:
    """Name the proxy once and for all, where the process's environment has one for this API server.

    The client would look for it before each request, in a thread, together with the user's password file.
    """
    parts = urlsplit(configuration.host)
    if configuration.proxy is None and not proxy_bypass(parts.netloc):
        configuration.proxy = getproxies().get(parts.scheme)
    configuration.client_session_kwargs = {"trust_env": False}
    return configuration


@asynccontextmanager
async def connect(kubeconfig: str | None = None) -> AsyncIterator[KubeCluster]:
    """Open a client for as long as the block lasts.

    Raises:
        NoClusterError: no API server could be found.
    """
    configuration = without_look_ups(await load(kubeconfig))
    async with kubernetes.ApiClient(configuration) as api:
        yield KubeCluster(api, kubeconfig)


class KubeCluster:
    """The `Cluster` that production uses."""

    def __init__(self, api: kubernetes.ApiClient, kubeconfig: str | None = None) -> None:
        self._api = api
        self._kubeconfig = kubeconfig

    @property
    def configuration(self) -> kubernetes.Configuration:
        """Where the API server is and how we sign in; kopf gets the same."""
        return cast("kubernetes.Configuration", self._api.configuration)

    async def sign_in_again(self) -> None:
        """Ask the kubeconfig's plugin (or the mounted token) for present credentials.

        Raises:
            NoClusterError: there are none.
        """
        present = await load(self._kubeconfig)
        self._api.configuration.api_key = present.api_key
        self._api.configuration.refresh_api_key_hook = present.refresh_api_key_hook

    async def token(self) -> str | None:
        """Give the present bearer token with its scheme, or None when we sign in by certificate."""
        return cast("str | None", await self._api.configuration.get_api_key_with_prefix("BearerToken"))

    async def read(self, key: Key) -> Body:
        """See `Cluster.read`."""
        return await self._call("GET", _path(key))

    async def apply_status(self, key: Key, body: Body) -> Body:
        """See `Cluster.apply_status`."""
        return await self._call(
            "PATCH",
            f"{_path(key)}/status",
            query=[("fieldManager", FIELD_MANAGER), ("force", "true")],
            body=body,
            content="application/apply-patch+yaml",
        )

    async def patch(self, key: Key, operations: Sequence[dict[str, Any]]) -> Body:
        """See `Cluster.patch`."""
        try:
            return await self._call(
                "PATCH",
                _path(key),
                query=[("fieldManager", FIELD_MANAGER)],
                body=list(operations),
                content="application/json-patch+json",
            )
        except RefusedError as refused:
            if isinstance(refused.__cause__, kubernetes.ApiException) and refused.__cause__.status == _INVALID:
                # A failed `test` answers 422 like an invalid object does; reading again tells them apart.
                raise ConflictError(str(refused)) from refused.__cause__
            raise

    async def versions(self, kind: Kind, namespace: str | None) -> dict[Key, str]:
        """See `Cluster.versions`: metadata only, from the API server's watch cache."""
        scope = f"/namespaces/{namespace}" if namespace else ""
        path = f"/apis/{GROUP}/{VERSION}{scope}/{kind.plural}"
        found: dict[Key, str] = {}
        query = [("limit", str(PAGE)), ("resourceVersion", "0")]
        while True:
            page = await self._call("GET", path, query=query, accept=_METADATA_ONLY)
            for item in page.get("items") or ():
                metadata = item["metadata"]
                found[Key(kind.name, metadata["namespace"], metadata["name"])] = metadata["resourceVersion"]
            after = page["metadata"].get("continue")
            if not after:
                return found
            query = [("limit", str(PAGE)), ("continue", after)]

    async def create_event(self, namespace: str, body: Body) -> None:
        """See `Cluster.create_event`."""
        await self._call("POST", f"/api/v1/namespaces/{namespace}/events", body=body)

    async def patch_event(self, namespace: str, name: str, body: Body) -> None:
        """See `Cluster.patch_event`."""
        path = f"/api/v1/namespaces/{namespace}/events/{name}"
        await self._call("PATCH", path, body=body, content="application/merge-patch+json")

    async def uid(self) -> str:
        """See `Cluster.uid`."""
        return cast("str", (await self._call("GET", "/api/v1/namespaces/kube-system"))["metadata"]["uid"])

    async def served(self) -> set[str]:
        """See `Cluster.served`: discovery, which every signed-in client may read."""
        try:
            answer = await self._call("GET", f"/apis/{GROUP}/{VERSION}")
        except ObjectGoneError:
            return set()
        return {item["name"] for item in answer.get("resources") or ()}

    async def _call(  # noqa: PLR0913  (a request has these parts)
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: object = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Body:
        """Make one request, and once more with fresh credentials when these have expired."""
        try:
            return await self._once(method, path, query or [], body, {"Content-Type": content, "Accept": accept})
        except RefusedError as refused:
            cause = refused.__cause__
            if not isinstance(cause, kubernetes.ApiException) or cause.status != _UNAUTHORIZED:
                raise
        await self.sign_in_again()
        return await self._once(method, path, query or [], body, {"Content-Type": content, "Accept": accept})

    async def _once(
        self, method: str, path: str, query: list[tuple[str, str]], body: object, headers: dict[str, str]
    ) -> Body:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                request = await self._api.param_serialize(
                    method,
                    path,
                    query_params=query,
                    header_params=headers,
                    body=body,
                    auth_settings=["BearerToken"],
                )
                response = await self._api.call_api(*request)
                await response.read()  # type: ignore[no-untyped-call]
            answer = self._api.response_deserialize(response, {"2XX": "object"})
        except kubernetes.ApiException as error:
            raise _translated(error, f"{method} {path}") from error
        except TimeoutError as error:
            raise UnclearError(f"{method} {path}: no answer within {REQUEST_SECONDS:.0f} s") from error
        except aiohttp.ClientError as error:
            raise UnclearError(f"{method} {path}: {type(error).__name__}: {error}") from error
        return cast("Body", answer.data)


def _path(key: Key) -> str:
    return f"/apis/{GROUP}/{VERSION}/namespaces/{key.namespace}/{KINDS[key.kind].plural}/{key.name}"


def _translated(error: kubernetes.ApiException, what: str) -> ClusterError:
    status = int(error.status or 0)
    text = f"{what}: {status} {error.reason}: {_sentence(str(error.body or ''))}"
    if status == _NOT_FOUND:
        return ObjectGoneError(text)
    if status == _CONFLICT:
        return ConflictError(text)
    if _SCHEMA_MISMATCH in text:
        # Server-side apply answers 500 to a field that the CRD lacks; nothing was written.
        return RefusedError(f"{text}: apply the CRDs of this version")
    if status == _TOO_MANY or status >= _SERVER_ERRORS or status == 0:
        return UnclearError(text)
    return RefusedError(text)


def _sentence(body: str) -> str:
    """Give the API server's own sentence about a request, from its Status object if it sent one."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body[:300].strip()  # a proxy's page

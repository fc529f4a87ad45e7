"""What goes to Azure through azure-ai-ml: new computes.

The SDK decides what it sends: it adds properties nobody asked for, waits for operations, repeats and swallows.
So it gets a wire of ours. That compares each write with what was declared before it leaves, has everything sent
like any other request of the pass, and hands back the raw answer at once. The SDK takes 110 MB and is imported
when it is first needed.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport
from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.answers import unanswered, understood
from secureml_reconcilers.azure.arm import TERMINAL, Accepted
from secureml_reconcilers.azure.errors import classify
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.scopes import EVERYWHERE, Scopes
from secureml_reconcilers.azure.sending import Ask
from secureml_reconcilers.azure.wire_check import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.core.rest import AsyncHttpResponse
    from requests import PreparedRequest, Response

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.environment import AzureEnvironment
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.azure.sending import Sender
    from secureml_reconcilers.azure.throttle import Requester

_CURRENT_CLOUD: Final = "AZUREML_CURRENT_CLOUD"
"""The SDK writes the name of its cloud into this variable of the process, and reads it where none is passed."""

_OF_THE_CONNECTION: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that tell how a body came, which is read by then."""

_WORKER: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="azure-ai-ml")
"""The SDK keeps its cloud in the process: one call at a time. Those that wait for it wait in a line here, and not
in threads that others need."""


class MachineLearning:
    """Calls azure-ai-ml from a thread of its own, one call at a time."""

    def __init__(
        self,
        environment: AzureEnvironment,
        sender: Sender,
        requester: Requester | None = None,
        scopes: Scopes = EVERYWHERE,
    ) -> None:
        """Send for one pass, or for nobody; see `within`.

        Args:
            environment: where Azure is.
            sender: everybody's way to Azure; it signs in, keeps within the budget, and counts.
            requester: the pass whose turn in the line for the budget the requests take.
            scopes: where it may read and write.
        """
        self._environment = environment
        self._sender = sender
        self._requester = requester
        self._scopes = scopes

    def within(self, requester: Requester | None, scopes: Scopes) -> MachineLearning:
        """The same for one pass; see `Door`."""
        return MachineLearning(self._environment, self._sender, requester, scopes)

    async def create_compute(self, workspace: ResourceId, compute: Any, declared: Body) -> Accepted:  # noqa: ANN401
        """Begin to create a compute; returns as soon as Azure took it, and its state is read by its id.

        Args:
            workspace: where to create it.
            compute: a fresh entity of `azure.ai.ml.entities`, never one that was read; its subnet by full id.
            declared: the body that may be sent, complete: the SDK adds what it thinks fit, and what is not in here
                is not sent.

        Raises:
            AzureProblem: reason UndeclaredProperties when the SDK would send anything else, and whatever other
                writes raise.
        """
        target = workspace.child("computes", compute.name)
        with understood("PUT", target.text, target):
            answer = await self._call(
                workspace, lambda client: client.compute.begin_create_or_update(compute), target, "PUT", declared
            )
            if answer.status_code not in {200, 201, 202}:
                raise classify(answer.status_code, dict(answer.headers), answer.content, target)
            shown = json.loads(answer.content) if answer.content else None
            state = str(((shown or {}).get("properties") or {}).get("provisioningState") or "succeeded").lower()
            handle = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location")
            return Accepted(shown, answer.status_code == 202 or state not in TERMINAL, handle)  # noqa: PLR2004

    async def _call(
        self,
        workspace: ResourceId,
        call: Callable[[Any], object],
        target: ResourceId,
        method: str,
        declared: Body,
    ) -> AsyncHttpResponse:
        """Run one call of the SDK in a thread; the answer to its write, or to a read that was refused."""
        loop = asyncio.get_running_loop()

        def send(ask: Ask) -> AsyncHttpResponse:
            """Have the loop send what the thread asks: the budget, the sign-in and the connections are there."""
            return asyncio.run_coroutine_threadsafe(self._send(ask), loop).result()

        wire = GuardedWire(self._environment, target, method, declared, send)

        def run() -> AsyncHttpResponse:
            with _cloud_of_the_process_kept():
                client = _client(self._environment, workspace, wire)
                try:
                    call(client)
                except Answered as answered:
                    return answered.response
            raise AzureProblem(reasons.UNEXPECTED_ANSWER, f"{method} {target} was not sent by the SDK", "")

        return await loop.run_in_executor(_WORKER, copy_context().run, run)  # whose pass it is, for the log

    async def _send(self, ask: Ask) -> AsyncHttpResponse:
        """Send one request as the pass's door would."""
        self._scopes.admit(ask.path)
        self._check_goes_on()
        return await self._sender.send(ask, self._requester)

    def _check_goes_on(self) -> None:
        """Send nothing more for a pass that is over: who waited for something else knows nothing of that.

        Raises:
            CancelledError: when it is over.
        """
        if self._requester is not None and self._requester.over:
            raise asyncio.CancelledError


def _client(environment: AzureEnvironment, workspace: ResourceId, wire: GuardedWire) -> Any:  # noqa: ANN401
    from azure.ai.ml import MLClient  # noqa: PLC0415 - 110 MB, for those who need it

    address = f"{environment.resource_manager}/"
    metadata = dict.fromkeys(
        ("azure_portal", "resource_manager", "aml_resource_id", "storage_endpoint", "registry_discovery_endpoint"),
        address,  # of all these hosts, only Resource Manager's is ever let through
    )
    session = Session()
    session.trust_env = False  # it would look for a password file before each request
    for scheme in ("https://", "http://"):  # whatever the host: the session has wires of its own for others
        session.mount(scheme, wire)
    return MLClient(
        _NoToken(),
        workspace.subscription,
        workspace.resource_group,
        workspace.name,
        # A name that the SDK knows already keeps its old metadata.
        cloud=f"secureml-{urlsplit(address).netloc}",
        cloud_metadata={**metadata, "active_directory": f"{environment.authority_host}/"},
        enable_telemetry=False,
        show_progress=False,
        retry_total=0,
        # Each of the SDK's many clients would close what all share.
        transport=RequestsTransport(session=session, session_owner=False),
    )


@contextmanager
def _cloud_of_the_process_kept() -> Iterator[None]:
    """Put the variable back that the SDK sets for the whole process."""
    before = os.environ.get(_CURRENT_CLOUD)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_CURRENT_CLOUD, None)
        else:
            os.environ[_CURRENT_CLOUD] = before


class Answered(Exception):  # noqa: N818 - it ends the SDK's call once Azure has answered, well or not
    """The raw answer, on its way past all that the SDK would do with it."""

    def __init__(self, response: AsyncHttpResponse) -> None:
        super().__init__(f"status {response.status_code}")
        self.response = response


class _NoToken:
    """What the SDK gets for a credential: its requests are signed like all others, when they are sent."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        """Something to put into a header that is not sent."""
        return AccessToken("none", int(time.time()) + 3600)


class GuardedWire(HTTPAdapter):
    """Lets through reads, and the one write that was declared; everything else raises instead of being sent."""

    def __init__(
        self,
        environment: AzureEnvironment,
        target: ResourceId,
        method: str,
        declared: Body,
        send: Callable[[Ask], AsyncHttpResponse],
    ) -> None:
        """Guard one call.

        Args:
            environment: where Azure is.
            target: what the call is about.
            method: of the one request that is no read.
            declared: its body.
            send: sends what may be sent.
        """
        super().__init__()
        self._host = urlsplit(environment.resource_manager).netloc.lower()
        self._target, self._method, self._declared = target, method, declared
        self._send = send

    def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
        """Send what may be sent.

        Raises:
            Answered: with the answer to the write, or to a read that was refused.
            AzureProblem: for everything else that the SDK would send.
        """
        ask = self._checked(request)
        try:
            answer = self._send(ask)
        except AzureError as error:
            # As the problem that it is: what azure-core knows for an error of its own, the SDK may repeat.
            raise unanswered(error, ask.method, self._target.text).with_target(self._target) from error
        if ask.method != "GET" or answer.status_code >= 400:  # noqa: PLR2004
            raise Answered(answer)
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in _OF_THE_CONNECTION}
        raw = HTTPResponse(BytesIO(answer.content), headers, answer.status_code, preload_content=False)
        return self.build_response(request, raw)

    def _checked(self, request: PreparedRequest) -> Ask:
        method, parts = request.method or "", urlsplit(request.url or "")
        if parts.netloc.lower() != self._host:
            raise self._refusal(f"{method} to {parts.netloc}")
        url = f"{parts.path}?{parts.query}"
        if method == "GET":  # counted by what the call is about
            return Ask(method, url, self._target.type, "resources")
        if method != self._method or parts.path.lower() != self._target.key:
            raise self._refusal(f"{method} {parts.path}")
        body = json.loads(request.body if isinstance(request.body, str | bytes) else "{}")
        wrong = differences(body, self._declared)
        if wrong:
            raise self._refusal(", ".join(wrong))
        return Ask(method, url, self._target.type, "resources", body)

    def _refusal(self, what: str) -> AzureProblem:
        return AzureProblem(
            reasons.UNDECLARED_PROPERTIES,
            f"{self._target.short} is not written, for the SDK would send what nobody declared: {what}",
            "Declare it, or report it: nothing was sent.",
            Retry.NEVER,
            Severity.USER,
            target=self._target,
        )

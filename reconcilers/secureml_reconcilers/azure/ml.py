"""What goes to Azure through azure-ai-ml: new computes, and the diagnosis of a workspace.

The SDK decides what it sends: it adds properties nobody asked for, waits for operations, repeats and swallows.
So it gets a transport of ours, which compares each write with what was declared before it leaves, and hands
back the raw answer at once. It takes 110 MB and is imported when it is first needed.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import HttpTransport, RequestsTransport

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.answers import understood
from secureml_reconcilers.azure.arm import TERMINAL, Accepted
from secureml_reconcilers.azure.errors import classify
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.sending import Ask
from secureml_reconcilers.azure.wire_check import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.core.credentials import AccessToken
    from azure.core.rest import HttpRequest, HttpResponse

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.environment import AzureEnvironment
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.azure.sending import Sender
    from secureml_reconcilers.azure.signing_in import SignIn

_CURRENT_CLOUD: Final = "AZUREML_CURRENT_CLOUD"
"""The SDK writes the name of its cloud into this variable of the process, and reads it where none is passed."""

_CONNECT_SECONDS: Final = 10
_READ_SECONDS: Final = 90
"""As for all other requests; see `connection`."""

_DIAGNOSIS_SECONDS: Final = 300
"""A diagnosis that takes longer is given up: it changes nothing, and can be asked for again."""

_LOOK_SECONDS: Final = 5
"""Between two looks at a diagnosis, where Azure does not say."""

_ONE_CALL: Final = threading.Lock()
"""The SDK keeps its cloud in the process: one call at a time."""


class MachineLearning:
    """Calls azure-ai-ml from worker threads, one at a time."""

    def __init__(self, environment: AzureEnvironment, identity: SignIn, sender: Sender) -> None:
        """Use the identity of all other requests; `sender` looks how a diagnosis goes."""
        self._environment = environment
        self._identity = identity
        self._sender = sender

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

    async def diagnose(self, workspace: ResourceId) -> Body:
        """Have Azure look for faults of a workspace's network and of what belongs to it.

        Returns:
            The raw answer; the SDK's own gives None for a clean one, like for none.

        Raises:
            AzureProblem: when there is no answer, or none within five minutes.
        """
        with understood("POST", f"a diagnosis of {workspace}", workspace):
            answer: Any = await self._call(
                workspace,
                lambda client: client.workspaces.begin_diagnose(workspace.name),
                workspace,
                "POST",
                {"value": {}},
            )
            waited = 0.0
            while answer.status_code == 202:  # noqa: PLR2004
                if waited >= _DIAGNOSIS_SECONDS:
                    raise AzureProblem(
                        reasons.AZURE_BUSY, f"The diagnosis of {workspace.short} takes too long", ""
                    )
                pause = float(answer.headers.get("Retry-After") or _LOOK_SECONDS)
                await asyncio.sleep(pause)
                waited += pause
                answer = await self._sender.send(
                    Ask("GET", answer.headers["Location"], "operation", "resources"), None
                )
            if answer.status_code != 200:  # noqa: PLR2004
                raise classify(answer.status_code, dict(answer.headers), answer.content, workspace)
            shown: Body = json.loads(answer.content)
            return shown

    async def _call(
        self,
        workspace: ResourceId,
        call: Callable[[Any], object],
        target: ResourceId,
        method: str,
        declared: Body,
    ) -> HttpResponse:
        """Run one call of the SDK in a thread; the answer to its write, or to a read that was refused."""
        credential = _Lent(self._identity, self._environment.audience, asyncio.get_running_loop())
        transport = GuardedTransport(self._environment, target, method, declared)

        def run() -> HttpResponse:
            with _ONE_CALL, transport, _cloud_of_the_process_kept():
                client = _client(self._environment, workspace, credential, transport)
                try:
                    call(client)
                except Answered as answered:
                    return answered.response
            raise AzureProblem(reasons.UNEXPECTED_ANSWER, f"{method} {target} was not sent by the SDK", "")

        return await asyncio.to_thread(run)


def _client(
    environment: AzureEnvironment, workspace: ResourceId, credential: _Lent, transport: GuardedTransport
) -> Any:  # noqa: ANN401
    from azure.ai.ml import MLClient  # noqa: PLC0415 - 110 MB, for those who need it

    address = f"{environment.resource_manager}/"
    metadata = dict.fromkeys(
        ("azure_portal", "resource_manager", "aml_resource_id", "storage_endpoint", "registry_discovery_endpoint"),
        address,  # of all these hosts, only Resource Manager's is ever let through
    )
    return MLClient(
        credential,
        workspace.subscription,
        workspace.resource_group,
        workspace.name,
        # A name that the SDK knows already keeps its old metadata.
        cloud=f"secureml-{urlsplit(address).netloc}",
        cloud_metadata={**metadata, "active_directory": f"{environment.authority_host}/"},
        enable_telemetry=False,
        show_progress=False,
        retry_total=0,
        transport=transport,
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

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(f"status {response.status_code}")
        self.response = response


class _Lent:
    """Our asynchronous credential, for a thread: one sign-in, one identity."""

    def __init__(self, identity: SignIn, audience: str, loop: asyncio.AbstractEventLoop) -> None:
        self._identity, self._audience, self._loop = identity, audience, loop

    def get_token(self, *_: str, **__: object) -> AccessToken:
        """A token for Resource Manager, the only host that is let through."""
        asked = self._identity.get_token(self._audience)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(_READ_SECONDS)


class GuardedTransport(HttpTransport):  # type: ignore[type-arg]
    """Lets through reads, and the one write that was declared; everything else raises instead of being sent."""

    def __init__(self, environment: AzureEnvironment, target: ResourceId, method: str, declared: Body) -> None:
        """Guard one call.

        Args:
            environment: where Azure is, and whom to trust.
            target: what the call is about.
            method: of the one request that is no read.
            declared: its body.
        """
        self._host = urlsplit(environment.resource_manager).netloc.lower()
        self._target, self._method, self._declared = target, method, declared
        self._within = RequestsTransport(
            connection_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            connection_verify=environment.ca_file or True,
        )

    def send(self, request: HttpRequest, **options: Any) -> HttpResponse:  # noqa: ANN401
        """Send what may be sent.

        Raises:
            Answered: with the answer to the write, or to a read that was refused.
            AzureProblem: for everything else that the SDK would send.
        """
        self._check(request)
        try:
            response: HttpResponse = self._within.send(request, **options)
            response.read()  # the SDK asks for a stream, whose connection is closed when its body is looked at
        except AzureError as error:
            raise self._unanswered(request.method, error) from error
        if request.method != "GET" or response.status_code >= 400:  # noqa: PLR2004
            raise Answered(response)
        return response

    def _check(self, request: HttpRequest) -> None:
        parts = urlsplit(request.url)
        if parts.netloc.lower() != self._host:
            raise self._refusal(f"{request.method} to {parts.netloc}")
        if request.method == "GET":
            return
        suffix = "/diagnose" if self._method == "POST" else ""
        if request.method != self._method or parts.path.lower() != f"{self._target.key}{suffix}":
            raise self._refusal(f"{request.method} {parts.path}")
        wrong = differences(json.loads(request.content or "{}"), self._declared)
        if wrong:
            raise self._refusal(", ".join(wrong))

    def _refusal(self, what: str) -> AzureProblem:
        return AzureProblem(
            reasons.UNDECLARED_PROPERTIES,
            f"{self._target.short} is not written, for the SDK would send what nobody declared: {what}",
            "Declare it, or report it: nothing was sent.",
            Retry.NEVER,
            Severity.USER,
            target=self._target,
        )

    def _unanswered(self, method: str, error: AzureError) -> AzureProblem:
        return AzureProblem(
            reasons.AZURE_UNREACHABLE,
            f"{method} {self._target} got no answer: {type(error).__name__}",
            "Nothing to do if it passes: it is read again before anything is repeated.",
            target=self._target,
            outcome_unknown=method == "PUT",
        )

    def open(self) -> None:
        """Open the connections."""
        self._within.open()

    def close(self) -> None:
        """Keep them: each of the SDK's many clients closes what all share. See `__exit__`."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._within.close()

"""How kopf is set: as a shell that watches and signs in, and writes nothing."""

from __future__ import annotations

import kopf

REQUEST_SECONDS = 30.0
"""A page of a list takes a second; with kopf's default of 300 s one dead connection would hold up the start."""

CONNECT_SECONDS = 10.0

STREAM_SECONDS = 600
"""The server ends each watch after so long and kopf continues it where it stood: a stream that a proxy has
silently cut is then renewed at the latest. Left alone, the server chooses between 30 and 60 minutes."""

STREAM_GRACE_SECONDS = 60
"""Our own end of a stream comes this much later than the server's, so that it is never the first."""

PAGE = 500
"""Objects per page of the first list, as kubectl has it."""

IDLE_SECONDS = 0.5
"""kopf keeps a task per object for so long after its last event. The handler takes microseconds, so the
default of 5 s would only hold thousands of idle tasks after a start."""

BACKOFFS = (1, 2, 5, *(10,) * 30)
"""Five minutes in all: an API server that is being upgraded must not take us down with it. Never more than
ten seconds at a time: growing steps would leave us blind for a minute after it has come back."""

EXIT_SECONDS = 60.0
"""After that, kopf kills a process that was told to stop and has not; a pod is killed sooner."""


def build() -> kopf.OperatorSettings:
    """Give kopf's settings; nothing of them is open to users."""
    settings = kopf.OperatorSettings()
    settings.process.ultimate_exiting_timeout = EXIT_SECONDS
    settings.posting.enabled = False  # our own events, aggregated; kopf's would follow its log lines
    settings.scanning.disabled = True  # needs rights on all CRDs and namespaces; we wait for our kinds ourselves
    settings.networking.request_timeout = REQUEST_SECONDS
    settings.networking.connect_timeout = CONNECT_SECONDS
    settings.networking.error_backoffs = BACKOFFS
    settings.watching.server_timeout = STREAM_SECONDS
    settings.watching.client_timeout = STREAM_SECONDS + STREAM_GRACE_SECONDS
    settings.watching.chunk_size = PAGE
    settings.queueing.idle_timeout = IDLE_SECONDS
    return settings

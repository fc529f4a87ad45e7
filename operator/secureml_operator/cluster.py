"""What this operator asks of a Kubernetes API server, and the only errors it may answer with.

`KubeCluster` (in `kube.py`) asks a real one; unit tests have one in memory. Errors change type here and
nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secureml_operator.kinds import Kind
    from secureml_operator.resource import Body
    from secureml_reconcilers.engine.contract import Key


class ClusterError(Exception):
    """Base of everything the API server can disappoint us with; catch it to retry with backoff."""


class NoClusterError(Exception):
    """There is no API server to talk to; the text says where we looked."""


class ObjectGoneError(ClusterError):
    """The object, or the one of that uid, does not exist any more."""


class ConflictError(ClusterError):
    """Somebody changed the object since we read it; nothing was written. Read again, then decide."""


class RefusedError(ClusterError):
    """The API server understood and said no (forbidden, invalid); nothing was written."""


class UnclearError(ClusterError):
    """No usable answer (timeout, broken connection, 429, 5xx): a write may or may not have happened."""


class Cluster(Protocol):
    """The requests this operator makes, besides kopf's list and watch."""

    async def read(self, key: Key) -> Body:
        """Read one custom resource from the API server itself, not from a cache.

        Raises:
            ObjectGoneError, RefusedError, UnclearError: see their own words.
        """

    async def apply_status(self, key: Key, body: Body) -> Body:
        """Server-side apply `body` to `/status`, taking over fields of others; give the object after it.

        Raises:
            ObjectGoneError, ConflictError, RefusedError, UnclearError: see their own words.
        """

    async def patch(self, key: Key, operations: Sequence[dict[str, Any]]) -> Body:
        """JSON-patch the object itself; give the object after it.

        Raises:
            ConflictError: also when a `test` operation failed.
            ObjectGoneError, RefusedError, UnclearError: see their own words.
        """

    async def versions(self, kind: Kind, namespace: str | None) -> dict[Key, str]:
        """List the resource versions of all objects of a kind; may lag behind, costs no etcd read.

        Raises:
            RefusedError, UnclearError: see their own words.
        """

    async def create_event(self, namespace: str, body: Body) -> None:
        """Create a core/v1 Event.

        Raises:
            ClusterError: any of its children.
        """

    async def patch_event(self, namespace: str, name: str, body: Body) -> None:
        """Merge-patch a core/v1 Event.

        Raises:
            ObjectGoneError: it has expired (after an hour by default).
            ClusterError: any other of its children.
        """

    async def uid(self) -> str:
        """Give what tells this cluster from every other: the uid of its namespace kube-system.

        Raises:
            RefusedError, UnclearError: see their own words.
        """

    async def served(self) -> set[str]:
        """Give the plural names that the API server serves in our group and version.

        Raises:
            RefusedError, UnclearError: see their own words.
        """

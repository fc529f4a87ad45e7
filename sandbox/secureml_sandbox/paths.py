"""Where things are: the checkout, the cache that checkouts share, and a sandbox's own folder."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
"""The repository's root: the package runs from an editable install only."""

CONTROL_PLANE_MODULE = CHECKOUT / "sandbox" / "controlplane"
CRDS = CHECKOUT / "crds"


def cache_folder() -> Path:
    """Give the folder that every checkout of this user shares; it may not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "secureml-operator"


def sandbox_folder(name: str = "") -> Path:
    """Give the folder of the sandbox called `name`; the empty name is the default sandbox.

    Raises:
        ValueError: the name would leave the checkout or break a file name.
    """
    if name and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", name):
        raise ValueError(f"SANDBOX={name}: use at most 31 lower-case letters, digits and dashes.")
    return CHECKOUT / (f".sandbox-{name}" if name else ".sandbox")


@contextmanager
def exclusive(path: Path, when_waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock file `path`; the kernel frees it when its holder dies.

    Args:
        path: created if missing and never removed (removing it would let two holders in).
        when_waiting: called once when somebody else holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            when_waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield

"""The classes of the management clients, without the operations that they generate.

We send plain requests (`send_request`). The operations of azure-mgmt-network alone, of which nothing here is
called, take 40 MB of the process's memory, a quarter of all: they are left out while the client is imported.
"""

from __future__ import annotations

import importlib
import logging
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)


class LeftOut:
    """Takes the place of a group of operations in a client."""

    def __init__(self, *_: object, **__: object) -> None:
        """Accept what the client hands to the real one."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - never returns
        raise AttributeError(f"the operation {name} is left out of this process to save memory: use send_request")


class _StandIn(ModuleType):
    """Takes the place of a module of operations, and has whatever is imported from it."""

    def __getattr__(self, name: str) -> type[LeftOut]:
        if name.startswith("__"):
            raise AttributeError(name)
        return LeftOut


def client_class(package: str, name: str) -> Any:  # noqa: ANN401 - a class of generated code
    """The asynchronous client class of a management package.

    Args:
        package: such as `azure.mgmt.network`.
        name: of the class in `<package>.aio`.

    Returns:
        The class, without operations; with them when the package is imported already, or is built otherwise than
        expected.
    """
    if package not in sys.modules:
        try:
            with _left_out(f"{package}.operations", f"{package}.aio.operations"):
                return getattr(importlib.import_module(f"{package}.aio"), name)
        except Exception:  # noqa: BLE001 - whatever it is, the whole package is imported instead
            _log.warning(
                "%s cannot be imported without its operations, so it costs memory", package, exc_info=True
            )
            for each in [each for each in sys.modules if each == package or each.startswith(f"{package}.")]:
                del sys.modules[each]
    return getattr(importlib.import_module(f"{package}.aio"), name)


@contextmanager
def _left_out(*modules: str) -> Iterator[None]:
    """While this lasts, importing from these modules gives `LeftOut`; afterwards they can be imported as ever."""
    sys.modules.update({each: _StandIn(each) for each in modules})
    try:
        yield
    finally:
        for each in modules:
            sys.modules.pop(each, None)

"""Which resource and which pass a log record belongs to, without handing a logger through every call."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_fields: ContextVar[Mapping[str, Any]] = ContextVar("pass_fields", default=MappingProxyType({}))


def fields() -> Mapping[str, Any]:
    """Give what every log record of this task should carry; tasks started from it inherit it."""
    return _fields.get()


@contextmanager
def bound(**more: object) -> Iterator[None]:
    """Add fields to every log record made inside the block."""
    token = _fields.set({**_fields.get(), **more})
    try:
        yield
    finally:
        _fields.reset(token)

"""Doing several things at once, none of which outlives the pass that began it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine


async def gather_all(*work: Coroutine[None, None, None]) -> None:
    """Do all of it at once, and be done only when all of it is.

    Raises:
        Exception: the first that any of it raised, which is a bug there. The rest ends before that, and is not
            cut off as a task group would do: a write whose answer nobody awaits is one that nobody knows of.
    """
    ended = await asyncio.gather(*work, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, BaseException):
            raise problem

"""Running a composition against a view: what it yields, what it still needs to know."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.view import Unread

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Aspect, Block, Blocks, Composition
    from secureml_reconcilers.engine.questions import Question
    from secureml_reconcilers.engine.view import View

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Composed:
    """What one aspect said."""

    aspect: Aspect
    blocks: tuple[Block, ...]
    problems: tuple[AzureProblem, ...] = ()
    """Why parts of it could not say more; what the others said stands."""


def compose(composition: Composition, view: View) -> tuple[list[Composed], list[Question]]:
    """Ask every aspect; aspects fail alone, and so do the parts of one.

    What an aspect said that had no question left is kept in the view's memo: it looked at nothing that was not
    known, so it says the same when the view knows more.

    Returns:
        What each aspect yielded, and the questions that must be answered before they can say all. With
        questions left, the yield is incomplete and must not be acted upon.
    """
    questions: dict[Question, None] = {}
    composed = []
    for aspect in composition.aspects:
        said = view.memo.get(aspect)
        if said is None:
            blocks: list[Block] = []
            problems: list[AzureProblem] = []
            asked: dict[Question, None] = {}
            _collect(aspect.blocks(view), view, blocks, problems, asked)
            said = Composed(aspect, tuple(blocks), tuple(problems))
            if asked:
                questions |= asked
            else:
                view.memo[aspect] = said
        composed.append(said)
    return composed, list(questions)


def flat(blocks: Blocks) -> tuple[Block, ...]:
    """Every block of an aspect and its parts, in order; what any of them raises is raised."""
    found: list[Block] = []
    for block in blocks:
        found += flat(block) if isinstance(block, Iterator) else (block,)
    return tuple(found)


def _collect(
    blocks: Blocks,
    view: View,
    found: list[Block],
    problems: list[AzureProblem],
    questions: dict[Question, None],
) -> None:
    try:
        for block in blocks:
            if isinstance(block, Iterator):
                _collect(block, view, found, problems, questions)
                continue
            found.append(block)
            # An unread target does not stop the aspect: one batch reads all of them.
            questions.update(dict.fromkeys(_unread(block, view)))
    except Unread as unread:
        questions.update(dict.fromkeys(unread.questions))
    except AzureProblem as problem:
        problems.append(problem)
    except Exception as error:  # noqa: BLE001 - what Azure may show is not known in full: one part fails
        _log.exception("A part of the composition does not understand what Azure shows of %s", view.last_read)
        problems.append(_not_understood(error, view))


def _not_understood(error: Exception, view: View) -> AzureProblem:
    return AzureProblem(
        reasons.UNEXPECTED_ANSWER,
        f"Azure shows {view.last_read or 'something'} in a way that this version does not understand"
        f" ({type(error).__name__}).",
        "Nothing is written on it. Look whether the resource is as documented, or report this with the operator's"
        " version and the log of this pass.",
        Retry.SLOW,
        Severity.AZURE_ADMIN,
    )


def _unread(block: Block, view: View) -> tuple[Question, ...]:
    if isinstance(block, Ensure | EnsureAbsent):
        try:
            view.answer(block.id)
        except Unread as unread:
            return unread.questions
    return ()

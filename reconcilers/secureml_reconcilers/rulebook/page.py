"""The rule book as a page for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.rulebook.catalogue import AREAS
from secureml_reconcilers.rulebook.rule import SOURCES, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_PAGE: Final = Path("docs/rules.md")

_HEAD = """# The rule book

What isolating Azure Machine Learning takes, rule by rule. `status.findings` and `status.plan` name these ids. The column Operator tells what the operator is for, once it does all that it is meant to do: **converge** (it writes until the rule holds, where the spec asks for it), **report** (a person must act), **admission** (the API server refuses a spec that breaks it), **derived** (follows from others, or from how the operator works), none.

**State** tells what this version does: **served** (it sees to it), **reported** (it says so when the rule does not hold), **not applicable** (with the reason), or open. `make rules` names the code and the tests of each.

**Today** tells what has become of a rule since the articles were written: SAME, RELAXED (less is asked), TIGHTER (more is asked), CHANGED (true in another form), OBSOLETE (never enforced), CONFLICT (present documents disagree; the reading that is followed is told), NEW (in none of the five articles).
"""  # noqa: E501 - a paragraph of the page is one line

_COLUMNS = """| Rule | What it says | Concerns | Today | Sources | Operator | State |
|---|---|---|---|---|---|---|"""


def page(states: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        states: what the code does about each rule, by id: served, reported, notApplicable or open.
    """
    parts = [_HEAD]
    for area in AREAS:
        parts.append(f"## {(area.__doc__ or '').strip().rstrip('.')}\n")
        parts.append(_COLUMNS)
        parts[-1] += "".join(f"\n{_row(known, states[known.id])}" for known in area.RULES) + "\n"
    parts.append("## Sources\n\n| Short name | Document |\n|---|---|")
    parts[-1] += "".join(f"\n| {name} | {title} |" for name, title in SOURCES.items()) + "\n"
    return "\n".join(parts)


def _row(known: Rule, state: str) -> str:
    kinds = ", ".join(known.kinds) or "background"
    told = f"**{known.title}.** {known.explanation}".replace("|", "\\|")
    does = "" if known.does == "none" else known.does.value
    shown = f"not applicable: {known.not_applicable}" if known.not_applicable else state
    name = f'<a id="{known.id.lower()}"></a>{known.id}'
    return f"| {name} | {told} | {kinds} | {known.today} | {known.sources} | {does} | {shown} |"

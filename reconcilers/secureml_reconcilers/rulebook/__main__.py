"""Write the rule book as a page for people, or check that the written one is what the catalogue says."""

import argparse
import sys
from pathlib import Path

from secureml_reconcilers.rulebook.catalogue import AREAS
from secureml_reconcilers.rulebook.rule import SOURCES, Rule

DEFAULT_PAGE = Path("docs/rules.md")

_HEAD = """# The rule book

What isolating Azure Machine Learning takes, rule by rule. `status.findings` and `status.plan` name these ids. The last column tells what the operator is for, once it does all that it is meant to do: **converge** (it writes until the rule holds, where the spec asks for it), **report** (a person must act), **admission** (the API server refuses a spec that breaks it), **derived** (follows from others), none. Which of them this version serves, with a test of each: `make rules`.

**Today** tells what has become of a rule since the articles were written: SAME, RELAXED (less is asked), TIGHTER (more is asked), CHANGED (true in another form), OBSOLETE (never enforced), CONFLICT (present documents disagree; the reading that is followed is told), NEW (in none of the five articles).
"""  # noqa: E501 - a paragraph of the page is one line


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for area in AREAS:
        parts.append(f"## {(area.__doc__ or '').strip().rstrip('.')}\n")
        parts.append("| Rule | What it says | Concerns | Today | Sources | Operator |\n|---|---|---|---|---|---|")
        parts[-1] += "".join(f"\n{_row(known)}" for known in area.RULES) + "\n"
    parts.append("## Sources\n\n| Short name | Document |\n|---|---|")
    parts[-1] += "".join(f"\n| {name} | {title} |" for name, title in SOURCES.items()) + "\n"
    return "\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 1 when `--check` finds the page stale."""
    parser = argparse.ArgumentParser(prog="python -m secureml_reconcilers.rulebook", description=__doc__)
    parser.add_argument("page", nargs="?", type=Path, default=DEFAULT_PAGE, help=f"default: {DEFAULT_PAGE}")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is stale")
    options = parser.parse_args(arguments)
    if not options.check:
        options.page.write_text(page(), encoding="utf-8")
    elif not options.page.is_file() or options.page.read_text(encoding="utf-8") != page():
        sys.stderr.write(f"{options.page} is stale: run python -m secureml_reconcilers.rulebook\n")
        return 1
    return 0


def _row(known: Rule) -> str:
    kinds = ", ".join(known.kinds) or "background"
    told = f"**{known.title}.** {known.explanation}".replace("|", "\\|")
    does = "" if known.does == "none" else known.does.value
    name = f'<a id="{known.id.lower()}"></a>{known.id}'
    return f"| {name} | {told} | {kinds} | {known.today} | {known.sources} | {does} |"


if __name__ == "__main__":
    sys.exit(main())

"""Write every condition type and reason as a page for people, or check that the written one is what they say."""

import argparse
import sys
from pathlib import Path

from secureml_reconcilers.api.condition_types import CONDITION_TYPES, Group
from secureml_reconcilers.api.reasons.entry import REASONS, Entry, Section, Who

DEFAULT_PAGE = Path("docs/reasons.md")

_HEAD = """# Conditions, reasons and events

What a resource can say of itself, word by word. Types and reasons are part of the API: alerts and scripts may match them, and none is renamed. The message beside a reason names the resource, and is for people: it may change.
"""  # noqa: E501 - a paragraph of the page is one line

_WHERE = {
    Section.STATE: "Of a condition. A pause is told by an event, too.",
    Section.PROBLEM: "Of an aspect that is not met, and of Ready, Reconciling, Stalled, InSync or Permitted as far"
    " as they are about it. A Warning event tells when it begins, unless it passes by itself; `status.findings`"
    " holds it, under a rule's id where there is one and under the reason otherwise.",
    Section.ADVICE: "Of a Warning event when it is new in `status.findings`: the aspects are met all the same, so"
    " no condition shows it.",
    Section.EVENT: "Of an event only: Warning for drift that is found or attributed, Normal for the rest.",
}
"""Where the reasons of a section stand."""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for group in Group:
        lines = [f"## {group.value}\n", "| Type | True when | Who acts, and what to do |", "|---|---|---|"]
        lines += [
            f"| `{each.type}` | {each.when} | {each.do} |"
            for each in CONDITION_TYPES.values()
            if each.group is group
        ]
        parts.append("\n".join(lines) + "\n")
    for section in Section:
        lines = [f"## {section.value}\n", f"{_WHERE[section]}\n"]
        lines += ["| Reason | True when | Who acts | What to do |", "|---|---|---|---|"]
        lines += [_row(each) for each in REASONS.values() if each.section is section]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 1 when `--check` finds the page stale."""
    name = "python -m secureml_reconcilers.api.reasons_page"
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument("page", nargs="?", type=Path, default=DEFAULT_PAGE, help=f"default: {DEFAULT_PAGE}")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is stale")
    options = parser.parse_args(arguments)
    if not options.check:
        options.page.write_text(page(), encoding="utf-8")
    elif not options.page.is_file() or options.page.read_text(encoding="utf-8") != page():
        sys.stderr.write(f"{options.page} is stale: run {name}\n")
        return 1
    return 0


def _row(entry: Entry) -> str:
    do = entry.do or ("Nothing." if entry.who is Who.NOBODY else "")
    return f"| `{entry.reason}` | {entry.when} | {entry.who.value} | {do} |"


if __name__ == "__main__":
    sys.exit(main())

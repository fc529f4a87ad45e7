"""The table of justified differences between recordings and emulator, and its rendering in the README.

`python -m tests.contract.differences` writes the table into `emulator/README.md`.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .replay import Difference

TABLE = Path(__file__).with_name("differences.yaml")
README = Path(__file__).resolve().parents[2] / "emulator" / "README.md"
BEGIN, END = "<!-- differences: begin -->", "<!-- differences: end -->"


@dataclass(frozen=True)
class Row:
    """One justified difference.

    Attributes:
        cassette: file name of the cassette without extension.
        method: HTTP method.
        path: regular expression for the path below subscription and resource group.
        what: the sentence of the comparison; `*` stands for anything.
        why: why the emulator is right to differ.
    """

    cassette: str
    method: str
    path: str
    what: str
    why: str

    def covers(self, difference: Difference) -> bool:
        """Whether this row speaks about that difference."""
        return (
            self.cassette == difference.cassette
            and self.method == difference.method
            and re.search(self.path, difference.place, re.IGNORECASE) is not None
            and fnmatch.fnmatchcase(difference.what, _literal_brackets(self.what))
        )


def _literal_brackets(pattern: str) -> str:
    """Brackets in sentences are list indexes, not the character classes that fnmatch sees in them."""
    return pattern.replace("[", "[[]")


@cache
def rows() -> list[Row]:
    """The table, in the order of the file."""
    return [Row(**each) for each in yaml.safe_load(TABLE.read_text("utf-8")) or []]


def justified(difference: Difference) -> bool:
    """Whether a row covers the difference."""
    return any(row.covers(difference) for row in rows())


def unlisted(found: Iterable[Difference]) -> list[str]:
    """Differences that no row covers."""
    return [str(each) for each in found if not justified(each)]


def outdated(cassette: str, found: list[Difference]) -> list[str]:
    """Rows of a cassette whose difference no longer occurs."""
    return [
        f"{row.method} {row.path}: {row.what}"
        for row in rows()
        if row.cassette == cassette and not any(row.covers(each) for each in found)
    ]


def render() -> str:
    """The table in Markdown."""
    lines = ["| Recording | Call | Difference | Why |", "|---|---|---|---|"]
    for row in rows():
        cells = (row.cassette, f"{row.method} `{row.path}`", row.what, row.why)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def in_readme() -> str | None:
    """The table as the README has it now; None when it has no place for one."""
    text = README.read_text("utf-8") if README.exists() else ""
    found = re.search(f"{re.escape(BEGIN)}\n(.*?)\n{re.escape(END)}", text, re.DOTALL)
    return found[1] if found else None


def write() -> None:
    """Put the table into the README, at its markers or in a section of its own at the end."""
    text = README.read_text("utf-8") if README.exists() else "# Azure Resource Manager emulator\n"
    block = f"{BEGIN}\n{render()}\n{END}"
    if BEGIN in text:
        text = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, text, flags=re.DOTALL)
    else:
        text = f"{text.rstrip()}\n\n## Differences from the recordings\n\n{INTRODUCTION}\n\n{block}\n"
    README.write_text(text, "utf-8")


INTRODUCTION = """\
Published recordings of real traffic are replayed against the emulator (`tests/contract/test_recordings.py`).
Status, steering headers and the shape of bodies agree but for these rows. The table is rendered from
`tests/contract/differences.yaml`; the test fails on a difference that is not in it and on a row that is no
longer true."""


if __name__ == "__main__":
    write()

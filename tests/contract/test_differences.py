"""The README says what the table of differences says."""

from __future__ import annotations

from . import differences


def test_readme_shows_the_table() -> None:
    """After a change of the table: `python -m tests.contract.differences`."""
    assert differences.in_readme() == differences.render()


def test_every_row_is_justified() -> None:
    """A difference without a reason is a defect."""
    assert [row for row in differences.rows() if len(row.why) < 20] == []

"""What is told to people who use studio, in few findings, and only where somebody does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import ACCOUNT, OWNER, WORKSPACE, put, spec, unreadable, world
from tests.unit.isolation.telling import Advice, Shows

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.isolation.clouds import PUBLIC
from secureml_reconcilers.isolation.studio_hints import UNVALIDATED, VALIDATED, studio_hints
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext
from secureml_reconcilers.rulebook import CATALOGUE

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

PAGE = Path(__file__).parents[3] / "docs" / "studio.md"

IDENTITY = put(WORKSPACE, "properties.systemDatastoresAuthMode", "Identity")
LEGACY = put(WORKSPACE, "properties.v1LegacyMode", True)  # noqa: FBT003 - JSON
LAKE = put(ACCOUNT, "properties.isHnsEnabled", True)  # noqa: FBT003 - JSON
DATA = Advice("StudioData", WORKSPACE, "STUDIO-DSTYPE-01")
LIMITS = Advice("StudioLimits", WORKSPACE, "STUDIO-DIS-01")
FULL: dict[str, Any] = {"advice": "Full"}
USED: dict[str, Any] = {**FULL, "studio": {"enabled": True}}

ALWAYS = (
    "STUDIO-DSTYPE-01 STUDIO-DSTYPE-03 STUDIO-DSTYPE-04 STUDIO-SQL-01 STUDIO-SQL-02 STUDIO-DIS-01 STUDIO-DIS-02"
    " STUDIO-DIS-03 STUDIO-DIS-04 STUDIO-ERR-01 STUDIO-DES-01 STUDIO-DES-02"
)
FIRST_SDK = "DATA-VAL-01 DATA-SET-01 DATA-SKIP-01 DATA-SKIP-02 DATA-SKIP-04 DATA-SKIP-05 DATA-SKIP-06"


def row(
    sentence: str,
    changes: list[Change],
    expected: list[Advice],
    met: str = "",
    violated: str = "",
    **parts: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401 - of pytest
    """A spec in a landscape, and the hints that are given."""
    return pytest.param(changes, parts, expected, Shows(tuple(met.split()), tuple(violated.split())), id=sentence)


HINTS = [
    row(
        "nobody uses studio",
        [LAKE],
        [],
        **FULL,
        met=f"{ALWAYS} {FIRST_SDK} STUDIO-ACL-01 STUDIO-NB-01 STUDIO-RBAC-04",
    ),
    row(
        "somebody does, and the datastores sign in as the identity",
        [IDENTITY],
        [DATA, LIMITS],
        met="STUDIO-RBAC-04 STUDIO-NB-01 STUDIO-ACL-01",
        violated=ALWAYS,
        **USED,
    ),
    row(
        "default datastores that sign in by key are told of",
        [],
        [DATA, LIMITS, Advice("DatastoresByKey", WORKSPACE, "STUDIO-RBAC-04")],
        violated="STUDIO-RBAC-04",
        **USED,
    ),
    row(
        "notebooks need the file share",
        [IDENTITY],
        [Advice("NotebooksUnreachable", WORKSPACE, "STUDIO-NB-01"), DATA, LIMITS],
        violated="STUDIO-NB-01",
        storage={"subResources": ["blob"]},
        **USED,
    ),
    row(
        "a Data Lake knows lists besides roles",
        [IDENTITY, LAKE],
        [DATA, LIMITS, Advice("DataLakeLists", ACCOUNT, "STUDIO-ACL-01")],
        violated="STUDIO-ACL-01",
        **USED,
    ),
    row("an account that cannot be read says it itself", [IDENTITY, unreadable(ACCOUNT)], [DATA, LIMITS], **USED),
    row(
        "in legacy mode the first SDK may still be used",
        [LEGACY],
        [Advice("FirstSDKValidates", WORKSPACE, "DATA-VAL-01")],
        violated=FIRST_SDK,
        **FULL,
    ),
    row("brief advice is silent of what holds anywhere", [LEGACY, LAKE], [], studio={"enabled": True}),
    row(
        "but not of notebooks that nobody reaches",
        [],
        [Advice("NotebooksUnreachable", WORKSPACE, "STUDIO-NB-01")],
        storage={"subResources": ["blob"]},
        studio={"enabled": True},
    ),
]


@pytest.mark.parametrize(("changes", "parts", "expected", "_shows"), HINTS)
def test_hints(changes: list[Change], parts: dict[str, Any], expected: list[Advice], _shows: Shows) -> None:
    """Of the whole composition only these: roles and accounts are told of by themselves."""
    context = WorkspaceContext.of(SecureWorkspaceSpec.parse(spec(**parts)), PUBLIC, OWNER)
    hints = [block for block in studio_hints(context, world(*changes)) if not block.holds]
    assert [Advice(block.reason, block.about, block.rules[0]) for block in hints] == expected


def test_the_page_tells_every_hint() -> None:
    """Findings point to it; what they name in a word stands there in a sentence."""
    page = PAGE.read_text("utf-8")
    families = ("STUDIO-DSTYPE", "STUDIO-DIS", "STUDIO-DES", "STUDIO-ACL", "STUDIO-SQL", "STUDIO-ERR", "DATA-")
    assert [rule for rule in CATALOGUE if rule.startswith(families) and rule not in page] == []
    for kind, rule in VALIDATED:
        assert f"| {kind} | yes | {rule} |" in page
    for kind, rule in UNVALIDATED:
        assert f"| {kind} | no, it is not looked at | {rule} |" in page

"""Every example is admitted by a real API server, the way its reader would apply it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from secureml_sandbox.controlplane import ControlPlane

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_admitted(control_plane: ControlPlane, path: Path) -> None:
    """Server-side dry run: defaults, rules and strict field checks apply, nothing is stored."""
    said = control_plane.kubectl("apply", "--dry-run=server", f"--filename={path}")
    assert "(server dry run)" in said

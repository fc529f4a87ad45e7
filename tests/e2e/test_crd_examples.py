"""Every example is admitted by a real API server, the way its reader would apply it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from secureml_sandbox.landscape import subnet_id, workspace_id

if TYPE_CHECKING:
    from secureml_sandbox.controlplane import ControlPlane

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_admitted(control_plane: ControlPlane, path: Path) -> None:
    """Server-side dry run: defaults, rules and strict field checks apply, nothing is stored."""
    said = control_plane.kubectl("apply", "--dry-run=server", f"--filename={path}")
    assert "(server dry run)" in said


def test_the_examples_name_the_sandbox() -> None:
    """Whoever starts the sandbox can apply them as they are but for the subscription."""
    document = yaml.safe_load((FOLDER / "secureworkspace-minimal.yaml").read_text(encoding="utf-8"))
    subscription = document["spec"]["workspaceID"].split("/")[2]
    assert document["spec"] == {
        "workspaceID": workspace_id(subscription, "fraud"),
        "network": {"endpointSubnetID": subnet_id(subscription, "endpoints")},
    }

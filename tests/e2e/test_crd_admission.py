"""What a real kube-apiserver admits and refuses, row by row (`data/admission/README.md`)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from tests.e2e.crd_rows import Resource, Row, rows

from secureml_reconcilers.api.kinds import KINDS
from secureml_sandbox.controlplane import KubectlError

if TYPE_CHECKING:
    from secureml_sandbox.controlplane import ControlPlane

ROWS = [pytest.param(row, id=str(row)) for kind in KINDS for row in rows(kind.kind)]


def _submit(api: ControlPlane, verb: str, namespace: str, resource: Resource) -> None:
    """Send as kubectl does by default: unknown fields are refused, and nothing is stored."""
    where = (f"--namespace={namespace}", "--dry-run=server", "--filename=-")
    api.kubectl(verb, *where, stdin=json.dumps(resource))


def _refusal(api: ControlPlane, verb: str, namespace: str, resource: Resource) -> str:
    try:
        _submit(api, verb, namespace, resource)
    except KubectlError as problem:
        return str(problem)
    pytest.fail(f"admitted, though it must be refused: {json.dumps(resource['spec'])}")


def _create(api: ControlPlane, namespace: str, resource: Resource) -> None:
    api.kubectl("create", f"--namespace={namespace}", "--filename=-", stdin=json.dumps(resource))


@pytest.mark.parametrize("row", ROWS)
def test_row(control_plane: ControlPlane, row: Row) -> None:
    """Accepted resources are admitted; refused ones name the path and say what to do."""
    verb, namespace = "create", "default"
    if row.before:
        namespace = control_plane.fresh_namespace()
        _create(control_plane, namespace, row.before)
        verb = "replace"
    for resource in row.accepted:
        _submit(control_plane, verb, namespace, resource)
    for resource in row.refused:
        said = _refusal(control_plane, verb, namespace, resource)
        assert row.says in said
        assert _names(said, row), said


def _names(said: str, row: Row) -> bool:
    """Tell whether the words stand beside the path; rules on the whole resource name none."""
    if row.says == "unknown field":
        return f'unknown field "{row.at}"' in said
    beside = (line for line in said.replace("is invalid: [", "is invalid: \n").split("\n") if row.says in line)
    return any(re.search(rf"(^|\s|\[){re.escape(row.at or '<nil>')}: ", line) for line in beside)

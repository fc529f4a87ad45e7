"""What a composition says of the custom resources that its spec refers to."""

from __future__ import annotations

from typing import Any

import pytest

from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.contract import Key, Reference
from secureml_reconcilers.engine.references import reference_checks

WORKSPACE = Key("SecureWorkspace", "team-a", "fraud")
STORAGE_OPEN = "2 of 9 aspects are met. StorageIsolated: the account is open."


def ready(status: str, reason: str = "AsDeclared", message: str = "Azure is as declared.") -> dict[str, Any]:
    """A Ready condition."""
    return {"type": "Ready", "status": status, "reason": reason, "message": message}


def reference(**parts: Any) -> Reference:  # noqa: ANN401 - fields of Reference
    """A workspace that is ready, or whatever its parts say."""
    known: dict[str, Any] = {"found": True, "generation": 3, "ready": ready("True")}
    return Reference("spec.workspaceRef", WORKSPACE, **{**known, **parts})


def check(told: Reference) -> Check:
    """The one block that it makes."""
    (block,) = reference_checks([told])
    return block


@pytest.mark.rules(met="GEN-TOPO-02")
def test_what_is_ready_holds() -> None:
    """And its name says what is true then, for messages of what waits for it."""
    block = check(reference())
    assert block.holds
    assert block.name == "SecureWorkspace fraud, which spec.workspaceRef names, is ready"


CASES = [
    pytest.param(
        Reference("spec.workspaceRef", WORKSPACE, found=False),
        "ReferenceNotFound",
        "spec.workspaceRef names SecureWorkspace fraud, which does not exist in namespace team-a.",
        "Create it, or correct spec.workspaceRef (in a new resource if the field cannot be changed). This resource"
        " goes on by itself.",
        id="it does not exist",
    ),
    pytest.param(
        reference(ready=ready("False", "PublicAccessOpen", STORAGE_OPEN)),
        "ReferenceNotReady",
        f"SecureWorkspace fraud, which spec.workspaceRef names, is not ready (PublicAccessOpen): {STORAGE_OPEN}",
        "Help that resource first: this one goes on by itself once it is ready.",
        id="its reason and message are quoted",
    ),
    pytest.param(
        reference(ready=ready("Unknown", "AzureUnreachable", "No answer.")),
        "ReferenceNotReady",
        "SecureWorkspace fraud, which spec.workspaceRef names, is not ready (AzureUnreachable): No answer.",
        "Help that resource first: this one goes on by itself once it is ready.",
        id="Unknown is not ready",
    ),
    pytest.param(
        reference(ready={}),
        "ReferenceNotReady",
        "SecureWorkspace fraud, which spec.workspaceRef names, was not looked at yet at its generation 3.",
        "This resource goes on by itself once that one is ready.",
        id="it was not looked at in this generation",
    ),
    pytest.param(
        reference(deleting=True),
        "ReferenceNotReady",
        "SecureWorkspace fraud, which spec.workspaceRef names, is being deleted.",
        "Delete this resource too, or create that one again when it is gone.",
        id="deleting counts as not ready, whatever its Ready says",
    ),
    pytest.param(
        reference(ready={"type": "Ready", "status": "False"}),
        "ReferenceNotReady",
        "SecureWorkspace fraud, which spec.workspaceRef names, is not ready.",
        "Help that resource first: this one goes on by itself once it is ready.",
        id="a condition without reason and message is not quoted",
    ),
]


@pytest.mark.rules(violated="GEN-TOPO-02")
@pytest.mark.parametrize(("told", "reason", "message", "advice"), CASES)
def test_what_does_not_hold_is_told(told: Reference, reason: str, message: str, advice: str) -> None:
    """The whole sentence, and who acts."""
    block = check(told)
    assert (block.holds, block.reason, block.message, block.advice) == (False, reason, message, advice)


@pytest.mark.parametrize("told", [case.values[0] for case in CASES])
def test_it_blocks_and_does_not_stall(told: Reference) -> None:
    """Tools that wait must not give up: both may have come with one manifest, and the other be applied next."""
    assert check(told).level is CheckLevel.BLOCKING
    assert not check(told).by_user


def test_the_key_of_the_block_stays_whatever_is_known() -> None:
    """Other blocks name it in `after`."""
    keys = {check(told).key for told in (reference(), *(case.values[0] for case in CASES))}
    assert len(keys) == 1


def test_two_fields_are_two_facts_in_their_order() -> None:
    """One that names what another names too is told of its own."""
    other = Reference("spec.dataRef", WORKSPACE, found=False)
    blocks = list(reference_checks([reference(), other]))
    assert [block.reason for block in blocks if not block.holds] == ["ReferenceNotFound"]
    assert len({block.key for block in blocks}) == 2


def test_a_long_message_is_cut() -> None:
    """A condition's message, quoted, leaves room for the rest of the sentence and the schema's bound."""
    block = check(reference(ready=ready("False", "PublicAccessOpen", "x" * 4096)))
    assert len(block.message) < 1100
    assert block.message.endswith("…")

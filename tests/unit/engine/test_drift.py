"""What counts as drift: only what had been as declared."""

from __future__ import annotations

import pytest

from secureml_reconcilers.engine.drift import in_sync

IN_SYNC = [  # InSync                    Ready               had it been as declared
    pytest.param(("True", "InSync", 2), ("True", "AsDeclared"), True, id="it is"),
    pytest.param(("True", "InSync", 1), ("True", "AsDeclared"), False, id="another spec was"),
    pytest.param(("False", "Drifted", 2), ("False", "Progressing"), False, id="it has drifted already"),
    pytest.param(("False", "Converging", 2), ("False", "Progressing"), False, id="it never was"),
    pytest.param(
        ("Unknown", "AzureBusy", 2), ("Unknown", "AzureBusy"), True, id="it could not be told for a moment"
    ),
    pytest.param(("Unknown", "Paused", 2), ("True", "AsDeclared"), True, id="it was when it was paused"),
    pytest.param(("Unknown", "Paused", 2), ("False", "Progressing"), False, id="it was not when it was paused"),
    pytest.param(("Unknown", "Paused", 2), ("Unknown", "Paused"), False, id="it was paused before anybody looked"),
]


@pytest.mark.parametrize(("synced", "ready", "expected"), IN_SYNC)
def test_only_what_had_been_as_declared_can_drift(
    synced: tuple[str, str, int],
    ready: tuple[str, str],
    expected: bool,  # noqa: FBT001
) -> None:
    """A pause hides whether it had been, except in what Ready keeps."""
    rows = (("InSync", *synced), ("Ready", *ready, synced[2]))
    names = ("type", "status", "reason", "observedGeneration")
    assert in_sync({"conditions": [dict(zip(names, row, strict=True)) for row in rows]}, 2) is expected

"""Whether a body is what was declared, to the letter."""

from __future__ import annotations

from typing import Any


def differences(sent: Any, declared: Any, path: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """The paths at which a body differs from what was declared, in order; empty when it is the same.

    Letter case counts, for this is about a request: `Systemassigned` is not what was declared. Null is absent.

    Args:
        sent: the body about to be sent.
        declared: the complete body that may be sent.
        path: where both stand in the whole.
    """
    if isinstance(sent, dict) and isinstance(declared, dict):
        names = sorted({*sent, *declared})
        found = []
        for name in names:
            found += differences(sent.get(name), declared.get(name), f"{path}.{name}" if path else str(name))
        return found
    if isinstance(sent, list) and isinstance(declared, list) and len(sent) == len(declared):
        pairs = zip(sent, declared, strict=True)
        return [each for at, pair in enumerate(pairs) for each in differences(*pair, f"{path}[{at}]")]
    same = sent == declared and isinstance(sent, bool) == isinstance(declared, bool)
    return [] if same else [path or "the body"]

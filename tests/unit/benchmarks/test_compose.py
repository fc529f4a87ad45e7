"""The benchmark of a pass measures what it says: it stops when the landscape is not as declared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
ONE_ROUND = "from compose import compose_and_conclude; print(sorted(compose_and_conclude(1)))"


def test_a_round_concludes_that_nothing_is_to_do() -> None:
    """It broke unseen when compositions began to ask for more."""
    told = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", ONE_ROUND], cwd=ROOT / "benchmarks", capture_output=True, text=True, check=False
    )
    assert told.stdout.strip() == "['compare', 'compose', 'conclude', 'declare', 'together']", told.stderr

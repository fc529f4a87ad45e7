"""Mutates the engine and lets its unit tests judge: `python -m tests.mutation ledger readings`.

A mutant that survives is a line that nothing asserts, or one that makes no difference. `mutmut` takes a source
root only when it is called `src`, so the code and its judges are laid out anew in `.mutation/`; the next run goes
on there, and judges again only what has changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
STAGE: Final = ROOT / ".mutation"
JUDGES: Final = "tests/unit/engine"
ENGINE: Final = "secureml_reconcilers/engine"

SETTINGS: Final = f"""
[tool.mutmut]
source_paths = ["src"]
also_copy = ["crds"]
only_mutate = [{{modules}}]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist", "-x", "-q"]
pytest_add_cli_args_test_selection = ["{JUDGES}"]
timeout_multiplier = 5.0
timeout_constant = 2.0

[tool.pytest.ini_options]
addopts = "--import-mode=importlib"
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
"""
"""Five times what the tests of a function take, and two seconds, is the end of a mutant that runs for ever."""


def stage(modules: list[str]) -> None:
    """Lay out the code and its judges, and leave alone what a run before has found out."""
    for source, target in (("reconcilers", "src"), (JUDGES, JUDGES), ("crds", "crds")):
        shutil.rmtree(STAGE / target, ignore_errors=True)
        shutil.copytree(ROOT / source, STAGE / target, ignore=shutil.ignore_patterns("__pycache__"))
    paths = ", ".join(f'"src/{ENGINE}/{module}.py"' for module in modules)
    (STAGE / "pyproject.toml").write_text(SETTINGS.format(modules=paths), encoding="utf-8")


def main(modules: list[str]) -> int:
    """Mutate these modules of the engine, all of them when none is named; lists what survived."""
    every = sorted(path.stem for path in (ROOT / "reconcilers" / ENGINE).glob("*.py") if path.stem != "__init__")
    stage(modules or every)
    mutmut = [sys.executable, "-m", "mutmut"]
    children = os.environ.get("MUTATION_CHILDREN", str(os.cpu_count() or 1))
    subprocess.run([*mutmut, "run", "--max-children", children], cwd=STAGE, check=True)  # noqa: S603 - our own arguments
    told = subprocess.run([*mutmut, "results"], cwd=STAGE, check=True, capture_output=True, text=True)  # noqa: S603
    found = told.stdout
    survivors = [line.strip() for line in found.splitlines() if "survived" in line or "no tests" in line]
    sys.stdout.write("".join(f"{line}\n" for line in [*survivors, f"{len(survivors)} survived"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The builds that are measured: the working tree, and a revision with an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from secureml_sandbox.paths import CHECKOUT


class NoBuildError(Exception):
    """A revision does not exist, or its environment could not be made."""


@dataclass(frozen=True, slots=True)
class Build:
    """A checkout of this repository with the environment that runs it.

    Attributes:
        name: the commit, or "working tree".
        root: the checkout: its rights, definitions and benchmarks are the build's own.
        programs: the folder with its `python` and `secureml`.
    """

    name: str
    root: Path
    programs: Path


WORKING_TREE = Build("working tree", CHECKOUT, Path(sys.executable).parent)


def build(revision: str, folder: Path) -> Build:
    """Unpack a revision into `folder` and make its environment there, as its own lock file says.

    Raises:
        NoBuildError: git does not know it, or its environment could not be made.
    """
    commit = (
        _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    )
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=_git("archive", commit), check=True)  # noqa: S607
    if subprocess.run([folder / "sandbox" / "bootstrap.sh"], check=False).returncode:
        raise NoBuildError(f"{revision}: its sandbox/bootstrap.sh failed; its words are above.")
    return Build(commit, folder, folder / ".venv" / "bin")


def compile_code(of: Build) -> None:
    """Compile its modules, so that no measured start does: a fresh checkout has no byte-code yet."""
    subprocess.run(
        [of.programs / "python", "-m", "compileall", "-q", "operator", "reconcilers"], cwd=of.root, check=True
    )


def state_of_working_tree() -> str:
    """Give the commit that the working tree stands on, marked when something was changed since."""
    return _git("describe", "--always", "--abbrev=40", "--exclude=*", "--dirty").decode().strip()


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(CHECKOUT), *arguments], capture_output=True, check=False)  # noqa: S607
    if done.returncode:
        raise NoBuildError(f"git {' '.join(arguments)}: {done.stderr.decode().strip() or 'no such revision'}")
    return done.stdout

"""`make bench`: the figures that the project promises, measured on this machine and printed.

Figures come from here, never from timed tests. Each part starts its own processes and stops them.

    python benchmarks/run.py            all parts
    python benchmarks/run.py latency    apply to Ready with the clock at real speed (about two minutes)
    python benchmarks/run.py scale      500 SecureWorkspaces over 2,000 open resources, fast clock
    python benchmarks/run.py compose    CPU to compose, compare and conclude that nothing is to do

    python benchmarks/run.py --base REVISION ...    the same of another build as well, in turns, and the ratios
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builds import WORKING_TREE, Build, NoBuildError, build, compile_code, state_of_working_tree
from comparison import BASE, HEAD, rows, table, turns
from latency import latency
from scale import scale

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTS = ("compose", "latency", "scale")
REPORT = Path("bench-report.json")

COMPOSE = "import json; from compose import compose; print(json.dumps(compose(None, 0)))"


class NoFiguresError(Exception):
    """A part could not measure a build."""


def main() -> None:
    """Run the parts that were asked for, and write their figures to bench-report.json as well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--workspaces", type=_at_least_one, default=500, help="size of the scale part")
    parser.add_argument(
        "--base", metavar="REVISION", help="measure this build as well, in turns with the working tree"
    )
    parser.add_argument(
        "--runs", type=_at_least_one, default=3, help="with --base: turns of each build (default: 3)"
    )
    arguments = parser.parse_args()
    parts = arguments.parts or PARTS
    try:
        if arguments.base:
            side_by_side(parts, arguments.workspaces, arguments.base, arguments.runs)
        else:
            alone(parts, arguments.workspaces)
    except (NoBuildError, NoFiguresError) as problem:
        sys.exit(str(problem))


def alone(parts: Sequence[str], workspaces: int) -> None:
    """Measure the working tree once.

    Raises:
        NoFiguresError: a part could not measure it.
    """
    figures = {}
    for part in parts:
        print(f"\n== {part}", flush=True)
        figures[part] = _measure(part, workspaces, WORKING_TREE)
    _write(figures)


def side_by_side(parts: Sequence[str], workspaces: int, revision: str, runs: int) -> None:
    """Measure a revision and the working tree, never both at a time, and print the ratios.

    Raises:
        NoBuildError: there is no such revision, or its environment could not be made.
        NoFiguresError: a part could not measure one of them.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="secureml-bench-base-") as folder:
        print(f"== environment of {revision} (a minute or so)", flush=True)
        builds = {BASE: build(revision, Path(folder) / "checkout"), HEAD: WORKING_TREE}
        report: dict[str, Any] = {
            BASE: builds[BASE].name,
            HEAD: state_of_working_tree(),
            "runs": runs,
            "workspaces": workspaces,
            "parts": {},
        }
        for each in builds.values():
            compile_code(each)
        for part in parts:
            measured: dict[str, list[dict[str, Any]]] = {BASE: [], HEAD: []}
            report["parts"][part] = {"turns": measured}
            order = turns(runs)
            for turn, name in enumerate(order, 1):
                elapsed = time.monotonic() - began
                print(f"\n== {part}, turn {turn} of {len(order)}: {name}; {elapsed:.0f} s so far", flush=True)
                measured[name].append(_measure(part, workspaces, builds[name]))
                _write(report)  # after every turn: what took an hour outlives a failure
            compared = rows(measured[BASE], measured[HEAD])
            report["parts"][part]["ratios"] = {row.figure: row.ratio for row in compared}
            _write(report)
            print(f"\n== {part}: {report[BASE]} and {report[HEAD]}\n{table(compared)}", flush=True)
    print(f"\n  {time.monotonic() - began:.0f} s; every turn is in {REPORT}")


def _measure(part: str, workspaces: int, of: Build) -> dict[str, Any]:
    """Measure a build once.

    Its operator is driven from outside: landscape, emulator and measuring are the working tree's for every
    build. Only `compose` is a build's own, for it calls functions, and those differ from build to build.

    Raises:
        NoFiguresError: it could not be measured.
    """
    with tempfile.TemporaryDirectory(prefix=f"secureml-bench-{part}-") as folder:
        if part == "compose":
            return _compose(of)
        if part == "latency":
            return latency(Path(folder), of)
        return scale(Path(folder), of, workspaces)


def _compose(of: Build) -> dict[str, Any]:
    done = subprocess.run(
        [of.programs / "python", "-c", COMPOSE],
        cwd=of.root / "benchmarks",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoFiguresError(f"{of.name}: its own benchmarks/compose.py failed:\n{done.stderr}")
    *words, figures = done.stdout.splitlines()
    print("\n".join(words), flush=True)
    measured: dict[str, Any] = json.loads(figures)
    return measured


def _write(report: dict[str, Any]) -> None:
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    main()

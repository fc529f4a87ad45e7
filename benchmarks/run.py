"""`make bench`: the figures that the project promises, measured on this machine and printed.

Figures come from here, never from timed tests. Each part starts its own processes and stops them.

    python benchmarks/run.py            all parts
    python benchmarks/run.py latency    apply to Ready with the clock at real speed (about two minutes)
    python benchmarks/run.py scale      500 SecureWorkspaces over 2,000 open resources, fast clock
    python benchmarks/run.py compose    CPU to compose, compare and conclude that nothing is to do
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from compose import compose
from latency import latency
from scale import scale

PARTS = {"compose": compose, "latency": latency, "scale": scale}


def main() -> None:
    """Run the parts that were asked for, and write their figures to bench-report.json as well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--workspaces", type=int, default=500, help="size of the scale part")
    arguments = parser.parse_args()
    figures = {}
    for name in arguments.parts or PARTS:
        print(f"\n== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"secureml-bench-{name}-") as folder:
            figures[name] = PARTS[name](Path(folder), arguments.workspaces)
    Path("bench-report.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

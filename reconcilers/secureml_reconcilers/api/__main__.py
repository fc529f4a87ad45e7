"""Write the CRDs, or check that the written ones are what the models say."""

import argparse
import sys
from pathlib import Path

from secureml_reconcilers.api.kinds import KINDS
from secureml_reconcilers.api.schema import file_name, render

DEFAULT_FOLDER = Path("crds")


def stale(folder: Path) -> list[str]:
    """List the files below `folder` that differ from what the models say, are missing, or should not be."""
    wanted = {file_name(kind): render(kind) for kind in KINDS}
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 1 when `--check` finds a stale file."""
    parser = argparse.ArgumentParser(prog="python -m secureml_reconcilers.api", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER, help="default: crds")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    options = parser.parse_args(arguments)
    if options.check:
        differing = stale(options.folder)
        for name in differing:
            sys.stderr.write(f"{options.folder / name} is stale: run python -m secureml_reconcilers.api\n")
        return 1 if differing else 0
    options.folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (options.folder / file_name(kind)).write_text(render(kind), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

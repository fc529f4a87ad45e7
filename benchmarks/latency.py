"""From apply to Ready with operations of real length, compared with the longest chain of them."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from secureml_sandbox.critical_path import longest_chain
from stage import Stage, stage

if TYPE_CHECKING:
    from pathlib import Path

    from builds import Build

MANAGED = 26
"""Workspace, storage, vault, registry, 5 endpoints, 5 zone groups, 6 zones, 6 links."""

RESYNC = 20.0

PATIENCE = 900.0
"""Seconds until the measurement gives up."""


def latency(folder: Path, build: Build) -> dict[str, Any]:
    """Measure one workspace on a clock at real speed.

    Raises:
        TimeoutError: it did not become Ready.
    """
    with stage(folder, build, ["fraud"], speed=1.0, resync=RESYNC) as running:
        before = time.time()
        running.cluster.apply(running.resource("fraud"))
        print("  applied; until Ready: a minute or two, as Azure takes", flush=True)
        while running.ready() < 1:
            if time.time() - before > PATIENCE:
                raise TimeoutError(f"not Ready after {PATIENCE:.0f} s:\n{running.operator.words()[-2000:]}")
            time.sleep(0.2)
        seconds = time.time() - before
        requests = running.requests()
        chain = longest_chain(running.azure.control("GET", "operations")["value"][-_operations(running) :])
        figures = _figures(running, requests, seconds, chain.seconds)
        figures["chain"] = str(chain)
        figures |= _idle(running, requests[-1]["sequence"])
    for name, value in figures.items():
        print(f"  {name:<44} {value}")
    return figures


def _figures(running: Stage, requests: list[dict[str, Any]], seconds: float, chain: float) -> dict[str, Any]:
    looks = _looks(running, requests)
    return {
        "apply to Ready, s": round(seconds, 1),
        "longest chain of dependent operations, s": round(chain, 1),
        "ratio (bound 1.15)": round(seconds / chain, 3),
        "ARM requests": len(requests),
        f"per managed resource ({MANAGED}; bound 6)": round(len(requests) / MANAGED, 2),
        "most looks per operation and 5 s (bound 1)": looks,
        "writes": sum(r["method"] in {"PUT", "PATCH", "DELETE"} for r in requests),
    }


def _operations(running: Stage) -> int:
    """The operator's own long-running operations are the last ones: the landscape came before."""
    own = {r["path"].split("?")[0].lower() for r in running.requests() if r["method"] in {"PUT", "PATCH"}}
    return sum(o["id"].lower() in own for o in running.azure.control("GET", "operations")["value"][-40:])


def _looks(running: Stage, requests: list[dict[str, Any]]) -> float:
    """Reads of an operation's target while it ran, over its length in units of five seconds (rounded up)."""
    worst = 0.0
    for operation in running.azure.control("GET", "operations")["value"]:
        began, ends = operation["began"], operation["ends"]
        path = operation["id"].lower()
        looks = sum(
            r["method"] == "GET" and r["path"].split("?")[0].lower() == path and began < r["virtualTime"] < ends
            for r in requests
        )
        worst = max(worst, looks / max(1, -(-(ends - began) // 5)))
    return round(worst, 2)


def _idle(running: Stage, last: int) -> dict[str, Any]:
    """Three resyncs of a converged operator."""
    pause = 3 * RESYNC * 1.2
    print(f"  Ready; now {pause:.0f} s at rest", flush=True)
    time.sleep(pause)
    idle = running.requests(last)
    reads = Counter(r["path"].split("?")[0].lower() for r in idle if r["method"] == "GET")
    passes = max(reads.values(), default=0)
    return {
        "idle: writes": sum(r["method"] in {"PUT", "PATCH", "DELETE"} for r in idle),
        "idle: resyncs seen": passes,
        "idle: resources read per resync": len(reads),
        "idle: reads per resource and resync (bound 1)": round(max(reads.values(), default=0) / max(passes, 1), 2),
    }

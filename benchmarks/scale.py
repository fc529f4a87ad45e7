"""Many SecureWorkspaces at once: memory, CPU, requests, queue latency."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stage import Stage, stage

if TYPE_CHECKING:
    import psutil

    from builds import Build

SPEED = 60.0
BATCH = 50
PATIENCE = 1500.0
"""Seconds until the measurement gives up."""


def scale(folder: Path, build: Build, workspaces: int) -> dict[str, Any]:
    """Converge all of them, then look at the operator at rest."""
    names = [f"w{number:03}" for number in range(workspaces)]
    # Azure would let one principal write 10 times a second; the operator's own cost is what is measured.
    with stage(folder, build, names, SPEED, 3600.0, throttle={"enabled": False}) as running:
        began, before = time.monotonic(), _cpu(running.process())
        for start in range(0, len(names), BATCH):
            running.cluster.apply(*(running.resource(name) for name in names[start : start + BATCH]))
        figures = _converge(running, workspaces, began, before)
    for name, value in figures.items():
        print(f"  {name:<44} {value}")
    return figures


def _converge(running: Stage, workspaces: int, began: float, before: float) -> dict[str, Any]:
    process, peak, ready = running.process(), 0, 0
    while ready < workspaces and time.monotonic() - began < PATIENCE:
        time.sleep(max(1.0, workspaces / 100))
        peak = max(peak, _peak(process))
        ready = running.ready()
        print(f"  {time.monotonic() - began:6.0f} s  {ready} ready, {peak / 1e6:.0f} MB", flush=True)
    seconds, cpu = time.monotonic() - began, _cpu(process) - before
    requests = running.requests()
    return {
        "SecureWorkspaces": workspaces,
        "Ready": ready,
        "seconds": round(seconds, 1),
        "resident, MB, peak (bound 250)": round(peak / 1e6),
        "CPU to start, s": round(before, 1),
        "CPU, s": round(cpu, 1),
        "ARM requests": len(requests),
        "ARM requests per workspace": round(len(requests) / workspaces, 1),
        "CPU per ARM request, ms": round(1000 * cpu / max(1, len(requests)), 2),
        "queue latency": _queue_latency(running),
    }


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _peak(process: psutil.Process) -> int:
    """Bytes: the highest that the kernel saw, where it tells; what is resident now elsewhere."""
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return int(process.memory_info().rss)


def _queue_latency(running: Stage) -> str:
    """Mean time in the queue, from the operator's own metrics."""
    lines = running.operator.metrics().splitlines()
    found = [line for line in lines if line.startswith("workqueue_queue_duration_seconds_")]
    values = {line.split("{")[0]: float(line.rsplit(" ", 1)[1]) for line in found}
    count = values.get("workqueue_queue_duration_seconds_count", 0)
    total = values.get("workqueue_queue_duration_seconds_sum", 0)
    return f"{total / count:.2f} s mean of {count:.0f}" if count else "not measured"

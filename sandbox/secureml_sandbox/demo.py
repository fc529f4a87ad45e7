"""The main job, shown: an open workspace is closed by ten lines of YAML, opened by somebody else, and healed.

Every claim that is printed was checked against the emulator's own state, not against what the operator says.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import textwrap
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from secureml_sandbox.binaries import control_plane_binaries
from secureml_sandbox.critical_path import longest_chain
from secureml_sandbox.paths import CHECKOUT, sandbox_folder
from secureml_sandbox.picture import Picture, picture_of
from secureml_sandbox.sandbox import RESYNC, Sandbox, Wishes, down

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EXAMPLE: Final = CHECKOUT / "examples" / "secureworkspace-minimal.yaml"
NAME: Final = "fraud"
SPEED: Final = 30.0
"""Azure's seconds per real second: a private endpoint takes one to two seconds."""

PATIENCE: Final = 240.0
"""Real seconds until the demo gives up; the whole of it takes about a minute and a quarter."""


class ClaimError(Exception):
    """Something that the demo would have said is not true."""


@dataclass
class Report:
    """What `DEMO_REPORT` holds; the seconds of Azure are virtual, the clock runs `speed` times as fast."""

    converged: bool = False
    healed: bool = False
    seconds_to_ready: float = 0.0
    """Virtual seconds from `kubectl apply` to Ready."""

    critical_path_seconds: float = 0.0
    """Virtual seconds of the longest chain of dependent operations."""

    arm_requests: int = 0
    """All requests of the operator until Ready."""

    arm_writes: int = 0
    writes_after_converged: int = -1
    """Writes of the idle operator over two resyncs, after the drift was healed."""

    real_seconds_to_ready: float = 0.0
    speed: float = SPEED
    clock: str = "seconds_to_ready and critical_path_seconds are virtual (Azure's) seconds"
    drift: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] = ()) -> None:  # noqa: ARG001 - the demo takes none yet
    """Run the demo; exit status 0 only when every claim was true."""
    tty = sys.stdout.isatty()
    console = Console(highlight=False, soft_wrap=not tty, width=None if tty else 120)
    folder = sandbox_folder(os.environ.get("SANDBOX", "") or "demo")
    report = Report()
    try:
        Demo(folder, console, report).run()
    except ClaimError as problem:
        console.print(f"[red]Not true:[/] {problem}")
        raise SystemExit(1) from problem
    finally:
        down(folder)
        target = os.environ.get("DEMO_REPORT")
        if target:
            Path(target).write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")


class Demo:
    """One run of the demo in a sandbox of its own."""

    def __init__(self, folder: Path, console: Console, report: Report) -> None:
        """Describe the sandbox; nothing is started yet."""
        self._console = console
        self._report = report
        say = lambda text: console.print(f"  {text}")  # noqa: E731 - a printer with an indent
        self._say: Callable[[str], None] = say
        self._shown: dict[str, str] = {}
        self._sandbox = Sandbox(folder, control_plane_binaries(say), Wishes(speed=SPEED))

    def run(self) -> None:
        """The story, in order.

        Raises:
            ClaimError: something was not as the demo says.
        """
        self._title("A real kube-apiserver, the operator, and an Azure with two open workspaces")
        self._sandbox.up(self._say)
        self._show("Before: everything answers on the internet", self._picture())
        self._converge()
        self._drift()
        self._idle()
        self._closing()

    # -- the acts --------------------------------------------------------------------------------

    def _converge(self) -> None:
        self._title(f"kubectl apply -f {EXAMPLE.relative_to(CHECKOUT)}")
        self._console.print(EXAMPLE.read_text(encoding="utf-8"), style="cyan", markup=False)
        first, virtual, real = self._last_request(), self._virtual(), time.monotonic()
        self._sandbox.cluster.kubectl("apply", "-f", str(EXAMPLE))
        self._watch(lambda resource: _condition(resource, "Ready").get("status") == "True", "Ready")
        report = self._report
        report.seconds_to_ready = round(self._virtual() - virtual, 1)
        report.real_seconds_to_ready = round(time.monotonic() - real, 1)
        after = self._picture()
        self._claim(after.closed(NAME), f"every service of {NAME} is closed and reached privately")
        self._claim(after.open("churn"), "churn, which nobody declared, is as it was")
        requests = self._requests(first)
        report.arm_requests = len(requests)
        report.arm_writes = sum(_writes(request) for request in requests)
        operations = self._sandbox.azure.control("GET", "operations")["value"]
        since = self._virtual() - report.seconds_to_ready - 1
        chain = longest_chain(o for o in operations if o["began"] >= since)
        report.critical_path_seconds = round(chain.seconds, 1)
        report.converged = True
        self._show("After: only from inside", after)
        self._console.print(f"The longest chain of dependent operations: {chain}\n")

    def _drift(self) -> None:
        self._title("alice@contoso.com opens the storage account, removes a DNS link and deletes an endpoint")
        damage = asyncio.run(self._damage())
        for line in damage:
            self._say(line)
        broken = self._picture()
        self._claim(not broken.closed(NAME), "the damage shows in Azure")
        self._say(f"the operator has not looked yet: it looks every {RESYNC:.0f} s")
        self._watch(lambda _: self._picture().closed(NAME), "healed")
        self._watch(lambda resource: _condition(resource, "Ready").get("status") == "True", "Ready")
        self._report.healed = True
        self._report.drift = list(self._told())
        for line in self._report.drift:
            self._say(line)
        alice = self._sandbox.azure.second.name
        self._claim(any(alice in line for line in self._report.drift), "an event names who did it")

    def _idle(self) -> None:
        self._title("Nothing to do: two more resyncs")
        before = self._last_request()
        time.sleep(2 * RESYNC + 3)
        requests = self._requests(before)
        self._report.writes_after_converged = sum(_writes(request) for request in requests)
        self._claim(bool(requests), "the operator looked")
        self._claim(self._report.writes_after_converged == 0, "and wrote nothing")
        unserved = self._sandbox.azure.control("GET", "unserved")["value"]
        self._claim(not unserved, "Azure's stand-in served every request")

    def _closing(self) -> None:
        report = self._report
        table = Table(title="What it took")
        table.add_column("what")
        table.add_column("figure", justify="right")
        table.add_row("apply to Ready, Azure's seconds", f"{report.seconds_to_ready:.0f}")
        table.add_row("longest chain of operations, Azure's seconds", f"{report.critical_path_seconds:.0f}")
        table.add_row(
            f"apply to Ready on your watch (clock at {report.speed:.0f} times)",
            f"{report.real_seconds_to_ready:.1f} s",
        )
        table.add_row("requests to Azure until Ready, reads and looks included", str(report.arm_requests))
        table.add_row("of them writes", str(report.arm_writes))
        table.add_row("writes of the idle operator", str(report.writes_after_converged))
        self._console.print(table)
        self._console.print("[green]Every claim above was checked against Azure's own state.[/]")

    # -- damage by a second actor ------------------------------------------------------------------

    async def _damage(self) -> list[str]:
        picture = self._picture()
        account, link, endpoint = picture.storage(NAME), picture.links[0], picture.endpoints[0]
        async with self._sandbox.azure.client(speed=SPEED) as alice:
            await alice.patch(account, "2025-06-01", {"properties": {"publicNetworkAccess": "Enabled"}})
            await alice.delete(link, "2024-06-01")
            await alice.delete(endpoint, "2025-03-01")
        names = [each.rsplit("/", 1)[1] for each in (account, endpoint)]
        zone = link.split("/")[8]
        return [f"opened {names[0]}", f"removed the link of {zone}", f"deleted {names[1]}"]

    # -- looking ------------------------------------------------------------------------------------

    def _picture(self) -> Picture:
        return picture_of(self._sandbox.azure.control("GET", "resources")["value"])

    def _virtual(self) -> float:
        return float(self._sandbox.azure.control("GET", "clock")["seconds"])

    def _last_request(self) -> int:
        entries = self._sandbox.azure.control("GET", "requests")["value"]
        return int(entries[-1]["sequence"]) if entries else 0

    def _requests(self, after: int) -> list[dict[str, Any]]:
        """The operator's requests to Resource Manager after a sequence number."""
        caller = self._sandbox.azure.operator.client_id
        entries = self._sandbox.azure.control("GET", f"requests?since={after}&caller={caller}")["value"]
        return [entry for entry in entries if entry["sequence"] > after and "oauth2" not in entry["path"]]

    def _resource(self) -> dict[str, Any]:
        return self._sandbox.cluster.get("secureworkspace", NAME)

    def _told(self) -> Iterator[str]:
        events = self._sandbox.cluster.get("events", "--field-selector", f"involvedObject.name={NAME}")
        for event in sorted(events["items"], key=lambda each: each.get("lastTimestamp") or ""):
            if event["reason"].startswith("Drift"):
                yield f"{event['reason']}: {event['message']}"

    # -- saying -------------------------------------------------------------------------------------

    def _watch(self, done: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Show the conditions until something is true: a live table on a terminal, lines elsewhere."""
        end = time.monotonic() + PATIENCE
        live = Live(console=self._console, refresh_per_second=4) if self._console.is_terminal else None
        if live is not None:
            live.start()
        try:
            while True:
                resource = self._resource()
                if live is not None:
                    live.update(_table(resource))
                else:
                    self._lines(resource)
                if done(resource):
                    return
                if time.monotonic() > end:
                    raise ClaimError(f"not {what} after {PATIENCE:.0f} s: {_condition(resource, 'Ready')}")
                time.sleep(0.5)
        finally:
            if live is not None:
                live.stop()

    def _lines(self, resource: dict[str, Any]) -> None:
        """What is news since the last line, also of an earlier watch."""
        for condition in _told(resource):
            text = f"{condition['type']}={condition['status']} ({condition['reason']})"
            if self._shown.get(condition["type"]) != text:
                self._shown[condition["type"]] = text
                self._say(f"{text}: {_short(condition['message'])}")

    def _title(self, text: str) -> None:
        self._console.rule(f"[bold]{text}", align="left")

    def _show(self, title: str, picture: Picture) -> None:
        self._console.print(picture.table(title))

    def _claim(self, holds: bool, text: str) -> None:  # noqa: FBT001 - the claim comes first
        if not holds:
            raise ClaimError(text)
        self._console.print(f"  [green]✓[/] {text}")


def _condition(resource: dict[str, Any], kind: str) -> dict[str, Any]:
    found = (c for c in resource.get("status", {}).get("conditions", ()) if c["type"] == kind)
    return next(found, {})


def _table(resource: dict[str, Any]) -> Table:
    table = Table(expand=True)
    for column, width in (("condition", 18), ("status", 7), ("reason", 14)):
        table.add_column(column, min_width=width, no_wrap=True)
    table.add_column("message", ratio=1)
    colours = {"True": "green", "False": "yellow", "Unknown": "magenta"}
    for condition in _told(resource):
        row = (condition["type"], condition["status"], condition["reason"], _short(condition["message"]))
        table.add_row(*row, style=colours[condition["status"]])
    return table


def _told(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """The conditions that tell the story; the other two repeat Ready for machines."""
    conditions = resource.get("status", {}).get("conditions", ())
    return [condition for condition in conditions if condition["type"] not in {"Reconciling", "Stalled"}]


def _short(message: str, length: int = 150) -> str:
    """A message cut at a word."""
    return textwrap.shorten(message, length, placeholder=" …")


def _writes(request: dict[str, Any]) -> bool:
    return request["method"] in {"PUT", "PATCH", "DELETE"}

"""One schedule, from a seed: `python -m tests.torture.simulation 17` runs it and prints it.

Two custom resources, in one process or in one each, for two workspaces of one network or for the same workspace.
Every request takes as long as the seed says, so passes interleave wherever they wait. Then people come.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.torture import invariants, virtual_time
from tests.torture.administrators import People
from tests.torture.azure import SUBSCRIPTION, Azure, Weather, furnish
from tests.torture.operators import CustomResource, Process

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.torture.azure import Request

WEATHERS: Final = (
    Weather(),
    Weather(slow=0.3),
    Weather(refused=0.01, lost=0.01),
    Weather(slow=0.15, refused=0.02, lost=0.02, fails=0.05),
)

SETTLES_IN: Final = 3 * 3600.0
"""Seconds after the last disturbance: the longest pause after a failure is half an hour, and so is the resync."""

WRITES: Final = 160
"""So many for each custom resource to converge and to be deleted, which takes 26 and 22 when nothing fails."""

WRITES_PER_DEED: Final = 60
"""A deletion of the first one makes everything anew for the second at worst."""


@dataclass
class Outcome:
    """What became of one seed."""

    seed: int
    title: str
    schedule: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    writes: int = 0
    reads: int = 0
    passes: int = 0

    def told(self) -> str:
        """The schedule, what it broke, and how to run it again."""
        again = f"again: .venv/bin/python -m tests.torture.simulation {self.seed}"
        return "\n".join([f"seed {self.seed}: {self.title}", *self.schedule, "", *self.broken, again])


class Simulation:
    """Everybody of one seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        """Draw who takes part."""
        self.chance = random.Random(seed)  # noqa: S311 - to be drawn again
        self.same, self.processes_wanted = bool(seed & 1), 1 + (seed >> 1 & 1)
        self.elsewhere = self.same and self.chance.random() < 0.5
        """Each puts its endpoints into another group."""

        self.listed_at_once, self.takes_any_record = bool(seed >> 2 & 1), bool(seed >> 3 & 1)
        self.weather = self.chance.choice(WEATHERS)
        self.outcome = Outcome(seed, self._title())
        self._folder = folder
        self._begin = 0.0

    def _title(self) -> str:
        what = "one workspace declared twice" if self.same else "two workspaces in one network"
        how = "one process" if self.processes_wanted == 1 else "two processes"
        where = ", endpoints in two groups" if self.elsewhere else ""
        listed = ", listed at once" if self.listed_at_once else ""
        taken = ", groups take any record" if self.takes_any_record else ""
        return f"{what}, {how}{where}{listed}{taken}, {self.weather}"

    async def prepare(self) -> None:
        """Furnish the world; nobody does anything yet."""
        random.seed(self.outcome.seed)  # the engine spreads its pauses
        self.azure = Azure(random.Random(self.outcome.seed + 1), self._folder, self.weather)  # noqa: S311
        self.azure.listed_at_once = self.listed_at_once
        self.azure.groups_take_any_record = self.takes_any_record
        await furnish(self.azure, ("fraud",) if self.same else ("fraud", "churn"))
        self._begin = self.azure.now
        self.resources = list(self._resources())
        self.watch = invariants.Watch(self.azure, self.resources, self._broken)
        self.azure.before_write.append(self._note_write)
        self.processes = [
            Process(f"process {number + 1}", self.azure, self.chance, self.note)
            for number in range(self.processes_wanted)
        ]
        for process in self.processes:
            self.watch.attend(process)

    async def run(self) -> None:
        """All of it."""
        await self.prepare()
        people = People(self.azure, self.chance, self.resources, self.processes, self.note)
        deeds = await self._disturbed(people)
        people.leave()
        await self._settled(deeds, people)
        await self._deleted(people)
        self.end()

    def end(self) -> None:
        """Stop everybody and count."""
        for process in self.processes:
            process.stop()
            for bug in process.bugs:
                self._broken("no pass crashes", bug)
        self.outcome.writes, self.outcome.reads = len(self.azure.writes), self.azure.reads
        self.outcome.passes = sum(process.passes for process in self.processes)

    def _resources(self) -> Iterator[CustomResource]:
        for name, workspace in (("first", "fraud"), ("second", "fraud" if self.same else "churn")):
            spec = {
                "workspaceID": landscape.workspace_id(SUBSCRIPTION, workspace),
                "network": {"endpointSubnetID": landscape.subnet_id(SUBSCRIPTION)},
                "mode": "Enforce",
                "deletionPolicy": self.chance.choice(("Delete", "Retain")),
            }
            if self.elsewhere and name == "second":
                group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml"
                spec["endpoints"] = {"resourceGroupID": group}
            yield CustomResource(name, spec)

    # -- the three acts -----------------------------------------------------------------------------

    async def _disturbed(self, people: People) -> int:
        """Both resources are made, and people do something every few minutes."""
        for resource, process in zip(self.resources, itertools.cycle(self.processes), strict=False):
            self.note("author", f"makes {resource.name} ({resource.spec['deletionPolicy']})")
            process.serve(resource)
            await asyncio.sleep(self.chance.choice((0, 0, 1, 20, 90)))
        deeds = self.chance.randint(0, 14)
        for _ in range(deeds):
            await asyncio.sleep(self.chance.choice((2, 10, 30, 60, 300)) * self.chance.random() * 2)
            people.disturb()
            self.watch.look()
        return deeds

    async def _settled(self, deeds: int, people: People) -> None:
        """Nobody disturbs any more."""
        self.azure.weather = Weather()
        await self.wait_until(lambda: not list(invariants.all_is_as_declared(self.watch)))
        await asyncio.sleep(35 * 60)  # it stays so
        self.ask("all is as declared in the end", invariants.all_is_as_declared(self.watch))
        wanted = len(self.resources) * WRITES + deeds * WRITES_PER_DEED
        if len(self.azure.writes) > wanted:
            self._broken("writes are bounded", f"{len(self.azure.writes)} writes after {deeds} deeds")
        if not self.outcome.broken:
            left = invariants.nothing_is_left(self.watch, people.tampered, self.kept())
            self.ask("nothing is left of the deleted", left)

    async def _deleted(self, people: People) -> None:
        """Both go, one a little later."""
        for resource in self.resources:
            if not resource.deleting:
                resource.edit(deletionPolicy="Delete")
                resource.delete()
                self.note("author", f"deletes {resource.name} (Delete)")
                await asyncio.sleep(self.chance.choice((0, 0.5, 5, 40)))
        await self.wait_until(lambda: all(each.gone for each in self.resources))
        for resource in self.resources:
            if not resource.gone:
                self._broken("the deleted go", f"{resource.name}: {resource.status.get('conditions')}")
        self.ask(
            "nothing is left in the end", invariants.nothing_is_left(self.watch, people.tampered, self.kept())
        )

    def kept(self) -> set[str]:
        """Keys of what a resource with Retain, or in mode Observe, made or used, and what hangs on it."""
        kept: set[str] = set()
        for resource in self.resources:
            spec = resource.spec
            if spec["deletionPolicy"] == "Retain" or spec["mode"] == "Observe":
                kept |= {entry["id"].lower() for entry in resource.status.get("inventory", ())}
                kept |= {
                    each.id.key
                    for each in self.azure.ctx.store.all()
                    if resource.owner in (each.body.get("tags") or {}).values()
                }
        # The zones and links that records of endpoints that stay are in stay as well.
        held = {key for key in kept if "/privateendpoints/" in key}
        return kept | {
            each.id.key
            for each in self.azure.ctx.store.all()
            if held and ("/privatednszones/" in each.id.key or each.id.key.startswith(tuple(held)))
        }

    async def wait_until(self, condition: Callable[[], bool], at_most: float = SETTLES_IN) -> None:
        """Let time pass until something holds, or it is too late."""
        end = self.azure.now + at_most
        while self.azure.now < end and not condition():  # noqa: ASYNC110 - nobody sets an event when it holds
            await asyncio.sleep(10)

    # -- what is told ---------------------------------------------------------------------------------

    def note(self, who: str, what: str) -> None:
        """One line of the schedule."""
        self.outcome.schedule.append(f"{self.azure.now - self._begin:9.2f}  {who:<10} {what}")

    def _note_write(self, request: Request) -> None:
        target = "/".join(request.target.split("/")[-2:])
        this = request.by
        said = " (closes)" if invariants.closes(request.body) else ""
        who = f"{this.process}" if this is not None else "?"
        name, began = (this.resource.name, this.began - self._begin) if this is not None else ("?", 0.0)
        sent = request.sent - self._begin
        self.note(who, f"{request.method} {target}{said} for {name}, pass of {began:.2f}, sent {sent:.2f}")

    def _broken(self, rule: str, what: str) -> None:
        line = f"BROKEN {rule}: {what}"
        if line not in self.outcome.broken:
            self.outcome.broken.append(line)
            self.note("!", line)

    def ask(self, rule: str, found: Iterator[str]) -> None:
        """Note what breaks a rule."""
        for each in list(found):
            self._broken(rule, each)


def simulate(seed: int) -> Outcome:
    """Run one seed to its end."""
    with tempfile.TemporaryDirectory() as folder:
        simulation: list[Simulation] = []

        async def story() -> None:
            simulation.append(Simulation(seed, Path(folder)))
            await simulation[0].run()

        try:
            virtual_time.run(story())
        finally:
            found = simulation[0].outcome
        return found


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    failed = 0
    for argument in sys.argv[1:]:
        first, _, last = argument.partition("-")
        for number in range(int(first), int(last or first) + 1):
            outcome = simulate(number)
            failed += bool(outcome.broken)
            single = len(sys.argv) == 2 and not last
            sys.stdout.write(f"{outcome.told()}\n" if single else "")
            said = "; ".join(outcome.broken[:3])[:400] or "holds"
            sys.stdout.write(f"{number}: {outcome.writes} writes, {outcome.reads} reads, {said}\n")
            sys.stdout.flush()
    sys.exit(failed > 0)

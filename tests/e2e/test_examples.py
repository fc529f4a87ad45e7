"""Every example of a SecureWorkspace applied as its reader would, where it fits: how it ends, and that it rests.

All of them at once, each with subscriptions of its own, served by one operator: together they take as long as one.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.e2e.example_estates import SITUATIONS, Place, Situation

from secureml_sandbox import landscape
from secureml_sandbox.emulator import LOADING_SPEED, Emulator
from secureml_sandbox.environment import hurried, operator_environment
from secureml_sandbox.processes import OperatorProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secureml_sandbox.controlplane import ControlPlane

EXAMPLES = Path(__file__).parents[2] / "examples"

SPEED = 100.0
"""Azure's seconds per real second; ten resources share one stand-in."""

PATIENCE = 90.0
"""Real seconds that an example may take."""

TERMINAL = 160
"""Columns into which `kubectl get -o wide` has to fit."""


@dataclass
class Applied:
    """An example in a namespace of its own."""

    cluster: ControlPlane
    namespace: str
    file: Path

    @property
    def name(self) -> str:
        """What the resource is called."""
        return str(yaml.safe_load(self.file.read_text(encoding="utf-8"))["metadata"]["name"])

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the namespace."""
        return self.cluster.kubectl("-n", self.namespace, *arguments)

    def status(self) -> dict[str, Any]:
        """What the operator has said at the present generation; empty before."""
        found = json.loads(self.kubectl("get", "sws", self.name, "-o", "json"))
        status: dict[str, Any] = found.get("status", {})
        return status if status.get("observedGeneration") == found["metadata"]["generation"] else {}

    def conditions(self) -> dict[str, tuple[str, str]]:
        """Status and reason by type."""
        return {each["type"]: (each["status"], each["reason"]) for each in self.status().get("conditions", ())}

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for a predicate; fails with what was to be, and all that is."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"not {what}: {self.kubectl('get', 'sws', '-o', 'yaml')[-8000:]}"
            time.sleep(0.5)

    def ends_in(self, conditions: dict[str, tuple[str, str]]) -> None:
        """Wait until it says so, and has nothing left to do."""
        self.until(lambda: conditions.items() <= self.conditions().items(), str(conditions))


@pytest.fixture(scope="module")
def applied(control_plane: ControlPlane, run_folder: Path) -> Iterator[dict[str, Applied]]:
    """All examples, by name, just applied."""
    folder = run_folder / "examples"
    azure = Emulator(folder / "azure", speed=LOADING_SPEED)
    places = {each.example: Place(str(uuid.uuid4()), str(uuid.uuid4()), azure.tenant) for each in SITUATIONS}
    azure.settings = _for_all(azure, [each for place in places.values() for each in (place.spoke, place.hub)])
    with azure:
        asyncio.run(_load(azure, places))
        azure.set_speed(SPEED)
        made = {name: _apply(control_plane, folder, name, place) for name, place in places.items()}
        environment = operator_environment(folder, control_plane, azure) | hurried(azure)
        namespaces = ",".join(each.namespace for each in made.values())
        operator = OperatorProcess(folder, environment, "--resync", "20", "--namespaces", namespaces)
        operator.start()
        yield made
        operator.stop()


def _for_all(azure: Emulator, subscriptions: list[str]) -> dict[str, Any]:
    """Settings with which both identities have their rights in every subscription."""
    clients = azure.configuration()["clients"]
    for client in clients:
        (grant,) = client["grants"]
        client["grants"] = [{**grant, "scope": f"/subscriptions/{each}"} for each in subscriptions]
    return {"subscriptions": subscriptions, "clients": clients, "seed": "examples", "throttle": {"enabled": False}}


async def _load(azure: Emulator, places: dict[str, Place]) -> None:
    async with azure.client(speed=LOADING_SPEED) as arm, asyncio.TaskGroup() as loading:
        for situation in SITUATIONS:
            loading.create_task(landscape.load(arm, situation.estate(places[situation.example])))


def _apply(cluster: ControlPlane, folder: Path, name: str, place: Place) -> Applied:
    file = folder / f"{name}.yaml"
    example = (EXAMPLES / f"secureworkspace-{name}.yaml").read_text(encoding="utf-8")
    file.write_text(place.text(example), encoding="utf-8")
    made = Applied(cluster, cluster.fresh_namespace("example"), file)
    made.kubectl("apply", "-f", str(file))
    return made


def test_every_example_has_its_estate() -> None:
    """A new file cannot be forgotten here."""
    files = {each.stem.removeprefix("secureworkspace-") for each in EXAMPLES.glob("secureworkspace-*.yaml")}
    assert files == {each.example for each in SITUATIONS}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.example)
def test_an_example_ends_as_it_says(applied: dict[str, Applied], situation: Situation) -> None:
    """In the conditions of its comment; applied again nothing changes, and the list fits a terminal."""
    example = applied[situation.example]
    example.ends_in(dict(situation.conditions))
    assert situation.finding in " ".join(each["message"] for each in example.status().get("findings", ()))
    assert "unchanged" in example.kubectl("apply", "-f", str(example.file))
    assert example.kubectl("diff", "-f", str(example.file)) == ""
    assert max(map(len, example.kubectl("get", "sws", "-o", "wide").splitlines())) <= TERMINAL


def test_records_that_are_confirmed_end_in_ready(applied: dict[str, Applied]) -> None:
    """The second step of DNS kept by hand: what the status lists is copied to the spec."""
    example = applied["dns-by-hand"]
    example.ends_in(
        {"PrivateLinkReady": ("True", "Approved"), "NamesResolved": ("False", "DNSRecordsNotConfirmed")}
    )
    document = yaml.safe_load(example.file.read_text(encoding="utf-8"))
    document["spec"]["dns"]["confirmedRecords"] = example.status()["dnsRecords"]
    example.file.write_text(yaml.safe_dump(document), encoding="utf-8")
    example.kubectl("apply", "-f", str(example.file))
    example.ends_in({"Ready": ("True", "AsDeclared")})

"""What two runs are compared by: the whole store without what chance gave it, and how often each was written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.driving import World

_GUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_NOT_COMPARED = {"etag", "internalId", "systemData"}
_INTERFACES = "microsoft.network/networkinterfaces"


@dataclass(frozen=True)
class Result:
    """What a run left behind and what it took."""

    resources: dict[str, list[str]]
    """Documents by id, without entity tags, guids, instants; an address says whose it is."""

    writes: dict[str, str] = field(default_factory=dict)
    """Creates and deletes by id; side effects of Azure itself are not counted."""

    def differences(self, other: Result) -> list[str]:
        """What differs from another result, a line each; empty when nothing does."""
        found = []
        for name, mine, theirs in (
            ("holds", self.resources, other.resources),
            ("was written", self.writes, other.writes),
        ):
            found += [
                f"{key} {name} {mine.get(key)}, and should {theirs.get(key)}"
                for key in sorted({*mine, *theirs})
                if mine.get(key) != theirs.get(key)
            ]
        return found


def result(world: World) -> Result:
    """The present state of a world, comparable with that of another run."""
    ctx = world.emulator.ctx
    owners = _owners_of_addresses(world)
    resources: dict[str, list[str]] = {}
    for each in ctx.store.all():
        document = json.dumps(_normal(each.body, owners), sort_keys=True)
        resources.setdefault(_text(each.id.key, {}), []).append(document)
    writes = {
        _text(key, {}): f"{tally.creates} created, {tally.deletes} deleted"
        for key, tally in ctx.changes.tallies.items()
        if tally.creates or tally.deletes
    }
    return Result({key: sorted(found) for key, found in resources.items()}, writes)


def _owners_of_addresses(world: World) -> dict[str, str]:
    """Endpoints are begun at once, so which gets which address is chance; that records agree with it is not."""
    owners = {}
    for interface in world.emulator.ctx.of_type(_INTERFACES):
        for each in interface.properties["ipConfigurations"]:
            member = each["properties"].get("privateLinkConnectionProperties", {}).get("requiredMemberName", "")
            owners[each["properties"]["privateIPAddress"]] = f"<{interface.id.name.split('.')[0]} {member}>"
    return owners


def _normal(value: Any, owners: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _normal(each, owners) for name, each in value.items() if name not in _NOT_COMPARED}
    if isinstance(value, list):
        return sorted((_normal(each, owners) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return _text(value, owners) if isinstance(value, str) else value


def _text(value: str, owners: dict[str, str]) -> str:
    return owners.get(value) or _INSTANT.sub("<instant>", _GUID.sub("<guid>", value))

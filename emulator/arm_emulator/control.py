"""The `/emulator` endpoints: what tests and people use to see and steer a run. Loopback only, no token."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from arm_emulator import config as settings
from arm_emulator import faults, resolver
from arm_emulator.model import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from arm_emulator.model import Call, JsonObject
    from arm_emulator.resolver import Resolution
    from arm_emulator.world import World


class _BadRequestError(Exception):
    """A control request that cannot be understood; the text says why."""


class Control:
    """Serves one emulator's control endpoints.

    Args:
        world: gives the parts of the present run; a reset replaces them.
        reset: starts over with an empty store, the same configuration and the same clock.
    """

    def __init__(self, world: Callable[[], World], reset: Callable[[], None]) -> None:
        self._world = world
        self._reset = reset
        self._handlers: dict[tuple[str, str], Callable[[Call, Any], Answer]] = {
            ("GET", "requests"): self._requests,
            ("GET", "unserved"): self._unserved,
            ("GET", "clock"): self._clock,
            ("PUT", "clock"): self._set_clock,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "reset"): self._start_over,
            ("GET", "resources"): self._resources,
            ("GET", "counts"): self._counts,
            ("GET", "changes"): self._changes,
            ("GET", "operations"): self._operations,
            ("GET", "resolve"): self._resolve,
            ("GET", "reach"): self._reach,
            ("GET", "clients"): self._clients,
            ("POST", "clients"): self._add_client,
        }

    def endpoints(self) -> list[tuple[str, str]]:
        """Method and name of every control endpoint."""
        return list(self._handlers)

    def serve(self, call: Call, raw: bytes, remote: str) -> Answer:
        """Answer one control request."""
        try:
            local = ipaddress.ip_address(remote).is_loopback
        except ValueError:
            local = False
        if not local:
            return Answer(403, {"error": {"code": "NotLocal", "message": "Control is for this machine only."}})
        name = call.path.removeprefix("/emulator/").strip("/")
        handler = self._handlers.get((call.method, name))
        if handler is None:
            known = ", ".join(f"{method} /emulator/{path}" for method, path in self._handlers)
            return Answer(404, {"error": {"code": "NotFound", "message": f"There are: {known}"}})
        try:
            return handler(call, json.loads(raw) if raw else {})
        except (_BadRequestError, ValueError, TypeError, KeyError) as problem:
            return Answer(400, {"error": {"code": "BadRequest", "message": str(problem)}})

    def _requests(self, call: Call, _: object) -> Answer:
        query = call.query
        chosen = self._world().log.select(
            since=int(query.get("since") or 0),
            method=query.get("method", ""),
            path=query.get("path", ""),
            caller=query.get("caller", ""),
        )
        return Answer(200, {"value": [each.shown() for each in chosen]})

    def _unserved(self, _call: Call, _: object) -> Answer:
        found = self._world().log.unserved
        return Answer(200, {"value": [{"request": what, "times": times} for what, times in found.items()]})

    def _clock(self, _call: Call, _: object) -> Answer:
        clock = self._world().ctx.clock
        return Answer(200, {"now": clock.text(), "seconds": clock.now(), "speed": clock.speed})

    def _set_clock(self, call: Call, body: JsonObject) -> Answer:
        world = self._world()
        unknown = set(body) - {"speed", "advance"}
        if unknown or not body:
            raise _BadRequestError('the clock takes {"speed": n} and {"advance": seconds}')
        if "speed" in body:
            world.ctx.clock.set_speed(float(body["speed"]))
        if "advance" in body:
            world.ctx.clock.advance(float(body["advance"]))
        world.ctx.operations.settle(world.ctx.clock.now())
        return self._clock(call, None)

    def _faults(self, _call: Call, _: object) -> Answer:
        return Answer(200, {"value": self._world().faults.listing()})

    def _add_faults(self, call: Call, body: object) -> Answer:
        sources = body.get("faults", [body]) if isinstance(body, dict) else body
        if not isinstance(sources, list):
            raise _BadRequestError("a list of faults is expected")
        rules = [faults.parse(each) for each in sources]
        known = {name for each in self._world().entra.clients() for name in (each.client_id, each.display_name)}
        strangers = {rule.caller for rule in rules if rule.caller.lower() not in {"", *map(str.lower, known)}}
        if strangers:
            raise _BadRequestError(
                f"no caller is called {', '.join(sorted(strangers))}; known are {', '.join(sorted(known))}"
            )
        self._world().faults.rules.extend(rules)
        return self._faults(call, None)

    def _clear_faults(self, call: Call, _: object) -> Answer:
        self._world().faults.rules.clear()
        return self._faults(call, None)

    def _start_over(self, call: Call, _: object) -> Answer:
        self._reset()
        return self._clock(call, None)

    def _resources(self, call: Call, _: object) -> Answer:
        ctx = self._world().ctx
        kind, prefix = call.query.get("type", "").lower(), call.query.get("prefix", "").lower()
        chosen = [
            ctx.type_of(each).render(ctx, each)
            for each in ctx.store.all()
            if (not kind or each.id.type_key == kind) and each.id.key.startswith(prefix)
        ]
        return Answer(200, {"value": chosen})

    def _counts(self, _call: Call, _: object) -> Answer:
        return Answer(200, {key: asdict(tally) for key, tally in self._world().ctx.changes.tallies.items()})

    def _operations(self, _call: Call, _: object) -> Answer:
        """Every long-running operation with its beginning and end: what the longest chain is computed from."""
        rows = [
            {"id": op.target.text, "verb": op.verb, "began": op.started, "ends": op.due, "state": op.state}
            for op in self._world().ctx.operations.all()
        ]
        return Answer(200, {"value": rows})

    def _changes(self, call: Call, _: object) -> Answer:
        since = int(call.query.get("since") or 0)
        rows = [
            {
                "sequence": each.sequence,
                "id": each.id.text,
                "changeType": each.type,
                "virtualTime": each.moment,
                "changedBy": each.caller.label or each.caller.kind,
                "changedByType": each.caller.kind,
                "operation": each.operation,
                "correlationId": each.correlation_id,
                "changes": {
                    path: {"previousValue": before, "newValue": after}
                    for path, (before, after) in each.properties.items()
                },
            }
            for each in self._world().ctx.changes.records
            if each.sequence > since
        ]
        return Answer(200, {"value": rows})

    def _resolve(self, call: Call, _: object) -> Answer:
        """A name as seen from a network: `?name=&network=`."""
        name, network = _asked(call, "name", "network")
        found = resolver.resolve(self._world().ctx, name, network)
        return Answer(200, _shown_resolution(found))

    def _reach(self, call: Call, _: object) -> Answer:
        """Whether a network reaches a service: `?resource=&group=&network=`, and `&subnet=` for one subnet."""
        resource, group, network = _asked(call, "resource", "group", "network")
        found = resolver.reach(self._world().ctx, resource, group, network, call.query.get("subnet", ""))
        ways = [
            {**_shown_resolution(each.resolution), "works": each.works, "endpoint": each.endpoint, "why": each.why}
            for each in found.ways
        ]
        shown = {"works": found.works, "private": found.private, "subnets": list(found.subnets), "why": found.why}
        return Answer(200, {**shown, "ways": ways})

    def _clients(self, _call: Call, _: object) -> Answer:
        rows = [
            {"client_id": each.client_id, "object_id": each.object_id, "display_name": each.display_name}
            for each in self._world().entra.clients()
        ]
        return Answer(200, {"value": rows})

    def _add_client(self, call: Call, body: JsonObject) -> Answer:
        world = self._world()
        client = settings.client_from_json(body)
        world.entra.add(client)
        world.ctx.authorization.add_grants(client.object_id, client.grants)
        return self._clients(call, None)


def _asked(call: Call, *names: str) -> list[str]:
    """The query parameters that a question needs."""
    missing = [each for each in names if not call.query.get(each)]
    if missing:
        raise _BadRequestError(f"the query lacks {', '.join(missing)}")
    return [call.query[each] for each in names]


def _shown_resolution(found: Resolution) -> JsonObject:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(found).items()}

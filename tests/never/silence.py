"""Never open in silence: what a resource declares closed and answers everybody is on its way, or shouted about.

Asked after each pass of a resource that is alive, not paused and in mode Enforce, of the status and the events
that the pass leaves. What was opened while what an earlier pass had read was good need not be known yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.never import declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arm_emulator.hooks import Context

KNOWN_AFTER: Final = 125.0
"""Seconds that a pass may lean on what was read before."""

AT_HAND: Final = 600.0
"""Seconds for which closing may take time without being an error: what passes by itself is given ten minutes."""

CLOSED_BY: Final[Mapping[str, str]] = {
    declared.WORKSPACES: "PublicAccessClosed",
    declared.STORAGE: "StorageIsolated",
    declared.VAULTS: "KeyVaultIsolated",
    declared.REGISTRIES: "RegistryIsolated",
}
"""The condition that speaks of a service of each type."""

UNREADABLE: Final = ("Forbidden", "WrongTenant")
"""Rules of findings by which a service cannot be read."""

COMFORT: Final = ("do nothing", "put right", "repaired", "stays closed", "nothing need be done")
"""Words that keep whoever reads them from acting."""

NO_COMFORT: Final = ("not repaired",)
"""Sentences that hold such a word and say the contrary."""


def silent(
    ctx: Context,
    spec: Mapping[str, Any],
    status: Mapping[str, Any],
    events: Iterable[str],
    ages: Mapping[str, float],
) -> Iterator[str]:
    """What is wrong with what a pass says.

    Args:
        ctx: the stand-in's store.
        spec: the resource's.
        status: that the pass leaves.
        events: messages of the pass.
        ages: by service that is open, for how many seconds before the pass it had been open, and nothing had been
            done about it by the operator.
    """
    for service in declared.services(ctx, spec):
        age = ages.get(service, 0.0)
        if service not in ages or age < KNOWN_AFTER:
            continue
        missing = list(_not_told(service, status))
        if age >= AT_HAND:
            yield from (
                f"open for {age:.0f} s in silence: {service.rsplit('/', 1)[1]}: {each}" for each in missing
            )
        if age >= AT_HAND or not missing:
            yield from _comforting(service, status, events)


def _not_told(service: str, status: Mapping[str, Any]) -> Iterator[str]:
    """Each place in which it does not stand that a service is open."""
    aspect = CLOSED_BY[_type(service)]
    told = condition(status, aspect)
    if told.get("status") != "True" and _is_unreadable(service, status):
        return
    if (told.get("status"), told.get("reason")) != ("False", "Exposed"):
        yield f"{aspect} is {told.get('status')}, {told.get('reason')}: {told.get('message')}"
    errors = [each for each in status.get("findings", ()) if each["severity"] == "Error"]
    if service not in [str(each.get("resource", "")).lower() for each in errors]:
        yield "no finding names it as an error"
    shown = next((each for each in status.get("services", ()) if each["id"].lower() == service), {})
    if shown.get("publicAccess") != "Open" or not shown.get("exposedSince"):
        yield f"status.services says {shown}"


def _is_unreadable(service: str, status: Mapping[str, Any]) -> bool:
    """Whether an error says that a service cannot be read: nobody can tell then whether it is open."""
    return any(
        str(each.get("resource", "")).lower() == service
        and each["severity"] == "Error"
        and each["rule"] in UNREADABLE
        for each in status.get("findings", ())
    )


def _comforting(service: str, status: Mapping[str, Any], events: Iterable[str]) -> Iterator[str]:
    """Every sentence that lets a person believe that nothing is to be done about what is open."""
    name = service.rsplit("/", 1)[1]
    about = [condition(status, kind).get("message", "") for kind in (CLOSED_BY[_type(service)], "Ready")]
    about += [each for each in events if name in each.lower()]
    for each in status.get("findings", ()):
        if str(each.get("resource", "")).lower() == service and "answers the internet" in each["message"]:
            about.append(f"{each['message']} {each.get('advice', '')}")
    for text in about:
        said = text.lower()
        for word in NO_COMFORT:
            said = said.replace(word, "")
        if any(word in said for word in COMFORT):
            yield f"{name} is open, and it is said: {text}"


def condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """One condition; empty when it is not there."""
    return next((each for each in status.get("conditions", ()) if each["type"] == kind), {})


def _type(service: str) -> str:
    return "/".join(service.split("/providers/", 1)[1].split("/")[:2])

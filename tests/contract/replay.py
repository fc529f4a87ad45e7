"""Plays a cassette against the emulator: rewrites URLs, moves virtual time, compares answers."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import aiohttp

from arm_emulator.clock import Clock
from arm_emulator.config import ADMIN, Config, Throttle
from arm_emulator.emulator import Emulator

from .cassettes import COMPARED_HEADERS, HOST, Interaction
from .comparing import GUID, NOBODY, bodies, plain, texts
from .openapi import POLLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Justified: TypeAlias = "Callable[[Difference], bool]"

PATIENCE = 400
"""Virtual seconds that the harness lets pass, one by one, while an answer is not yet the recorded one."""

START = 1_750_000_000.0
"""Virtual time at which every replay begins."""


@dataclass(frozen=True)
class Difference:
    """One thing in one answer that is not as recorded."""

    cassette: str
    index: int
    method: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.cassette}[{self.index}] {self.method} {self.place}: {self.what}"


@dataclass
class Wire:
    """One answer of the emulator, as a client sees it."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Player:
    """A running emulator and what one replay has learned about the names it chose."""

    emulator: Emulator
    session: aiohttp.ClientSession
    guids: dict[str, str] = field(default_factory=dict)
    polls: dict[str, str] = field(default_factory=dict)
    answered: list[tuple[Interaction, str, Any, Wire]] = field(default_factory=list)
    """Every final exchange: the interaction, the URL and body sent, and the answer."""

    @classmethod
    async def start(cls, seed: str = "0") -> Self:
        """An emulator with the recordings' subscription and tenant on a clock that stands."""
        config = Config(tenant=NOBODY, subscriptions=(NOBODY,), seed=seed, throttle=Throttle(enabled=False))
        emulator = Emulator(config, clock=Clock(0, start=START))
        await emulator.__aenter__()
        trust = ssl.create_default_context(cafile=str(emulator.ca_path))
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust),
            headers={"Authorization": f"Bearer {emulator.token(ADMIN)}"},
        )
        return cls(emulator, session)

    async def stop(self) -> None:
        """Close the connection and the emulator."""
        await self.session.close()
        await self.emulator.__aexit__(None, None, None)

    async def play(self, cassette: str, interaction: Interaction, justified: Justified) -> list[Difference]:
        """Send one recorded request, waiting in virtual time until the answer is the recorded one.

        A read may be repeated freely; a write only while it is refused though it was accepted when recorded.
        What is left after the patience is what the first answer showed.

        Args:
            cassette: name of the recording.
            interaction: what to send and what to expect.
            justified: which differences need no waiting because they stay.
        """
        url, request = self.local(interaction.url), self._renamed(interaction.request)
        first: list[Difference] | None = None
        for _ in range(PATIENCE):
            answer = await self.send(interaction.method, url, request)
            found = [
                Difference(cassette, interaction.index, interaction.method, interaction.place, what)
                for what in self._compare(interaction, answer)
            ]
            first = found if first is None else first
            again = interaction.method == "GET" or answer.status >= 400 > interaction.status
            if all(map(justified, found)) or not again or not self._moving():
                break
            self.emulator.clock.advance(1)
        else:
            found = first or []
        self._learn(interaction, answer)
        self.answered.append((interaction, url, request, answer))
        return found

    async def send(self, method: str, url: str, body: object = None) -> Wire:
        """One request to the emulator; the URL may be a path."""
        target = url if url.startswith("https://") else self.emulator.base_url + url
        async with self.session.request(method, target, json=body if body is not None else None) as response:
            text = await response.text()
            parsed = await response.json() if text else None
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Wire(response.status, headers, parsed)

    def _moving(self) -> bool:
        """Whether anything can still change by itself."""
        pending = self.emulator.ctx.operations.next_due() is not None
        young = any(
            self.emulator.clock.now() - each.created < 60
            for each in self.emulator.ctx.of_type("microsoft.keyvault/vaults")
        )
        return pending or young

    def local(self, url: str) -> str:
        """The recorded URL as the emulator knows it; poll URLs become those it handed out."""
        if POLLS.search(url.partition("?")[0]):
            known = self.polls.get(_poll_key(url))
            if known:
                return known
        return str(self._renamed(url.removeprefix(HOST)))

    def _renamed(self, value: Any) -> Any:  # noqa: ANN401
        """A recorded value with the guids the recorded service chose replaced by the emulator's."""
        if isinstance(value, str):
            return GUID.sub(lambda found: self.guids.get(found[0].lower(), found[0]), value)
        if isinstance(value, dict):
            return {name: self._renamed(each) for name, each in value.items()}
        return [self._renamed(each) for each in value] if isinstance(value, list) else value

    def _bind(self, recorded: str, ours: str) -> None:
        if recorded not in {ours, NOBODY}:
            self.guids[recorded.lower()] = ours

    def _learn(self, interaction: Interaction, answer: Wire) -> None:
        for name in ("azure-asyncoperation", "location"):
            if name in interaction.headers and name in answer.headers:
                self.polls[_poll_key(interaction.headers[name])] = answer.headers[name]

    def _compare(self, interaction: Interaction, answer: Wire) -> Iterator[str]:
        if answer.status != interaction.status:
            code = (answer.body or {}).get("error", {}).get("code", "") if isinstance(answer.body, dict) else ""
            yield f"status {answer.status} {code}".rstrip() + f" instead of {interaction.status}"
            return
        for name in COMPARED_HEADERS:
            yield from self._compare_header(name, interaction.headers.get(name), answer.headers.get(name))
        if interaction.body is None and answer.body is not None:
            yield "a body instead of none"
        elif interaction.body is not None and answer.body is None:
            yield "no body"
        else:
            yield from bodies(interaction.body, answer.body, self._bind)

    def _compare_header(self, name: str, recorded: str | None, ours: str | None) -> Iterator[str]:
        if (recorded is None) != (ours is None):
            yield f"header {name} {'missing' if ours is None else 'superfluous'}"
        elif recorded is not None and ours is not None:
            left = recorded.removeprefix(HOST).partition("?")[0]
            right = ours.removeprefix(self.emulator.base_url).partition("?")[0]
            if name in {"azure-asyncoperation", "location"}:
                left, right = left.lower(), right.lower()
            yield from texts(plain(left), plain(right), self._bind, f"header {name}")


def _poll_key(url: str) -> str:
    """A poll URL without its signature, but with what tells its two variants apart."""
    path, _, query = url.removeprefix(HOST).partition("?")
    kept = [part for part in query.split("&") if part.startswith(("type=", "monitor=", "service="))]
    return "&".join([path.lower(), *kept])

"""What a run of the emulator is set up with: a JSON file or plain values in a test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TENANT = "11111111-1111-4111-8111-111111111111"
SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
OPERATOR = "33333333-3333-4333-8333-333333333333"
ADMIN = "44444444-4444-4444-8444-444444444444"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
"""Built-in role definition id of Owner."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights that a client holds from the start, outside any role assignment resource.

    Attributes:
        scope: an id, or `/` for everything.
        actions: management actions with `*` wildcards; used when `role_definition_id` is empty.
        not_actions: what the wildcards leave out.
        role_definition_id: guid or full id of a built-in or stored role definition.
    """

    scope: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    role_definition_id: str = ""


@dataclass(frozen=True, slots=True)
class Federation:
    """A federated credential: which tokens of which issuer stand for the client."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Client:
    """An application, managed identity or user that may ask for tokens.

    Attributes:
        client_id: application id.
        secret: accepted client secret; empty refuses secrets.
        object_id: object id of its principal.
        display_name: for people.
        user_principal_name: set for users; the change log then says `User`.
        federated: accepted workload identity assertions.
        managed_identity: whether the metadata endpoint hands out its tokens.
        grants: rights held from the start.
    """

    client_id: str
    object_id: str
    secret: str = ""
    display_name: str = ""
    user_principal_name: str = ""
    federated: tuple[Federation, ...] = ()
    managed_identity: bool = False
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: how much it holds and how much it gains per virtual second."""

    size: float
    refill: float


@dataclass(frozen=True, slots=True)
class Throttle:
    """Azure's limits per principal and subscription (article "request limits and throttling").

    Attributes:
        reads, writes, deletes: one bucket per verb class.
        graph_queries: Resource Graph queries per window and user.
        graph_window: length of that window, virtual seconds.
        enabled: False turns every throttle off, for benchmarks.
    """

    reads: Bucket = Bucket(250, 25)
    writes: Bucket = Bucket(200, 10)
    deletes: Bucket = Bucket(200, 10)
    graph_queries: int = 15
    graph_window: float = 5.0
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Config:
    """The whole setup of a run.

    Attributes:
        tenant: tenant id.
        subscriptions: ids of the subscriptions that exist.
        clients: who may ask for tokens.
        seed: everything random derives from it.
        clock_speed: virtual seconds per real second.
        graph_lag: virtual seconds until a change shows in Resource Graph.
        role_assignment_delay: virtual seconds until a role assignment made over the API takes effect.
        throttle: request limits.
        request_log: how many requests the log holds.
        unregistered: provider namespaces that start unregistered in every subscription.
        page_size: entries of one list page.
        token_lifetime: real seconds until a token expires.
        busy_accounts: share, from 0 to 1, of the private endpoints of a storage account that fail with
            `StorageAccountOperationInProgress` when they are done while another one of the account is being made.
    """

    tenant: str = TENANT
    subscriptions: tuple[str, ...] = (SUBSCRIPTION,)
    clients: tuple[Client, ...] = ()
    seed: str = "0"
    clock_speed: float = 1.0
    graph_lag: float = 3.0
    role_assignment_delay: float = 30.0
    throttle: Throttle = field(default_factory=Throttle)
    request_log: int = 200_000
    unregistered: tuple[str, ...] = ()
    page_size: int = 1000
    token_lifetime: int = 3600
    busy_accounts: float = 0.0


def default_clients() -> tuple[Client, ...]:
    """An operator and an administrator, both owners of everything."""
    everything = (Grant("/", role_definition_id=OWNER),)
    return (
        Client(
            OPERATOR,
            "33333333-0000-4333-8333-333333333333",
            "operator-secret",
            "operator",
            managed_identity=True,
            grants=everything,
        ),
        Client(
            ADMIN,
            "44444444-0000-4444-8444-444444444444",
            "admin-secret",
            "admin",
            "admin@contoso.com",
            grants=everything,
        ),
    )


def load(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ValueError: a member is unknown, missing or of the wrong kind; the text says which.
    """
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, KeyError) as problem:
        raise ValueError(f"{path}: {problem}") from problem


def from_json(data: dict[str, Any]) -> Config:
    """Build a configuration from the members of a configuration file; unknown members are an error."""
    values = dict(data)
    values["subscriptions"] = tuple(values.get("subscriptions", (SUBSCRIPTION,)))
    values["unregistered"] = tuple(values.get("unregistered", ()))
    values["clients"] = (
        tuple(client_from_json(each) for each in values["clients"]) if "clients" in values else default_clients()
    )
    limits = dict(values.pop("throttle", {}))
    for name in ("reads", "writes", "deletes"):
        if name in limits:
            limits[name] = Bucket(**limits[name])
    return Config(throttle=Throttle(**limits), **values)


def client_from_json(data: dict[str, Any]) -> Client:
    """Build one client from the members of a configuration file."""
    values = dict(data)
    values["federated"] = tuple(Federation(**each) for each in values.get("federated", ()))
    values["grants"] = tuple(_grant(each) for each in values.get("grants", ()))
    return Client(**values)


def _grant(data: dict[str, Any]) -> Grant:
    values = dict(data)
    for name in ("actions", "not_actions"):
        values[name] = tuple(values.get(name, ()))
    return Grant(**values)

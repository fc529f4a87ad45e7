"""Request limits on virtual time."""

from __future__ import annotations

import pytest

from arm_emulator.config import Bucket, Client, Config, Grant, Throttle
from arm_emulator.throttling import GLOBAL_SHARE

from .client import ADMIN, GROUP, SUB, Azure

SMALL = Config(throttle=Throttle(reads=Bucket(3, 1), writes=Bucket(2, 0.5), deletes=Bucket(1, 1), graph_queries=2))
GRAPH = "/providers/Microsoft.ResourceGraph/resources"


async def test_a_bucket_empties_and_refills() -> None:
    """429 with Retry-After to the next token; header counts down; refill on virtual time (conventions 16).

    The header is what the recordings show: what is left of fifteen times one principal's share.
    """
    async with Azure.start(SMALL) as azure:
        replies = [await azure.get(SUB) for _ in range(4)]
        assert [each.status for each in replies] == [200, 200, 200, 429]
        left = [each.headers["x-ms-ratelimit-remaining-subscription-global-reads"] for each in replies]
        assert left == ["44", "43", "42", "42"]
        assert (replies[3].code, replies[3].headers["Retry-After"]) == ("SubscriptionRequestsThrottled", "1")
        azure.advance(2)
        assert [(await azure.get(SUB)).status for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        pytest.param("GET", SUB, "subscription-global-reads", id="read"),
        pytest.param("PUT", GROUP, "subscription-global-writes", id="write"),
        pytest.param("DELETE", GROUP, "subscription-global-deletes", id="deletion"),
        pytest.param("GET", "/subscriptions", "tenant-reads", id="of the tenant"),
    ],
)
async def test_header_names(azure: Azure, method: str, path: str, name: str) -> None:
    """One header per answer: as in each of the 437 recorded ones that count for a subscription, since 2024."""
    await azure.group()
    reply = await azure.call(method, path, {"location": "westeurope"} if method == "PUT" else None)
    prefix = "x-ms-ratelimit-remaining-"
    found = [each.lower().removeprefix(prefix) for each in reply.headers if each.lower().startswith(prefix)]
    assert found == [name]


async def test_many_principals_empty_the_subscription() -> None:
    """Fifteen principals' worth in all (reference data 12): the one after them has tokens of its own, in vain."""
    clients = tuple(
        Client(f"c{i}", f"o{i}", "s", f"n{i}", grants=(Grant("/", actions=("*",)),))
        for i in range(GLOBAL_SHARE + 1)
    )
    limits = Throttle(reads=Bucket(1, 0))
    async with Azure.start(Config(clients=clients, throttle=limits)) as azure:
        replies = [await azure.get(SUB, who=each.client_id) for each in clients]
        assert [each.status for each in replies] == [200] * GLOBAL_SHARE + [429]
        assert (replies[-1].code, replies[-1].headers["Retry-After"]) == ("SubscriptionRequestsThrottled", "60")


async def test_verbs_and_principals_have_their_own_buckets() -> None:
    """Writes do not spend reads; another client is not throttled."""
    async with Azure.start(SMALL) as azure:
        body = {"location": "westeurope"}
        assert [(await azure.put(GROUP, body)).status for _ in range(3)] == [201, 200, 429]
        assert (await azure.get(GROUP)).status == 200
        assert (await azure.put(GROUP, body, who=ADMIN)).status == 200


async def test_graph_has_its_own_quota() -> None:
    """Queries per window and user, remaining and reset headers, 429 beyond (reference data 13)."""
    async with Azure.start(SMALL) as azure:
        replies = [await azure.call("POST", GRAPH, {"query": "resources | count"}) for _ in range(3)]
        assert [each.status for each in replies] == [200, 200, 429]
        assert [each.headers["x-ms-user-quota-remaining"] for each in replies] == ["1", "0", "0"]
        assert replies[2].headers["x-ms-user-quota-resets-after"] == "00:00:05"
        azure.advance(5)
        assert (await azure.call("POST", GRAPH, {"query": "resources | count"})).status == 200


async def test_a_benchmark_may_turn_limits_off() -> None:
    """`throttle.enabled: false`."""
    limits = Throttle(reads=Bucket(1, 0), enabled=False)
    async with Azure.start(Config(throttle=limits)) as azure:
        assert {(await azure.get(SUB)).status for _ in range(5)} == {200}

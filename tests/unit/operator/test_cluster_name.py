"""What a cluster is called in the tags that it leaves in Azure."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.operator.fakes import FakeCluster, once

from secureml_operator import main
from secureml_operator.cluster import NoClusterError, RefusedError, UnclearError

if TYPE_CHECKING:
    from secureml_operator.kube import KubeCluster


async def name_of(cluster: FakeCluster, stop: asyncio.Event | None = None) -> str:
    real: KubeCluster = cluster  # type: ignore[assignment] - as far as this goes
    return await main._cluster_name(real, stop or asyncio.Event())


def refuse() -> None:
    raise RefusedError("GET /api/v1/namespaces/kube-system: 403 Forbidden")


def answer_nothing() -> None:
    raise UnclearError("no answer within 15 s")


async def test_the_first_digits_of_what_no_other_cluster_has() -> None:
    assert await name_of(FakeCluster()) == "0f5c6c1e"


async def test_an_api_server_that_does_not_answer_yet_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "WAIT_FOR_API", timedelta(milliseconds=1))
    cluster = FakeCluster()
    cluster.before = once("uid", answer_nothing)
    assert await name_of(cluster) == "0f5c6c1e"
    assert cluster.of("uid") == 2


async def test_without_the_right_to_ask_a_person_must_name_it() -> None:
    cluster = FakeCluster()
    cluster.before = once("uid", refuse)
    with pytest.raises(NoClusterError, match="--cluster-name"):
        await name_of(cluster)


async def test_who_is_told_to_stop_asks_no_more() -> None:
    stop = asyncio.Event()
    stop.set()
    assert await name_of(FakeCluster(), stop) == ""

"""What is written once it was chosen, and what one process knows of all custom resources."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    LINK,
    MARK,
    NOW,
    OWNER,
    VAULT,
    ZONE_GROUP,
    shown,
    wants,
)

from secureml_reconcilers.azure.arm import Accepted, NotFound
from secureml_reconcilers.engine.acting import UNATTENDED, Actor, Claimed, Operations, Performed
from secureml_reconcilers.engine.assessment import Differs, Ownership, choose
from secureml_reconcilers.engine.blocks import Claim, EnsureAbsent
from secureml_reconcilers.engine.memory import Memory, Written
from secureml_reconcilers.engine.operations import Operation

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Answer, Present
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Ensure

OTHER = "team-b/churn"


class Azure:
    """Shows what it is told to show, and takes every write."""

    def __init__(self, *bodies: Present) -> None:
        self.shown = {body.body["id"].lower(): body for body in bodies}
        self.written: list[str] = []

    async def read(self, target: ResourceId) -> Answer:
        """Show it."""
        return self.shown[target.key]

    async def write(self, verb: str, target: ResourceId, *_: Any, **__: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Take it."""
        self.written.append(f"{verb} {target.short}")
        return Accepted(None, running=False)


async def performed(
    azure: Azure, overtaken: ResourceId, *blocks: Ensure | EnsureAbsent
) -> tuple[Performed, Memory]:
    """Act on blocks, of which another custom resource has written something since it was read."""
    memory = Memory()
    for block in blocks:
        for target in (block.id, *block.evidence, *block.preconditions):
            memory.answers[target.key] = shown(target, tags=MARK)
            memory.read_at[target.key] = NOW
    operations = Operations(written={overtaken.key: Written(NOW, OTHER)})
    ownership = Ownership(OWNER, frozenset({ENDPOINT.key, ZONE_GROUP.key}))
    actor = Actor(azure, operations, memory, ownership, lambda: NOW, NOW)  # type: ignore[arg-type]
    chosen = [
        choose(
            each,
            Differs("Delete" if isinstance(each, EnsureAbsent) else "Update", (), shown(each.id).body),
            ownership,
        )
        for each in blocks
    ]
    return await actor.perform(tuple(chosen)), memory


USED = shown(ENDPOINT, tags={**MARK, "secureml-user-b": OTHER})


@pytest.mark.parametrize(
    ("block", "overtaken"),
    [
        pytest.param(EnsureAbsent(ENDPOINT, "nobody uses it"), ENDPOINT, id="what is deleted"),
        pytest.param(
            EnsureAbsent(ZONE_GROUP, "its endpoint goes", evidence=(ENDPOINT,)),
            ENDPOINT,
            id="what says that it may go",
        ),
        pytest.param(wants(evidence=(ENDPOINT,)), ENDPOINT, id="what says that it may be closed"),
        pytest.param(
            wants(ZONE_GROUP, create={}, preconditions=(ENDPOINT,)),
            ENDPOINT,
            id="what it would write over",
        ),
    ],
)
async def test_what_leans_on_a_reading_that_was_overtaken_is_not_done(
    block: Ensure | EnsureAbsent, overtaken: ResourceId
) -> None:
    """Another custom resource put its name on the endpoint in between: only the composition may say what now.

    The block alone once was judged anew. It knows nothing of users, and the endpoint went under the other.
    """
    azure = Azure(USED, shown(ACCOUNT))
    done, memory = await performed(azure, overtaken, block)
    assert (azure.written, done.begun, done.finished) == ([], [], True)
    assert overtaken.key not in memory.answers, "it is read again before anything is said of it"


async def test_all_that_leans_on_one_overtaken_reading_is_not_done() -> None:
    """Two groups go with one endpoint: the second must not take the reading that the first found old for none."""
    groups = [
        EnsureAbsent(ENDPOINT.child("privateDnsZoneGroups", name), "it goes", evidence=(ENDPOINT,))
        for name in "ab"
    ]
    azure = Azure(USED)
    done, memory = await performed(azure, ENDPOINT, *groups)
    assert (azure.written, done.begun) == ([], [])
    assert ENDPOINT.key not in memory.answers


async def test_what_only_makes_something_is_chosen_again_on_a_new_reading() -> None:
    """Nothing hangs on who uses it: the write goes out at once, merged into what the other has written."""
    azure = Azure(shown(LINK, tags={"theirs": "1"}))
    done, _ = await performed(azure, LINK, wants(LINK, create={}, shared=True))
    assert (azure.written, len(done.begun)) == ([f"PATCH {LINK.short}"], 1)


@pytest.mark.parametrize(
    ("since", "outrun"),
    [
        pytest.param(timedelta(minutes=1), True, id="it is being made"),
        pytest.param(timedelta(minutes=11), False, id="whoever began it is gone, and nobody has looked since"),
    ],
)
async def test_one_thing_is_made_for_a_claim_at_a_time(*, since: timedelta, outrun: bool) -> None:
    """Another custom resource has begun an endpoint of another name for the same way: ours waits.

    Then it is for the composition to say whether ours is wanted still, on a new reading of the service.
    """
    theirs, claim = GROUP.resource("Microsoft.Network/privateEndpoints", "theirs"), Claim("a way", ACCOUNT)
    operations = Operations(
        running={theirs.key: Operation.begun(theirs, "PUT", NOW - since)},
        claimed={claim.name: Claimed(theirs, NOW - since, OTHER)},
    )
    memory = Memory(
        answers={ACCOUNT.key: shown(ACCOUNT), ENDPOINT.key: NotFound()},
        read_at={ACCOUNT.key: NOW, ENDPOINT.key: NOW},
    )
    azure = Azure(shown(ACCOUNT))
    actor = Actor(azure, operations, memory, Ownership(OWNER), lambda: NOW, NOW)  # type: ignore[arg-type]
    ours = choose(wants(ENDPOINT, create={}, claim=claim), Differs("Create", ()), Ownership(OWNER))
    done = await actor.perform((ours,))
    assert (azure.written, done.finished, actor.outrun(ours)) == ([], not outrun, outrun)
    assert (ACCOUNT.key in memory.answers) is outrun
    if not outrun:
        memory.answers[ACCOUNT.key], memory.read_at[ACCOUNT.key] = shown(ACCOUNT), NOW
        await actor.perform((ours,))
        assert azure.written == [f"PUT {ENDPOINT.short}"]


class Broken(Azure):
    """Fails on one write as only a bug does, while the other is under way."""

    async def write(self, verb: str, target: ResourceId, *_: Any, **__: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Fail, or take some time."""
        if target == VAULT:
            raise LookupError(target.text)
        for _ in range(5):
            await asyncio.sleep(0)
        return await super().write(verb, target)


async def test_a_bug_in_one_write_leaves_no_other_behind() -> None:
    """The pass ends with the bug, by its own name, once all is noted that was under way.

    The others once went on writing into what the next pass had begun to use.
    """
    azure = Broken(shown(ACCOUNT), shown(VAULT))
    with pytest.raises(LookupError):
        await performed(azure, LINK, wants(VAULT), wants(ACCOUNT))
    assert azure.written == [f"PATCH {ACCOUNT.short}"]
    assert len(asyncio.all_tasks()) == 1


async def test_a_lock_lives_as_long_as_somebody_holds_it() -> None:
    """All who come meanwhile get the same one."""
    operations = Operations()
    async with operations.lock(ACCOUNT):
        assert operations.lock(ACCOUNT).locked()
        assert not operations.lock(ENDPOINT).locked()
    gc.collect()
    assert len(operations.locks) == 0


def test_what_nobody_looks_at_is_forgotten() -> None:
    """A custom resource is deleted while its endpoint is being made, and leaves it behind."""
    left, watched = Operation.begun(ENDPOINT, "PUT", NOW), Operation.begun(ACCOUNT, "PATCH", NOW + UNATTENDED)
    operations = Operations(
        running={each.id.key: each for each in (left, watched)},
        written={ENDPOINT.key: Written(NOW, "team-a/fraud")},
    )
    operations.tidy(left.look_at + UNATTENDED - timedelta(seconds=1))
    assert set(operations.running) == {ENDPOINT.key, ACCOUNT.key}
    operations.tidy(left.look_at + UNATTENDED)
    assert (set(operations.running), operations.written) == ({ACCOUNT.key}, {})

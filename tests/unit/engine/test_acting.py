"""What is written once it was chosen, and what one custom resource's write means to the passes of others."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    LINK,
    MARK,
    OWNER,
    VAULT,
    ZONE_GROUP,
    problem,
    shown,
    wants,
)
from tests.unit.engine.fakes import FakeArm, FakeClock

from secureml_reconcilers.azure.arm import NotFound
from secureml_reconcilers.engine.acting import Actor
from secureml_reconcilers.engine.assessment import Differs, choose
from secureml_reconcilers.engine.blocks import Claim, Composition, EnsureAbsent
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.gather_all import gather_all
from secureml_reconcilers.engine.history import PassHistory
from secureml_reconcilers.engine.inventory import Inventory
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.observing import Observer
from secureml_reconcilers.engine.passing import Pass
from secureml_reconcilers.engine.questions import Resource
from secureml_reconcilers.engine.readings import Readings

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Ensure

OTHER = "team-b/churn"
STATUS = {"inventory": [{"id": each.text, "kind": "Resource"} for each in (ENDPOINT, ZONE_GROUP)]}
THEIRS = GROUP.resource("Microsoft.Network/privateEndpoints", "theirs")
WAY = Claim("a way", ACCOUNT)


def begin(arm: FakeArm, answers: dict[ResourceId, Answer]) -> Pass:
    """A pass that has read all of this."""
    ledger = Ledger(arm.clock)
    order, found = ledger.number(), Readings()
    for target, answer in answers.items():
        found.record(Resource(target), answer, arm.clock.monotonic(), ledger.number())
    request = ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, STATUS)
    return Pass(
        request,
        Composition((), OWNER),
        arm,  # type: ignore[arg-type]
        ledger,
        found,
        PassHistory(),
        Inventory.of(STATUS),
        arm.clock.monotonic(),
        order,
    )


async def perform(this: Pass, *blocks: Ensure | EnsureAbsent) -> Actor:
    """Act on blocks, on what was read of them."""
    actor, actions = Actor(this, Observer(this.readings, this.ledger, this.arm)), []
    for each in blocks:
        creates = this.readings.answer(each.id.key) == NotFound()
        kind = "Delete" if isinstance(each, EnsureAbsent) else "Create" if creates else "Update"
        actions.append(choose(each, Differs(kind, (), shown(each.id).body), this.ownership))
    await gather_all(*map(actor.perform, actions))
    return actor


def begin_to_act_on(arm: FakeArm, *blocks: Ensure | EnsureAbsent) -> Pass:
    """A pass that has read all that these blocks name."""
    targets = [target for each in blocks for target in (each.id, *each.evidence, *each.preconditions)]
    return begin(arm, {target: shown(target, tags=MARK) for target in targets})


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
    arm = FakeArm(FakeClock()).put(USED, shown(ACCOUNT))
    this = begin_to_act_on(arm, block)
    this.ledger.mark_written([overtaken], writer=OTHER)
    done = await perform(this, block)
    assert (arm.writes, done.begun, done.learned) == ([], [], True)
    this.forget_stale()
    assert overtaken.key not in this.readings.known, "it is read again before anything is said of it"


async def test_all_that_leans_on_one_overtaken_reading_is_not_done() -> None:
    """Two groups go with one endpoint: the second must not take the reading that the first found old for none."""
    groups = [
        EnsureAbsent(ENDPOINT.child("privateDnsZoneGroups", name), "it goes", evidence=(ENDPOINT,))
        for name in "ab"
    ]
    arm = FakeArm(FakeClock()).put(USED)
    this = begin_to_act_on(arm, *groups)
    this.ledger.mark_written([ENDPOINT], writer=OTHER)
    done = await perform(this, *groups)
    assert (arm.writes, done.begun) == ([], [])
    this.forget_stale()
    assert ENDPOINT.key not in this.readings.known


async def test_what_this_custom_resource_wrote_itself_stops_nothing() -> None:
    """It knows what it wrote over there, and did not undo the reason for this."""
    block = EnsureAbsent(ZONE_GROUP, "its endpoint goes", evidence=(ENDPOINT,))
    arm = FakeArm(FakeClock()).put(USED, shown(ZONE_GROUP))
    this = begin_to_act_on(arm, block)
    this.ledger.mark_written([ENDPOINT], writer=OWNER)
    await perform(this, block)
    assert arm.written() == [f"DELETE {ZONE_GROUP.short}"]


async def test_what_only_makes_something_is_chosen_again_on_a_new_reading() -> None:
    """Nothing hangs on who uses it: the write goes out at once, merged into what stands there now."""
    arm = FakeArm(FakeClock()).put(shown(LINK, tags={"theirs": "1"}, etag="W/7"))
    block = wants(LINK, create={}, shared=True)
    this = begin_to_act_on(arm, block)
    this.order = this.ledger.number()  # it was an earlier pass that has read the link
    this.began += timedelta(minutes=1)
    done = await perform(this, block)
    assert (arm.written(), len(done.begun)) == ([f"PATCH {LINK.short}"], 1)
    assert arm.reads_of(LINK) == 1


async def test_what_another_has_written_meanwhile_is_asked_of_the_composition() -> None:
    """Even where it only makes something: the link may be as declared now, or somebody's else."""
    arm = FakeArm(FakeClock()).put(shown(LINK))
    block = wants(LINK, create={}, shared=True)
    this = begin_to_act_on(arm, block)
    this.ledger.mark_written([LINK], writer=OTHER)
    done = await perform(this, block)
    assert (arm.requests, done.learned) == (0, True)


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
    arm = FakeArm(FakeClock())
    this = begin(arm, {ACCOUNT: shown(ACCOUNT), ENDPOINT: NotFound()})
    theirs = this.ledger.send(THEIRS, "PUT", OTHER)
    this.ledger.claim(WAY, theirs)
    arm.clock.advance(since)
    ours = wants(ENDPOINT, create={}, claim=WAY)
    done = await perform(this, ours)
    assert done.learned
    assert arm.written() == ([] if outrun else [f"PUT {ENDPOINT.short}"])
    assert this.ledger.is_claimed_by_another(WAY, ENDPOINT) is outrun
    this.forget_stale()
    assert ACCOUNT.key in this.readings.known, "nothing was written to it yet"
    if outrun:
        this.ledger.end(theirs)
        this.forget_stale()
        assert ACCOUNT.key not in this.readings.known, "it shows what was made"


async def test_of_two_that_are_about_to_make_one_thing_one_is_first() -> None:
    """Both have found the claim free: from there to the note that the write goes out nothing is awaited."""
    arm = FakeArm(FakeClock())
    this = begin(arm, {ACCOUNT: shown(ACCOUNT), ENDPOINT: NotFound(), THEIRS: NotFound()})
    await perform(this, *(wants(each, create={}, claim=WAY) for each in (ENDPOINT, THEIRS)))
    assert arm.written() == [f"PUT {ENDPOINT.short}"]


async def test_a_bug_in_one_write_leaves_no_other_behind() -> None:
    """The pass ends with the bug, by its own name, once all is noted that was under way.

    The others once went on writing into what the next pass had begun to use.
    """
    arm = FakeArm(FakeClock()).put(shown(ACCOUNT), shown(VAULT))

    async def fail_or_take_time(_: str, target: ResourceId) -> None:
        if target == VAULT:
            raise LookupError(target.text)
        for _ in range(5):
            await asyncio.sleep(0)

    arm.before = fail_or_take_time
    this = begin_to_act_on(arm, wants(VAULT), wants(ACCOUNT))
    with pytest.raises(LookupError):
        await perform(this, wants(VAULT), wants(ACCOUNT))
    assert arm.written() == [f"PATCH {ACCOUNT.short}"]
    assert len(asyncio.all_tasks()) == 1
    assert this.ledger.running(VAULT), "nobody knows what became of it: it is looked at before it is repeated"


REFUSALS = [  # how Azure answers                                       runs     fails   reading stays
    pytest.param(problem("Locked"), False, True, True, id="a lock: it is repeated later"),
    pytest.param(problem("AzureUnreachable", outcome_unknown=True), True, False, True, id="its answer was lost"),
    pytest.param(problem("PreconditionFailed"), False, True, False, id="the etag has changed: it is read again"),
]


@pytest.mark.parametrize(("trouble", "runs", "fails", "stays"), REFUSALS)
async def test_what_becomes_of_a_write_that_was_not_taken(
    trouble: Exception, *, runs: bool, fails: bool, stays: bool
) -> None:
    """What was perhaps applied counts as running, what was not is noted as a failure of this custom resource."""
    arm = FakeArm(FakeClock(), refuses={VAULT.key: trouble}).put(shown(VAULT))  # type: ignore[dict-item]
    this = begin_to_act_on(arm, wants(VAULT))
    done = await perform(this, wants(VAULT))
    assert done.begun == []
    assert (this.ledger.running(VAULT) is not None) is runs
    assert (this.ledger.failure(VAULT, OWNER) is not None) is fails
    assert this.ledger.failure(VAULT, OTHER) is None
    assert (VAULT.key in this.readings.known) is stays


async def test_a_creation_that_somebody_else_has_begun_is_waited_for() -> None:
    """`If-None-Match: *` refuses it: that is no failure, and the other's operation is looked at like ours."""
    refused = problem("PreconditionFailed")
    arm = FakeArm(FakeClock(), refuses={LINK.key: refused})
    this = begin(arm, {LINK: NotFound()})
    await perform(this, wants(LINK, create={}, shared=True))
    assert this.ledger.running(LINK) is not None
    assert this.ledger.failure(LINK, OWNER) is None


@pytest.mark.parametrize("refused", [None, problem("Forbidden")], ids=["it is taken", "it is refused"])
async def test_what_is_made_unseen_is_not_read_before_its_look(refused: AzureProblem | None) -> None:
    """Six new links cost six reads, each answered 404, as soon as they were begun."""
    arm = FakeArm(FakeClock(), takes={LINK.key: timedelta(seconds=35)})
    arm.refuses = {LINK.key: refused} if refused else {}
    assert LINK.parent is not None
    this = begin(arm, {LINK.parent: NotFound()})
    actor = Actor(this, Observer(this.readings, this.ledger, this.arm))
    block = wants(LINK, create={})
    await actor.perform(choose(block, Differs("Create", ()), this.ownership))
    assert (this.readings.answer(LINK.key) == NotFound()) is (refused is None)
    assert arm.reads_of(LINK) == 0

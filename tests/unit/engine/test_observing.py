"""Reading: what proves that there is nothing, and what only says that it could not be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, GROUP, NETWORK, ZONE, problem, shown
from tests.unit.engine.fakes import FakeArm, FakeClock

from secureml_reconcilers.azure.arm import Listed, NotFound, Unreadable
from secureml_reconcilers.azure.problem import Retry
from secureml_reconcilers.engine.blocks import Aspect, Composition
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.observing import Observer, budget_wait
from secureml_reconcilers.engine.questions import Listing, Resource
from secureml_reconcilers.engine.readings import Readings
from secureml_reconcilers.engine.view import Unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

GROUPS = Listing(ENDPOINT, "privateDnsZoneGroups")


def azure(*there: ResourceId) -> FakeArm:
    """An Azure in which these are there."""
    return FakeArm(FakeClock()).put(*map(shown, there))


async def observed(arm: FakeArm, blocks: Callable[[View], Blocks]) -> Readings:
    """What a pass reads for an aspect."""
    readings = Readings()
    observer = Observer(readings, Ledger(arm.clock), arm)  # type: ignore[arg-type]
    await observer.observe(Composition((Aspect("Known", blocks),), "team-a/fraud"))
    return readings


def groups(view: View) -> Blocks:
    """Ask for the zone groups of an endpoint."""
    view.children(ENDPOINT, "privateDnsZoneGroups")
    yield from ()


@pytest.mark.parametrize(
    ("code", "proven"),
    [
        pytest.param("ResourceNotFound", True, id="the parent is gone"),
        pytest.param("ParentResourceNotFound", True, id="so says the child's own service"),
        pytest.param("ResourceGroupNotFound", True, id="all around it is gone"),
        pytest.param("SubscriptionNotFound", False, id="a subscription that we may not see holds what it held"),
    ],
)
async def test_what_is_gone_has_no_children(code: str, proven: bool) -> None:  # noqa: FBT001 - a row of the table
    """Only codes that prove absence are taken for an empty collection; nothing is made upon the others."""
    arm = azure()
    arm.unreadable = {GROUPS.key: problem("NotFound", code=code, retry=Retry.SLOW)}
    listed = (await observed(arm, groups)).answer(GROUPS.key)
    assert (listed == Listed(())) is proven
    assert isinstance(listed, Unreadable) is not proven


NETWORKS = [GROUP.resource("Microsoft.Network/virtualNetworks", f"client-{number}") for number in range(64)]


def one_by_one(view: View) -> Blocks:
    """Ask for the next network only when the one before is known."""
    for network in NETWORKS:
        view.get(network)
    yield from ()


def over_and_over(_: View) -> Blocks:
    """Ask for what was answered."""
    yield from ()
    raise Unread(Resource(ACCOUNT))


async def test_a_long_chain_of_questions_is_answered_to_its_end() -> None:
    """Sixty-four networks, one at a time: a bound of ten rounds once ended every pass over eight as a bug."""
    found = await observed(azure(*NETWORKS), one_by_one)
    assert len(found.known) == len(NETWORKS)


async def test_what_was_answered_is_not_asked_again() -> None:
    """A composition that asks on in spite of an answer would ask without end: a bug in it."""
    with pytest.raises(RuntimeError, match="frauddata"):
        await observed(azure(ACCOUNT), over_and_over)


async def test_what_nothing_asks_for_is_let_go_of_at_once() -> None:
    """Hundreds of custom resources share a subnet, and each once kept all of its addresses."""
    subnet = NETWORK.child("subnets", "endpoints")
    used = [{"id": f"{subnet.text}/{number}"} for number in range(4000)]
    arm = FakeArm(FakeClock())
    arm.put(shown(subnet, properties={"addressPrefix": "10.0.0.0/16", "ipConfigurations": used}))

    def blocks(view: View) -> Blocks:
        view.get(subnet)
        yield from ()

    found = await observed(arm, blocks)
    assert found.answer(subnet.key) == shown(subnet, properties={"addressPrefix": "10.0.0.0/16"})


ENDPOINTS = [GROUP.resource("Microsoft.Network/privateEndpoints", f"e{number}") for number in range(3)]
IN_GROUP = f"{GROUP.text}/providers/Microsoft.Network/privateEndpoints"


def all_endpoints(view: View) -> Blocks:
    """Ask for all endpoints at once."""
    view.ask(*ENDPOINTS)
    yield from ()


async def test_a_group_s_listing_answers_for_many() -> None:
    """Three reads are one; what is not listed is not there, and what nobody asked for is not kept."""
    arm = azure(*ENDPOINTS[:2], ENDPOINT)
    found = await observed(arm, all_endpoints)
    assert (arm.lists, arm.reads) == ([IN_GROUP], [])
    assert [found.answer(each.key) for each in ENDPOINTS] == [*map(shown, ENDPOINTS[:2]), NotFound()]
    assert found.answer(ENDPOINT.key) is None


async def test_one_is_read_by_itself() -> None:
    """A hub's group may hold hundreds of endpoints of others."""
    arm = azure(ENDPOINT, ZONE)

    def two_types(view: View) -> Blocks:
        view.ask(ENDPOINT, ZONE)
        yield from ()

    await observed(arm, two_types)
    assert (arm.lists, arm.reads_of(ENDPOINT), arm.reads_of(ZONE)) == ([], 1, 1)


async def test_where_a_group_may_not_be_listed_each_is_read() -> None:
    """The right to read one endpoint need not be the right to list all."""
    arm = azure(*ENDPOINTS)
    arm.unreadable = {IN_GROUP.lower(): problem("Forbidden")}
    found = await observed(arm, all_endpoints)
    assert [found.answer(each.key) for each in ENDPOINTS] == [*map(shown, ENDPOINTS)]
    assert len(arm.reads) == len(ENDPOINTS)


async def test_a_crowded_group_is_listed_once_and_never_again() -> None:
    """Five hundred workspaces have their endpoints in one group: each pass read all 2,500 of them, five times."""
    neighbours = [GROUP.resource("Microsoft.Network/privateEndpoints", f"n{number}") for number in range(99)]
    arm, crowded = azure(*ENDPOINTS[:2], *neighbours), set[str]()
    for _ in range(2):
        readings = Readings()
        observer = Observer(readings, Ledger(arm.clock), arm, crowded)  # type: ignore[arg-type]
        await observer.observe(Composition((Aspect("Known", all_endpoints),), "team-a/fraud"))
        assert [readings.answer(each.key) for each in ENDPOINTS] == [*map(shown, ENDPOINTS[:2]), NotFound()]
    assert arm.lists == [IN_GROUP]
    assert [arm.reads_of(each) for each in ENDPOINTS] == [2, 2, 2]


BUDGET = [
    pytest.param(None, None, id="all could be read"),
    pytest.param(problem("AzureBusy"), None, id="one service is busy with one resource"),
    pytest.param(problem(throttled=True), 2, id="the budget is spent, for nobody says how long"),
]


@pytest.mark.parametrize(("trouble", "seconds"), BUDGET)
async def test_only_the_end_of_the_budget_ends_a_pass(trouble: AzureProblem | None, seconds: int | None) -> None:
    """What one service does not tell keeps nobody from putting right the rest."""
    arm = azure(ACCOUNT)
    arm.unreadable = {ACCOUNT.key: trouble} if trouble is not None else {}

    def account(view: View) -> Blocks:
        view.ask(ACCOUNT)
        yield from ()

    wait = budget_wait(await observed(arm, account))
    assert (wait.total_seconds() if wait is not None else None) == seconds

"""Reading: what proves that there is nothing, and what only says that it could not be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, GROUP, NETWORK, NOW, problem, shown

from secureml_reconcilers.azure.problem import AzureProblem, Retry
from secureml_reconcilers.engine.blocks import Aspect, Composition
from secureml_reconcilers.engine.memory import Memory
from secureml_reconcilers.engine.observing import observe
from secureml_reconcilers.engine.view import Listing, Unread

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Body, Present
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View


class Refuses:
    """An Azure that lists nothing."""

    def __init__(self, code: str) -> None:
        self.code = code

    async def list_all(self, *_: str) -> list[Body]:
        """Fail."""
        raise problem("NotFound", code=self.code, retry=Retry.SLOW)


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
    memory = Memory()
    composition = Composition((Aspect("Known", groups),), "team-a/fraud")
    await observe(composition, memory, Refuses(code), NOW)  # type: ignore[arg-type]
    listed = memory.listings[Listing(ENDPOINT, "privateDnsZoneGroups")]
    assert (listed == ()) is proven
    assert isinstance(listed, AzureProblem) is not proven


class Shows:
    """An Azure in which everything is there."""

    async def read(self, target: ResourceId) -> Present:
        """Show it."""
        return shown(target)


NETWORKS = [GROUP.resource("Microsoft.Network/virtualNetworks", f"client-{number}") for number in range(64)]


def one_by_one(view: View) -> Blocks:
    """Ask for the next network only when the one before is known."""
    for network in NETWORKS:
        view.get(network)
    yield from ()


def over_and_over(_: View) -> Blocks:
    """Ask for what was answered."""
    yield from ()
    raise Unread(ACCOUNT)


async def test_a_long_chain_of_questions_is_answered_to_its_end() -> None:
    """Sixty-four networks, one at a time: a bound of ten rounds once ended every pass over eight as a bug."""
    memory = Memory()
    composition = Composition((Aspect("Known", one_by_one),), "team-a/fraud")
    await observe(composition, memory, Shows(), NOW)  # type: ignore[arg-type]
    assert len(memory.answers) == len(NETWORKS)


async def test_what_was_answered_is_not_asked_again() -> None:
    """A composition that asks on in spite of an answer would ask without end: a bug in it."""
    composition = Composition((Aspect("Known", over_and_over),), "team-a/fraud")
    with pytest.raises(RuntimeError, match="frauddata"):
        await observe(composition, Memory(), Shows(), NOW)  # type: ignore[arg-type]


class Full:
    """An Azure with a subnet in which thousands of addresses are in use."""

    async def read(self, target: ResourceId) -> Present:
        """Show it."""
        used = [{"id": f"{target.text}/{number}"} for number in range(4000)]
        return shown(target, properties={"addressPrefix": "10.0.0.0/16", "ipConfigurations": used})


async def test_what_nothing_asks_for_is_let_go_of_at_once() -> None:
    """Hundreds of custom resources share a subnet, and each once kept all of its addresses."""
    memory, subnet = Memory(), NETWORK.child("subnets", "endpoints")

    def blocks(view: View) -> Blocks:
        view.get(subnet)
        yield from ()

    await observe(Composition((Aspect("Known", blocks),), "o"), memory, Full(), NOW)  # type: ignore[arg-type]
    assert memory.answers[subnet.key] == shown(subnet, properties={"addressPrefix": "10.0.0.0/16"})

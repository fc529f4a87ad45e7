"""A graph query finds what is named in it, whatever characters the name holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.azure.scopes import EVERYWHERE, Scopes
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from tests.integration.driving import World

TEAMS = ("o'neil", "a\\b", "\\' or true //")


async def test_a_value_is_found_and_never_part_of_the_query(world: World) -> None:
    """Each team's workspace tag, one after the other; a query of all finds what is there now."""
    workspace = landscape.workspace_id(world.subscription, "fraud")
    with world.arm.within("team-a/fraud", EVERYWHERE) as arm:
        for team in TEAMS:
            await world.alice.patch(workspace, "2024-10-01", {"tags": {"team": team}})
            world.emulator.clock.advance(3600)  # its rows lag behind
            for other in TEAMS:
                query = GraphQuery(
                    world.subscription,
                    "resources | where tags.team == {team} | project name",
                    (("team", other),),
                )
                expected = [{"name": "fraud"}] if other == team else []
                assert await arm.query(query) == expected, (team, other)


async def test_a_pass_reads_and_writes_within_its_scopes_only(world: World) -> None:
    """The workspace's group is let in, that of its network is not; nothing of that reaches Azure."""
    workspace = resource_id(landscape.workspace_id(world.subscription, "fraud"))
    subnet = resource_id(landscape.subnet_id(world.subscription))
    scopes = Scopes.of([workspace.group.text.upper()], "azure.scopes")
    with world.arm.within("team-a/fraud", scopes) as arm:
        before = len(world.log())
        with pytest.raises(AzureProblem, match="lies outside"):
            await arm.read(subnet)
        with pytest.raises(AzureProblem, match="lies outside"):
            await arm.write("DELETE", subnet, None)
        assert len(world.log()) == before
        await arm.read(workspace)
        assert len(world.log()) == before + 1

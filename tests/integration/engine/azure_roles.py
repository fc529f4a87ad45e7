"""Giving the operator a role that the documentation hands out for a part of what it does."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from tests.integration.driving import _OPERATOR

from secureml_sandbox.emulator import CHECKOUT

if TYPE_CHECKING:
    from tests.integration.driving import World

API_VERSION = "2022-04-01"


async def give(world: World, file: str) -> None:
    """The administrator assigns a role of `docs/` on the subscription."""
    role = json.loads((CHECKOUT / "docs" / file).read_text(encoding="utf-8"))
    await give_actions(world, role["Name"], role["Actions"])


async def give_actions(world: World, name: str, actions: list[str]) -> None:
    """The administrator makes a role of these actions and assigns it on the subscription."""
    home = f"/subscriptions/{world.subscription}"
    authorization = f"{home}/providers/Microsoft.Authorization"
    definition = f"{authorization}/roleDefinitions/{uuid.uuid5(uuid.NAMESPACE_URL, name)}"
    properties = {"roleName": name, "assignableScopes": [home], "permissions": [{"actions": actions}]}
    await world.alice.put(definition, API_VERSION, {"properties": properties})
    grant = {
        "roleDefinitionId": definition,
        "principalId": _OPERATOR.object_id,
        "principalType": "ServicePrincipal",
    }
    target = f"{authorization}/roleAssignments/{uuid.uuid5(uuid.NAMESPACE_URL, f'{name} assigned')}"
    await world.alice.put(target, API_VERSION, {"properties": grant})

"""What a region offers private endpoints for: the same in each that this stand-in knows.

Witness: the operation AvailablePrivateEndpointTypes_List of the network provider and its example.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from arm_emulator.errors import ArmError
from arm_emulator.guards import require_subscription
from arm_emulator.hooks import Route
from arm_emulator.ids import require
from arm_emulator.regions import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.hooks import Context
    from arm_emulator.model import Call, JsonObject

OFFERED: Final = (
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.KeyVault/vaults",
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.Storage/storageAccounts",
)
"""The types of this stand-in that take private endpoints."""


def _list(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:  # noqa: ARG001
    subscription = f"/subscriptions/{found['subscription']}"
    require_subscription(ctx, require(subscription))
    if found["location"].lower() not in NAMES:
        raise ArmError(
            400, "NoRegisteredProviderFound", f"The location '{found['location']}' offers no Microsoft.Network."
        )
    return {"value": [_shown(subscription, kind) for kind in OFFERED]}


def _shown(subscription: str, kind: str) -> JsonObject:
    """One entry; it has neither properties nor a region, and its type is written in the singular."""
    name = kind.replace("/", ".")
    return {
        "name": name,
        "id": f"{subscription}/providers/Microsoft.Network/AvailablePrivateEndpointTypes/{name}",
        "type": "Microsoft.Network/AvailablePrivateEndpointType",
        "resourceName": kind,
    }


TYPES = ()
ROUTES = (
    Route(
        "GET",
        re.compile(
            r"/subscriptions/(?P<subscription>[^/]+)/providers/Microsoft\.Network"
            r"/locations/(?P<location>[^/]+)/availablePrivateEndpointTypes",
            re.IGNORECASE,
        ),
        _list,
        "Microsoft.Network/locations/availablePrivateEndpointTypes/read",
    ),
)

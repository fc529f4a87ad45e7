"""Endpoints of one storage account that are made at once: some of them fail, as often as the configuration says.

Azure/bicep-registry-modules issue 6001: the endpoint ends Failed with these words. How often nobody says,
so it never happens unless it is asked for.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from arm_emulator.errors import conflict

if TYPE_CHECKING:
    from arm_emulator.hooks import Context
    from arm_emulator.model import Resource


def check(ctx: Context, endpoint: Resource, target: Resource) -> None:
    """Fail the operation of a new endpoint while another one of the same account is being made.

    Raises:
        ArmError: 409 StorageAccountOperationInProgress.
    """
    if target.id.namespace != "Microsoft.Storage":
        return
    others = (each for each in ctx.referrers(target.id.key, endpoint.id.type) if each.id.key != endpoint.id.key)
    chance = zlib.crc32(f"{ctx.config.seed}|{endpoint.id.key}|{endpoint.writes}".encode()) / 2**32
    if chance < ctx.config.busy_accounts and any(each.operation for each in others):
        raise conflict(
            "StorageAccountOperationInProgress",
            "Call to Microsoft.Storage/storageAccounts failed. Error message: An operation is currently "
            "performing on this storage account that requires exclusive access.",
        )

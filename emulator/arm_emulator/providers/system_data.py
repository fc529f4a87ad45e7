"""`systemData`: who made and who last changed a resource, as some providers show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.hooks import Write
    from arm_emulator.model import JsonObject


def system_data(write: Write) -> JsonObject:
    """The member for a write: creation from the previous document if there is one, change from the caller."""
    caller, now = write.call.caller, write.ctx.now_text
    kind = "User" if caller.user_principal_name else "Application"
    before = write.previous.body.get("systemData") if write.previous else None
    created = before or {"createdBy": caller.label, "createdByType": kind, "createdAt": now}
    return {
        **created,
        "lastModifiedBy": caller.label,
        "lastModifiedByType": kind,
        "lastModifiedAt": now,
    }

"""`checkNameAvailability`: whether a name that is unique in the world can still be had.

Witness: the operations of that name in the OpenAPI documents of storage, key vault and registry.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from arm_emulator.errors import bad_request
from arm_emulator.guards import require_subscription
from arm_emulator.hooks import Route
from arm_emulator.ids import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.errors import ArmError
    from arm_emulator.hooks import Context
    from arm_emulator.model import Call, JsonObject

Judge: TypeAlias = "Callable[[Context, str], ArmError | None]"
"""What creating a resource of that name would be refused with: 400 for a bad name, 409 for a taken one."""


def route(kind: str, judge: Judge, action: str, *, invalid: str = "AccountNameInvalid") -> Route:
    """The POST of one provider.

    Args:
        kind: full type name that the body must carry.
        judge: tells a bad or taken name.
        action: what the caller must be allowed on the subscription.
        invalid: `reason` of a name that breaks the rules.
    """

    def answer(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:
        require_subscription(ctx, require(f"/subscriptions/{found['subscription']}"))
        name = call.body.get("name")
        if not isinstance(name, str) or str(call.body.get("type", "")).lower() != kind.lower():
            raise bad_request("InvalidRequestFormat", f"The body must have a name, and the type '{kind}'.")
        problem = judge(ctx, name)
        if problem is None:
            return {"nameAvailable": True}
        reason = "AlreadyExists" if problem.status == 409 else invalid  # noqa: PLR2004
        return {"nameAvailable": False, "reason": reason, "message": problem.message}

    namespace = re.escape(kind.split("/", maxsplit=1)[0])
    pattern = rf"/subscriptions/(?P<subscription>[^/]+)/providers/{namespace}/checkNameAvailability"
    return Route("POST", re.compile(pattern, re.IGNORECASE), answer, action)

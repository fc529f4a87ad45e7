"""ARM's token buckets per principal, subscription and verb class, and Resource Graph's quota, on virtual time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_emulator.errors import ArmError

if TYPE_CHECKING:
    from collections.abc import Callable

    from arm_emulator.config import Bucket, Throttle

_CLASSES = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


@dataclass(slots=True)
class _Level:
    tokens: float
    moment: float


@dataclass(slots=True)
class Throttles:
    """Every bucket of a run.

    Attributes:
        limits: sizes and refill rates.
        now: virtual time.
    """

    limits: Throttle
    now: Callable[[], float]
    _levels: dict[tuple[str, str, str], _Level] = field(default_factory=dict)
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, principal: str, subscription: str, method: str) -> dict[str, str]:
        """Spend one token; answers the `x-ms-ratelimit-remaining-...` header.

        Raises:
            ArmError: 429 SubscriptionRequestsThrottled, with the seconds until the next token.
        """
        kind = _CLASSES.get(method, "writes")
        scope = "subscription" if subscription else "tenant"
        name = f"x-ms-ratelimit-remaining-{scope}-{kind}"
        bucket: Bucket = getattr(self.limits, kind)
        if not self.limits.enabled:
            return {name: str(int(bucket.size))}
        now = self.now()
        level = self._levels.setdefault((principal, subscription, kind), _Level(bucket.size, now))
        level.tokens = min(bucket.size, level.tokens + (now - level.moment) * bucket.refill)
        level.moment = now
        if level.tokens < 1:
            wait = max(1, math.ceil((1 - level.tokens) / bucket.refill)) if bucket.refill else 60
            raise ArmError(
                429,
                "SubscriptionRequestsThrottled",
                f"Number of '{kind}' requests for {scope} '{subscription}' actor '{principal}' exceeded. "
                f"Please try again after '{wait}' seconds after additional tokens are available.",
                retry_after=wait,
                failure_cause="gateway",
                headers={name: "0"},
            )
        level.tokens -= 1
        return {name: str(int(level.tokens))}

    def take_query(self, principal: str) -> dict[str, str]:
        """Count one Resource Graph query in the user's window; answers the quota headers.

        Raises:
            ArmError: 429 RateLimiting with the same headers.
        """
        limit, length = self.limits.graph_queries, self.limits.graph_window
        now = self.now()
        start, used = self._windows.get(principal, (now, 0))
        if now - start >= length:
            start, used = now, 0
        left = max(0, math.ceil(start + length - now))
        headers = {"x-ms-user-quota-resets-after": f"00:00:{left:02d}"}
        if self.limits.enabled and used >= limit:
            headers["x-ms-user-quota-remaining"] = "0"
            raise ArmError(
                429,
                "RateLimiting",
                "Client application has been throttled and should not attempt to repeat the request until an "
                "amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.",
                headers=headers,
            )
        self._windows[principal] = (start, used + 1)
        return {**headers, "x-ms-user-quota-remaining": str(max(0, limit - used - 1))}

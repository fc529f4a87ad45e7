"""ARM's token buckets on virtual time: per principal and per subscription, and Resource Graph's quota.

Witness: reference data section 12. The header is the one that every recording has: what is left to the whole
subscription. That of one principal, `x-ms-ratelimit-remaining-subscription-reads`, is documented and was sent
until 2022 (recordings of Azure/azure-cli); no answer of 2024 to 2026 has it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_emulator.config import Bucket
from arm_emulator.errors import ArmError

if TYPE_CHECKING:
    from collections.abc import Callable

    from arm_emulator.config import Throttle

GLOBAL_SHARE = 15
"""How many principals' worth of requests a subscription has in all (reference data section 12)."""

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
        """Spend one token of the principal and one of the subscription.

        Returns:
            The `x-ms-ratelimit-remaining-...` header: what the whole subscription has left or, of a request that
            names none, the tenant.

        Raises:
            ArmError: 429 SubscriptionRequestsThrottled, with the seconds until the next token.
        """
        kind = _CLASSES.get(method, "writes")
        name = f"x-ms-ratelimit-remaining-{f'subscription-global-{kind}' if subscription else f'tenant-{kind}'}"
        bucket: Bucket = getattr(self.limits, kind)
        whole = Bucket(bucket.size * GLOBAL_SHARE, bucket.refill * GLOBAL_SHARE) if subscription else bucket
        if not self.limits.enabled:
            return {name: str(int(whole.size))}
        own = self._level(principal, subscription, kind, bucket)
        shared = self._level("", subscription, kind, whole) if subscription else own
        for level, limits, actor in ((own, bucket, f" actor '{principal}'"), (shared, whole, "")):
            if level.tokens < 1:
                left = "0" if level is shared else str(int(shared.tokens))
                raise _throttled(kind, subscription, actor, _pause(level, limits), {name: left})
        own.tokens -= 1
        if shared is not own:
            shared.tokens -= 1
        return {name: str(int(shared.tokens))}

    def _level(self, principal: str, subscription: str, kind: str, bucket: Bucket) -> _Level:
        """A bucket's level, filled up to now."""
        now = self.now()
        level = self._levels.setdefault((principal, subscription, kind), _Level(bucket.size, now))
        level.tokens = min(bucket.size, level.tokens + (now - level.moment) * bucket.refill)
        level.moment = now
        return level

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


def _pause(level: _Level, bucket: Bucket) -> int:
    """Whole seconds until the next token; a minute where none will come."""
    return max(1, math.ceil((1 - level.tokens) / bucket.refill)) if bucket.refill else 60


def _throttled(kind: str, subscription: str, actor: str, wait: int, headers: dict[str, str]) -> ArmError:
    scope = f"subscription '{subscription}'" if subscription else "tenant"
    return ArmError(
        429,
        "SubscriptionRequestsThrottled",
        f"Number of '{kind}' requests for {scope}{actor} exceeded. Please try again after '{wait}' seconds after "
        "additional tokens are available.",
        retry_after=wait,
        failure_cause="gateway",
        headers=headers,
    )

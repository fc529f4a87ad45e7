"""How long operations take, in virtual seconds: measured ranges, drawn the same way on every run.

The ranges are minimum, median and maximum from the write's answer to the last poll in published recordings
of real traffic (azure-service-operator, 2024-2026); polls are paced, so they are upper bounds.
"""

from __future__ import annotations

import hashlib

Range = tuple[float, float, float]

DEFAULT: Range = (1, 3, 12)
_NETWORK_DELETE: Range = (10, 11, 21)
RANGES: dict[tuple[str, str], Range] = {
    ("microsoft.resources/resourcegroups", "DELETE"): (15, 68, 300),
    ("microsoft.network/virtualnetworks", "PUT"): (3, 3, 11),
    ("microsoft.network/virtualnetworks/subnets", "PUT"): (1, 2, 17),
    ("microsoft.network/virtualnetworks/virtualnetworkpeerings", "PUT"): (2, 3, 3),
    ("microsoft.network/virtualnetworks", "DELETE"): _NETWORK_DELETE,
    ("microsoft.network/virtualnetworks/subnets", "DELETE"): _NETWORK_DELETE,
    ("microsoft.network/natgateways", "PUT"): (12, 14, 16),
    ("microsoft.network/natgateways", "DELETE"): _NETWORK_DELETE,
    ("microsoft.network/publicipaddresses", "PUT"): (2, 4, 11),
    ("microsoft.network/privateendpoints", "PUT"): (32, 42, 59),
    ("microsoft.network/privateendpoints", "DELETE"): _NETWORK_DELETE,
    ("microsoft.network/privateendpoints/privatednszonegroups", "PUT"): (2, 3, 4),
    ("microsoft.network/privateendpoints/privatednszonegroups", "DELETE"): (2, 3, 4),
    ("microsoft.network/privatednszones", "PUT"): (34, 35, 38),
    ("microsoft.network/privatednszones", "PATCH"): (34, 35, 38),
    ("microsoft.network/privatednszones", "DELETE"): (32, 32, 34),
    ("microsoft.network/privatednszones/virtualnetworklinks", "PUT"): (34, 35, 38),
    ("microsoft.network/privatednszones/virtualnetworklinks", "PATCH"): (34, 35, 38),
    ("microsoft.network/privatednszones/virtualnetworklinks", "DELETE"): (32, 32, 34),
    ("microsoft.storage/storageaccounts", "PUT"): (21, 27, 52),
    ("microsoft.machinelearningservices/workspaces", "PUT"): (3, 21, 32),
    ("microsoft.machinelearningservices/workspaces", "PATCH"): (3, 21, 32),
    ("microsoft.machinelearningservices/workspaces", "DELETE"): (3, 21, 32),
    ("microsoft.machinelearningservices/workspaces/computes", "PUT"): (6, 7, 13),
    ("microsoft.machinelearningservices/workspaces/computes", "DELETE"): (2, 3, 3),
    ("microsoft.containerservice/managedclusters", "PUT"): (195, 270, 388),
    ("microsoft.containerservice/managedclusters", "DELETE"): (187, 250, 311),
    ("microsoft.containerservice/managedclusters/agentpools", "PUT"): (28, 110, 197),
    ("microsoft.containerservice/managedclusters/agentpools", "DELETE"): (5, 12, 18),
    ("microsoft.kubernetesconfiguration/extensions", "PUT"): (190, 220, 250),
    ("microsoft.kubernetesconfiguration/extensions", "DELETE"): (65, 95, 126),
    ("microsoft.network/azurefirewalls", "PUT"): (218, 378, 514),
    ("microsoft.network/azurefirewalls", "DELETE"): (384, 430, 484),
}
"""Virtual seconds by lower-case type and verb. Resource group deletion is cut at 300 s instead of the
recorded 1,389 s, which is the tail of groups with clusters in them."""


def draw(seed: str, resource: str, kind: str, verb: str, nth: int) -> float:
    """Seconds that one operation takes: equal arguments give equal durations.

    Args:
        seed: the run's seed.
        resource: lower-case id.
        kind: lower-case type.
        verb: PUT, PATCH, DELETE or POST.
        nth: which write of this resource it is.
    """
    low, middle, high = RANGES.get((kind, verb), DEFAULT)
    digest = hashlib.blake2b(f"{seed}|{resource}|{verb}|{nth}".encode(), digest_size=8).digest()
    share = int.from_bytes(digest, "big") / 2**64
    if share < 0.5:  # noqa: PLR2004 - half of all draws lie below the median
        return low + (middle - low) * share * 2
    # The upper half is squared, so that most operations stay near the median and few are slow.
    return middle + (high - middle) * ((share - 0.5) * 2) ** 2

"""The API versions of every type that has a list, and Resource Manager's refusals of any other.

Witness: the refusals themselves, which quote the list (Azure/azure-cli issue 28496 for network,
ansible-collections/azure issue 1739 for resource groups, Azure/ResourceModules issue 454 for storage), the
folders of Azure/bicep-types-az, which has a document per version, and the recordings, where extensions of
clusters name their versions in a header (`api-supported-versions`); for registries also azure-cli 2.91.0,
which asks for one that is newer than those documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.errors import ArmError, gateway

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONTAINERS = "microsoft.resources"
"""Subscriptions, groups and lists of them are Resource Manager's own: it quotes no region and no type."""


def _newest_first(text: str) -> tuple[str, ...]:
    # Of one day the stable version comes first: clients take the first that is no preview.
    return tuple(sorted(text.split(), key=lambda each: (each[:10], "preview" not in each), reverse=True))


LISTED: Mapping[str, tuple[str, ...]] = {
    kind: _newest_first(text)
    for kind, text in {
        "microsoft.authorization": """
            2015-07-01 2017-10-01-preview 2018-01-01-preview 2018-07-01 2018-09-01-preview 2020-03-01-preview
            2020-04-01-preview 2020-08-01-preview 2020-10-01 2020-10-01-preview 2021-01-01-preview
            2021-03-01-preview 2021-07-01-preview 2021-11-16-preview 2021-12-01-preview 2022-04-01
            2022-04-01-preview 2022-05-01-preview 2022-08-01-preview""",
        "microsoft.authorization/locks": "2015-01-01 2015-05-01-preview 2016-09-01 2017-04-01 2020-05-01",
        "microsoft.authorization/policyassignments": """
            2015-10-01-preview 2016-04-01 2016-12-01 2017-06-01-preview 2018-03-01 2018-05-01 2019-01-01
            2019-06-01 2019-09-01 2020-03-01 2020-09-01 2021-06-01 2022-06-01 2023-04-01 2024-04-01 2024-05-01
            2025-01-01 2025-03-01""",
        "microsoft.compute": """
            2015-06-15 2016-03-30 2016-04-30-preview 2017-03-30 2017-12-01 2018-04-01 2018-06-01 2018-10-01
            2019-03-01 2019-07-01 2019-12-01 2020-06-01 2020-12-01 2021-03-01 2021-04-01 2021-07-01 2021-11-01
            2022-03-01 2022-08-01 2022-11-01 2023-03-01 2023-07-01 2023-09-01 2024-03-01 2024-07-01 2024-11-01
            2025-04-01""",
        "microsoft.containerregistry": """
            2016-06-27-preview 2017-03-01 2017-06-01-preview 2017-10-01 2018-02-01-preview 2018-09-01 2019-04-01
            2019-05-01 2019-05-01-preview 2019-06-01-preview 2019-12-01-preview 2020-11-01-preview
            2021-06-01-preview 2021-08-01-preview 2021-09-01 2021-12-01-preview 2022-02-01-preview 2022-12-01
            2023-01-01-preview 2023-06-01-preview 2023-07-01 2023-08-01-preview 2023-11-01-preview
            2024-11-01-preview 2025-03-01-preview 2025-04-01 2025-05-01-preview 2025-11-01
            2026-09-01-preview""",
        "microsoft.containerservice": """
            2017-08-31 2018-03-31 2018-08-01-preview 2019-02-01 2019-04-01 2019-06-01 2019-08-01 2019-10-01
            2019-11-01 2020-01-01 2020-02-01 2020-03-01 2020-04-01 2020-06-01 2020-07-01 2020-09-01 2020-11-01
            2020-12-01 2021-02-01 2021-03-01 2021-05-01 2021-07-01 2021-08-01 2021-09-01 2021-10-01
            2021-11-01-preview 2022-01-01 2022-02-01 2022-03-01 2022-04-01 2022-06-01 2022-07-01 2022-09-01
            2022-11-01 2023-01-01 2023-02-01 2023-03-01 2023-04-01 2023-05-01 2023-06-01 2023-07-01 2023-08-01
            2023-09-01 2023-10-01 2023-11-01 2024-01-01 2024-02-01 2024-05-01 2024-07-01 2024-08-01 2024-09-01
            2024-10-01 2025-01-01 2025-02-01 2025-03-01 2025-04-01 2025-05-01 2025-07-01 2025-08-01 2025-10-01
            2026-08-01""",
        "microsoft.insights/components": "2014-04-01 2015-05-01 2018-05-01-preview 2020-02-02 2020-02-02-preview",
        "microsoft.keyvault": """
            2015-06-01 2016-10-01 2018-02-14 2018-02-14-preview 2019-09-01 2020-04-01-preview 2021-04-01-preview
            2021-06-01-preview 2021-10-01 2021-11-01-preview 2022-02-01-preview 2022-07-01 2022-11-01 2023-02-01
            2023-07-01 2024-04-01-preview 2024-11-01 2024-12-01-preview 2025-05-01 2026-02-01 2026-03-01-preview
            2026-04-01-preview 2026-05-15 2026-06-01-preview""",
        "microsoft.kubernetesconfiguration/extensions": "2023-05-01 2024-11-01",
        "microsoft.machinelearningservices": """
            2018-03-01-preview 2018-11-19 2019-05-01 2019-06-01 2019-11-01 2020-01-01 2020-02-18-preview
            2020-03-01 2020-04-01 2020-05-01-preview 2020-05-15-preview 2020-06-01 2020-08-01 2020-09-01-preview
            2021-01-01 2021-03-01-preview 2021-04-01 2021-07-01 2022-01-01-preview 2022-02-01-preview 2022-05-01
            2022-06-01-preview 2022-10-01 2022-10-01-preview 2022-12-01-preview 2023-02-01-preview 2023-04-01
            2023-04-01-preview 2023-06-01-preview 2023-08-01-preview 2023-10-01 2024-01-01-preview 2024-04-01
            2024-04-01-preview 2024-07-01-preview 2024-10-01 2024-10-01-preview 2025-01-01-preview 2025-04-01
            2025-04-01-preview 2025-06-01 2025-07-01-preview 2025-09-01 2025-10-01-preview 2025-12-01
            2026-01-15-preview 2026-03-01 2026-03-15-preview 2026-05-01""",
        "microsoft.managedidentity": """
            2015-08-31-preview 2018-11-30 2021-09-30-preview 2022-01-31-preview 2023-01-31 2023-07-31-preview
            2024-11-30 2025-01-31-preview 2025-05-31-preview""",
        "microsoft.network": """
            2014-12-01-preview 2015-05-01-preview 2015-06-15 2016-03-30 2016-06-01 2016-07-01 2016-08-01
            2016-09-01 2016-10-01 2016-11-01 2016-12-01 2017-03-01 2017-04-01 2017-06-01 2017-08-01 2017-09-01
            2017-10-01 2017-11-01 2018-01-01 2018-02-01 2018-03-01 2018-04-01 2018-05-01 2018-06-01 2018-07-01
            2018-08-01 2018-10-01 2018-11-01 2018-12-01 2019-02-01 2019-04-01 2019-06-01 2019-07-01 2019-08-01
            2019-09-01 2019-11-01 2019-12-01 2020-01-01 2020-03-01 2020-04-01 2020-05-01 2020-06-01 2020-07-01
            2020-08-01 2020-11-01 2021-01-01 2021-02-01 2021-03-01 2021-04-01 2021-05-01 2021-06-01 2021-08-01
            2021-12-01 2022-01-01 2022-05-01 2022-07-01 2022-09-01 2022-11-01 2023-02-01 2023-04-01 2023-05-01
            2023-06-01 2023-09-01 2023-11-01 2024-01-01 2024-03-01 2024-05-01 2024-07-01 2024-10-01 2025-01-01
            2025-03-01 2025-05-01 2025-07-01 2025-09-01 2026-01-01 2026-03-01""",
        "microsoft.network/privatednszones": "2018-09-01 2020-01-01 2020-06-01 2024-06-01",
        "microsoft.resources": """
            2014-01-01 2014-04-01 2014-04-01-preview 2015-01-01 2015-11-01 2016-02-01 2016-06-01 2016-07-01
            2016-09-01 2017-03-01 2017-05-01 2017-05-10 2017-06-01 2017-08-01 2017-12-01 2018-01-01 2018-02-01
            2018-05-01 2018-06-01 2018-07-01 2018-08-01 2018-09-01 2018-11-01 2019-03-01 2019-05-01 2019-05-10
            2019-06-01 2019-07-01 2019-08-01 2019-09-01 2019-10-01 2019-11-01 2020-01-01 2020-05-01 2020-06-01
            2020-07-01 2020-08-01 2020-09-01 2020-10-01 2021-01-01 2021-04-01 2022-01-01 2022-03-01-preview
            2022-05-01 2022-06-01 2022-09-01 2022-11-01-preview 2022-12-01 2023-03-01-preview 2023-07-01
            2023-07-01-preview 2024-03-01 2024-06-01-preview 2024-07-01 2024-08-01 2024-11-01 2025-03-01
            2025-04-01""",
        "microsoft.storage": """
            2015-05-01-preview 2015-06-15 2016-01-01 2016-05-01 2016-12-01 2017-06-01 2017-10-01 2018-02-01
            2018-03-01-preview 2018-07-01 2018-11-01 2019-04-01 2019-06-01 2020-08-01-preview 2021-01-01
            2021-02-01 2021-04-01 2021-05-01 2021-06-01 2021-08-01 2021-09-01 2022-05-01 2022-09-01 2023-01-01
            2023-04-01 2023-05-01 2024-01-01 2025-01-01 2025-06-01 2025-08-01 2026-04-01 2026-06-01
            2026-09-01""",
    }.items()
}
"""By the longest part of a lower-case type name. A type without a list is taken in any version."""


def of(kind: str) -> tuple[str, ...]:
    """The API versions of a type, newest first; empty where nobody listed them."""
    name = kind.lower()
    while name:
        if name in LISTED:
            return LISTED[name]
        name = name.rpartition("/")[0]
    return ()


def check(kind: str, version: str, *, location: str, regions: Sequence[str]) -> None:
    """Refuse a version that a type does not have, in the words that fit what is known of the request.

    Args:
        kind: full type name, such as `Microsoft.Network/virtualNetworks`.
        version: the request's `api-version`, well formed.
        location: region of the resource, or the one that the body asks for; empty when there is none.
        regions: short names of the regions that the type is offered in.

    Raises:
        ArmError: 400 InvalidApiVersionParameter for what is Resource Manager's own (ansible-collections/azure
            issue 1739), 400 NoRegisteredProviderFound for a resource in a region (Azure/azure-cli issue 28496),
            404 InvalidResourceType for one whose region is not known (Azure/azure-powershell issue 12061).
    """
    known = of(kind)
    if not known or version.lower() in known:
        return
    raise _refusal(kind, version, sorted(known), location=location, regions=regions)


def _refusal(kind: str, version: str, known: Sequence[str], *, location: str, regions: Sequence[str]) -> ArmError:
    namespace, _, name = kind.partition("/")
    if namespace.lower() == CONTAINERS:
        listed = ",".join(reversed(known))
        return gateway(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are '{listed}'.",
        )
    if location:
        return gateway(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{location}' and API version '{version}' for "
            f"type '{name}'. The supported api-versions are '{', '.join(known)}'. The supported locations are "
            f"'{', '.join(regions)}'.",
        )
    return gateway(
        404,
        "InvalidResourceType",
        f"The resource type '{name}' could not be found in the namespace '{namespace}' for api version "
        f"'{version}'. The supported api-versions are '{','.join(known)}'.",
    )

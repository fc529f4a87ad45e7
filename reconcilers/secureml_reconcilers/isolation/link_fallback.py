"""What a linked network is answered for a name of which its zone holds no record (DNS-03, DNS-09).

Without a fall-back that there is no such name: for every service of anybody that has an approved endpoint
anywhere, for its public name leads through the private zone from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel
from secureml_reconcilers.isolation.body_values import text_in
from secureml_reconcilers.isolation.workspace_context import private_link_targets
from secureml_reconcilers.isolation.zone_groups import has_written, zone_group
from secureml_reconcilers.isolation.zones import Zone, link_shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import NetworkPlan, PrivateLinkTarget
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_FALLS_BACK: Final = "NxDomainRedirect"


def policy_of(plan: NetworkPlan) -> dict[str, Any]:
    """What a link of ours says of it. Never that it does not: another resource may have made it fall back.

    Two resources share a link, and would change it to and fro; taking a fall-back away may cut somebody off.
    """
    return {"resolutionPolicy": _FALLS_BACK} if plan.falls_back else {}


def records_first(context: WorkspaceContext, azure: View, zone: Zone) -> Iterator[Block]:
    """Gates of a link that does not fall back: every declared name of the zone has its records by then."""
    if not context.plan.falls_back:
        for target in targets_of_zone(context, azure, zone):
            yield from zone_group(context, azure, target)


def falls_back_unasked(plan: NetworkPlan, azure: View, zone: Zone, network: ResourceId) -> Iterator[Check]:
    """A link of ours falls back, though this resource asks for none: it is left so, and told."""
    if not plan.falls_back and _falls_back(azure, zone):
        yield Check(
            f"the link of {zone.id.name} to {network.name} does not fall back",
            holds=False,
            reason=reasons.LINK_FALLS_BACK,
            message=f"The link of {zone.id.name} to {network.name} answers publicly where the zone holds no"
            " record, though spec.dns.fallback is None: it was made so, or another resource asks for it.",
            advice="Leave it, or change it once no name is missing in the zone (az network private-dns link vnet"
            " update --resolution-policy Default).",
            rules=("DNS-03",),
            about=zone.link,
            level=CheckLevel.ADVISORY,
        )


def falls_back_before_records(
    context: WorkspaceContext, azure: View, zone: Zone, network: ResourceId
) -> Iterator[Check]:
    """A link of others without a fall-back, into a zone that lacks records of ours: said before it hurts."""
    if link_shown(azure, zone.link) is None or _falls_back(azure, zone):
        return
    missing = [
        each for each in targets_of_zone(context, azure, zone) if not has_written(context, azure, each, zone)
    ]
    if missing:
        names = ", ".join(dict.fromkeys(target.resource.name for target in missing))
        yield Check(
            f"the link of {zone.id.name} to {network.name} falls back",
            holds=False,
            reason=reasons.LINK_WITHOUT_FALLBACK,
            message=f"{network.name} is linked to {zone.id.text} by others, without falling back to public names."
            f" The zone holds no record of {names} yet: from the moment in which their endpoints are approved"
            " until the records are written, nobody in the network finds them. So it is with every service of"
            " anybody that has an endpoint and no record there.",
            advice="Have the zone's owner let the link fall back (az network private-dns link vnet update"
            f" --resolution-policy {_FALLS_BACK}).",
            rules=("DNS-03",),
            about=zone.link,
            level=CheckLevel.ADVISORY,
        )


def _falls_back(azure: View, zone: Zone) -> bool:
    policy = text_in(link_shown(azure, zone.link), "properties.resolutionPolicy", "Default")
    return policy.lower() == _FALLS_BACK.lower()


def targets_of_zone(context: WorkspaceContext, azure: View, zone: Zone) -> list[PrivateLinkTarget]:
    """The declared targets whose names live in a zone of this name."""
    return [
        target
        for target in private_link_targets(context, azure)
        if zone.id.name.lower() in (name.lower() for name in context.plan.zone_names(target))
    ]

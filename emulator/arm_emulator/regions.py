"""The regions of the public cloud: what Azure takes for a location, and what it refuses.

Witness: the list in the refusal `LocationNotAvailableForResourceGroup` (cloud-barista/cb-spider issue 527), the
regions opened since, and operation Subscriptions_ListLocations for the shape of an entry.
"""

from __future__ import annotations

from dataclasses import dataclass

WORLDWIDE = "microsoft.network/privatednszones"
"""Zones and what is in them are in no region: their location is `global` (recorded)."""

GLOBAL = "global"

_TABLE = """
australiacentral   | Australia Central   | Australia      | Asia Pacific  | australiacentral2
australiacentral2  | Australia Central 2 | Australia      | Asia Pacific  | australiacentral
australiaeast      | Australia East      | Australia      | Asia Pacific  | australiasoutheast
australiasoutheast | Australia Southeast | Australia      | Asia Pacific  | australiaeast
austriaeast        | Austria East        | Austria        | Europe        |
brazilsouth        | Brazil South        | Brazil         | South America | southcentralus
brazilsoutheast    | Brazil Southeast    | Brazil         | South America | brazilsouth
canadacentral      | Canada Central      | Canada         | Canada        | canadaeast
canadaeast         | Canada East         | Canada         | Canada        | canadacentral
centralindia       | Central India       | India          | Asia Pacific  | southindia
centralus          | Central US          | United States  | US            | eastus2
chilecentral       | Chile Central       | Chile          | South America |
eastasia           | East Asia           | Asia Pacific   | Asia Pacific  | southeastasia
eastus             | East US             | United States  | US            | westus
eastus2            | East US 2           | United States  | US            | centralus
francecentral      | France Central      | France         | Europe        | francesouth
francesouth        | France South        | France         | Europe        | francecentral
germanynorth       | Germany North       | Germany        | Europe        | germanywestcentral
germanywestcentral | Germany West Central | Germany       | Europe        | germanynorth
indonesiacentral   | Indonesia Central   | Indonesia      | Asia Pacific  |
israelcentral      | Israel Central      | Israel         | Middle East   |
italynorth         | Italy North         | Italy          | Europe        |
japaneast          | Japan East          | Japan          | Asia Pacific  | japanwest
japanwest          | Japan West          | Japan          | Asia Pacific  | japaneast
jioindiacentral    | Jio India Central   | India          | Asia Pacific  | jioindiawest
jioindiawest       | Jio India West      | India          | Asia Pacific  | jioindiacentral
koreacentral       | Korea Central       | Korea          | Asia Pacific  | koreasouth
koreasouth         | Korea South         | Korea          | Asia Pacific  | koreacentral
malaysiawest       | Malaysia West       | Malaysia       | Asia Pacific  |
mexicocentral      | Mexico Central      | Mexico         | Mexico        |
newzealandnorth    | New Zealand North   | New Zealand    | Asia Pacific  |
northcentralus     | North Central US    | United States  | US            | southcentralus
northeurope        | North Europe        | Europe         | Europe        | westeurope
norwayeast         | Norway East         | Norway         | Europe        | norwaywest
norwaywest         | Norway West         | Norway         | Europe        | norwayeast
polandcentral      | Poland Central      | Poland         | Europe        |
qatarcentral       | Qatar Central       | Qatar          | Middle East   |
southafricanorth   | South Africa North  | South Africa   | Africa        | southafricawest
southafricawest    | South Africa West   | South Africa   | Africa        | southafricanorth
southcentralus     | South Central US    | United States  | US            | northcentralus
southeastasia      | Southeast Asia      | Asia Pacific   | Asia Pacific  | eastasia
southindia         | South India         | India          | Asia Pacific  | centralindia
spaincentral       | Spain Central       | Spain          | Europe        |
swedencentral      | Sweden Central      | Sweden         | Europe        | swedensouth
swedensouth        | Sweden South        | Sweden         | Europe        | swedencentral
switzerlandnorth   | Switzerland North   | Switzerland    | Europe        | switzerlandwest
switzerlandwest    | Switzerland West    | Switzerland    | Europe        | switzerlandnorth
uaecentral         | UAE Central         | UAE            | Middle East   | uaenorth
uaenorth           | UAE North           | UAE            | Middle East   | uaecentral
uksouth            | UK South            | United Kingdom | Europe        | ukwest
ukwest             | UK West             | United Kingdom | Europe        | uksouth
westcentralus      | West Central US     | United States  | US            | westus2
westeurope         | West Europe         | Europe         | Europe        | northeurope
westindia          | West India          | India          | Asia Pacific  | southindia
westus             | West US             | United States  | US            | eastus
westus2            | West US 2           | United States  | US            | westcentralus
westus3            | West US 3           | United States  | US            | eastus
"""


@dataclass(frozen=True, slots=True)
class Region:
    """One region.

    Attributes:
        name: short form, as documents and ids carry it.
        title: what people read.
        geography: where data stay.
        group: the part of the world it is listed under.
        pair: short form of its partner; empty where it has none.
    """

    name: str
    title: str
    geography: str
    group: str
    pair: str


REGIONS = tuple(Region(*(cell.strip() for cell in row.split("|"))) for row in _TABLE.strip().splitlines())
NAMES = tuple(each.name for each in REGIONS)


def normal(location: object) -> str:
    """A region in its short form: `West Europe` is `westeurope`; empty for anything but a text."""
    return location.replace(" ", "").lower() if isinstance(location, str) else ""


def available(kind: str, *, known: bool) -> tuple[str, ...]:
    """Where resources of a type can be made.

    Args:
        kind: full type name.
        known: whether its module says that it is regional; of a type without a module nobody knows
            whether it is worldwide, so `global` is taken too.
    """
    if kind.lower().startswith(WORLDWIDE):
        return (GLOBAL,)
    return NAMES if known else (*NAMES, GLOBAL)

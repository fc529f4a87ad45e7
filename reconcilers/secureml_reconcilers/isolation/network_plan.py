"""Where private endpoints and private names live, whatever kind of custom resource asks for them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.isolation.services import GROUPS

if TYPE_CHECKING:
    from secureml_reconcilers.api.secure_workspace import DNS, Endpoints, Network
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.clouds import Cloud

_NAME_LIMIT: Final = 64
"""Private endpoint names stay within 64 characters (reference-data.md section 10)."""

_PLAIN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
"""Names of tags that private DNS takes: no blank, no digit first, nothing special (Azure's page on tags)."""


@dataclass(frozen=True, slots=True)
class PrivateLinkTarget:
    """One sub-resource of one service: what a private endpoint leads to."""

    resource: ResourceId
    """The service, such as a storage account."""

    group: str
    """The private link group, such as `amlworkspace` or `blob`."""

    @property
    def addresses(self) -> int:
        """Private addresses that its endpoint takes from the subnet."""
        return GROUPS[self.group].addresses

    @property
    def rule(self) -> str:
        """The rule that asks for its endpoint."""
        return GROUPS[self.group].rule


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """Networks, subnet and DNS of one custom resource: ids parsed once, and names of what we make."""

    endpoint_subnet: ResourceId
    """Where private endpoints get their addresses."""

    client_networks: tuple[ResourceId, ...]
    """Further networks that must resolve the private names, each once whatever its casing (DNS-03)."""

    endpoint_resource_group: ResourceId
    """Where private endpoints are made."""

    zone_resource_group: ResourceId
    """Where private DNS zones are looked for, and made."""

    zone_group_named: bool
    """The spec names that group; otherwise it is the network's own."""

    named_zones: tuple[ResourceId, ...]
    """Zones that the spec names one by one; they may be anywhere."""

    dns_mode: Literal["Managed", "Existing", "None"]
    """Who makes zones: the operator, somebody else, or nobody in Azure."""

    server_networks: tuple[ResourceId, ...]
    """Networks in which DNS servers live that the others ask; they are linked in place of those (DNS-07)."""

    falls_back: bool
    """Links that we make answer publicly where a zone holds no record."""

    cloud: Cloud
    owner: str
    """The custom resource, as `cluster/namespace/name`: left as a tag on the endpoints that it uses."""

    made: frozenset[str] = frozenset()
    """Keys of what was made for it, as its status lists them: a tag may be lost."""

    adopts: bool = False
    """What has the name of ours without our tag is taken over."""

    manual_approval: bool = False
    """Whoever keeps a service approves its connection, and the operator does not try."""

    request_message: str = ""
    """What an approver is told."""

    name_prefix: str = ""
    """What the names of endpoints begin with that are made from now on."""

    listed_endpoints: tuple[ResourceId, ...] = ()
    """Endpoints that the status lists: made for it or used by it, under whatever name the spec gave them then."""

    tags: tuple[tuple[str, str], ...] = ()
    """Names and values that the spec gives to what we make."""

    earlier_tags: frozenset[tuple[str, str]] = frozenset()
    """See `Remembered.tags`."""

    @classmethod
    def of(cls, network: Network, endpoints: Endpoints, dns: DNS, cloud: Cloud, owner: str) -> NetworkPlan:
        """The plan that these sections of a spec imply."""
        subnet = resource_id(network.endpoint_subnet_id)
        own = _network_of(subnet)
        clients = dict.fromkeys(resource_id(text) for text in network.client_network_ids)
        return cls(
            subnet,
            tuple(client for client in clients if client != own),
            resource_id(endpoints.resource_group_id or own.group.text),
            resource_id(dns.zone_resource_group_id or own.group.text),
            dns.zone_resource_group_id is not None,
            tuple(resource_id(text) for text in dns.zone_ids),
            dns.mode,
            tuple(dict.fromkeys(resource_id(text) for text in dns.server_network_ids)),
            dns.fallback == "PublicDNS",
            cloud,
            owner,
            manual_approval=endpoints.connection == "Manual",
            request_message=endpoints.request_message or "",
            name_prefix=endpoints.name_prefix or "",
        )

    @property
    def network(self) -> ResourceId:
        """The virtual network of the endpoint subnet."""
        return _network_of(self.endpoint_subnet)

    @property
    def networks(self) -> tuple[ResourceId, ...]:
        """Every network that must resolve the private names, the endpoints' own first."""
        return (self.network, *self.client_networks)

    @property
    def linkable(self) -> tuple[ResourceId, ...]:
        """Every network that may be linked to a zone for this resource, each once."""
        return tuple(dict.fromkeys((*self.networks, *self.server_networks)))

    def endpoint(self, target: PrivateLinkTarget) -> ResourceId:
        """The id of the endpoint that we would make for a target.

        The name is the same on every pass and after every crash, and says what it is for. The hash keeps
        two services of one name apart, and two networks; not two subnets of one network, for whoever comes
        first serves the whole network, and a second endpoint would fight with it over one record.
        """
        prefix, suffix = self.name_prefix, self._suffix(target)
        name = prefix + target.resource.name[: _NAME_LIMIT - len(prefix) - len(suffix)] + suffix
        return self.endpoint_resource_group.resource("Microsoft.Network/privateEndpoints", name)

    def is_named_for(self, target: PrivateLinkTarget, name: str) -> bool:
        """Whether a name is one that we give the endpoint of a target, with whatever prefix."""
        return name.lower().endswith(self._suffix(target))

    def _suffix(self, target: PrivateLinkTarget) -> str:
        return f"-{target.group}-{_digest(target.resource.key + self.network.key)}"

    def tags_for(self, kind: str) -> tuple[tuple[str, str], ...]:
        """The tags of the spec that a resource of this type can carry: zones and links take plain names only."""
        plain = kind.startswith("microsoft.network/privatednszones")
        return tuple(each for each in self.tags if not plain or _PLAIN_NAME.fullmatch(each[0]))

    def given(self, kind: str) -> dict[str, Any]:
        """The part of a new resource's body that gives it the tags of the spec."""
        tags = dict(self.tags_for(kind))
        return {"tags": tags} if tags else {}

    def named_zone(self, name: str) -> ResourceId | None:
        """The zone of a name that the spec names itself."""
        return next((zone for zone in self.named_zones if zone.name.lower() == name.lower()), None)

    def zone(self, name: str) -> ResourceId:
        """The id of the private DNS zone that we would use or make for a name."""
        return self.named_zone(name) or self.zone_resource_group.resource(
            "Microsoft.Network/privateDnsZones", name
        )

    def link(self, zone: ResourceId, network: ResourceId) -> ResourceId:
        """The id of the link that we would make between a zone and a network."""
        return zone.child("virtualNetworkLinks", self.label(network))

    def label(self, network: ResourceId) -> str:
        """A short name that tells a network from others of its name."""
        return f"{network.name}-{_digest(network.key)}"

    def zone_names(self, target: PrivateLinkTarget) -> tuple[str, ...]:
        """The names of the zones in which the names of a target live (DNS-02)."""
        return self.cloud.zones[target.group]


def _network_of(subnet: ResourceId) -> ResourceId:
    parent = subnet.parent
    assert parent is not None  # noqa: S101 - the model admits subnet ids only
    return parent


@lru_cache(maxsize=65536)
def _digest(text: str) -> str:
    """Six characters that keep names apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]

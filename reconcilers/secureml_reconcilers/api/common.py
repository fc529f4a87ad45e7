"""Field types and settings that more than one kind uses."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Annotated, Literal

from pydantic import Field

from secureml_reconcilers.api.fields import Checked
from secureml_reconcilers.api.model import ApiModel
from secureml_reconcilers.api.rules import Rule

GROUP = "secureml.dev"
VERSION = "v1alpha1"
CATEGORY = "secureml"

Access = Literal["PrivateEndpoint", "ServiceEndpoint"]
PrivateLinkGroup = Literal["amlworkspace", "vault", "registry", "blob", "file", "queue", "table", "dfs", "web"]
StorageSubResource = Literal["blob", "file", "queue", "table", "dfs", "web"]

_LONGEST_PREFIX = 30
"""Azure's storage firewall refuses /31 and /32 and wants single addresses instead (ST-IP-01)."""

_NOT_PUBLIC = ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""Ranges that never arrive at an Azure firewall as a source; its services answer 400 to them."""


def _range(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text) if "/" in text else IPv4Network(IPv4Address(text))
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


def is_ipv4(text: str) -> bool:
    """Tell whether `text` is one IPv4 address."""
    return "/" not in text and _range(text) is not None


def is_ipv4_range(text: str, *, tag: str = "(?!)") -> bool:
    """Tell whether `text` is an IPv4 address or range, or matches the pattern `tag`."""
    return _range(text) is not None or re.fullmatch(tag, text) is not None


def _well_formed(text: str) -> bool:
    found = _range(text)
    return found is not None and ("/" not in text or found.prefixlen <= _LONGEST_PREFIX)


def _public(text: str) -> bool:
    found = _range(text)
    return found is None or not any(found.overlaps(IPv4Network(private)) for private in _NOT_PUBLIC)


_CEL_WELL_FORMED = (
    "self.contains('/')"
    " ? isCIDR(self) && cidr(self).ip().family() == 4"
    f" && cidr(self).prefixLength() <= {_LONGEST_PREFIX} && cidr(self) == cidr(self).masked()"
    " : isIP(self) && ip(self).family() == 4"
)
_CEL_PUBLIC = (
    "!(self.contains('/') ? isCIDR(self) : isIP(self)) || "
    f"[{', '.join(repr(private) for private in _NOT_PUBLIC)}].all(p, self.contains('/')"
    " ? !cidr(p).containsCIDR(cidr(self)) && !cidr(self).containsCIDR(cidr(p))"
    " : !cidr(p).containsIP(ip(self)))"
)

PublicIPRange = Annotated[
    str,
    Checked(
        max_length=18,
        rules=(
            Rule(
                _CEL_WELL_FORMED,
                "must be an IPv4 address such as 203.0.113.7, or a range such as 203.0.113.0/24 that begins"
                " with its first address and is no smaller than /30: Azure refuses /31 and /32, so write"
                " single addresses without a prefix (ST-IP-01)",
                holds=_well_formed,
            ),
            Rule(
                _CEL_PUBLIC,
                f"must be public, and a range may not reach into {', '.join(_NOT_PUBLIC[:-1])} or"
                f" {_NOT_PUBLIC[-1]}: an Azure firewall sees public source addresses only; let private networks"
                " in through a private endpoint or through allowedSubnetIDs (ST-IP-01)",
                holds=_public,
            ),
        ),
    ),
]


def name(max_length: int, pattern: str, message: str) -> Checked:
    """Build the check of a name: `pattern` must match all of it."""
    whole = re.compile(pattern, re.ASCII)
    return Checked(
        max_length,
        (Rule(f"self.matches(r'^{pattern}$')", message, holds=lambda text: whole.fullmatch(text) is not None),),
    )


COMPUTE_NAME_PATTERN = "[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]"
COMPUTE_NAME_MESSAGE = (
    "must be the name of an Azure ML compute: 3 to 24 letters, digits or hyphens, starting with a letter and"
    " ending with a letter or digit (CMP-NAME-01)"
)
ComputeName = Annotated[str, name(24, COMPUTE_NAME_PATTERN, COMPUTE_NAME_MESSAGE)]

ObjectName = Annotated[
    str,
    name(
        253,
        "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?",
        "must be the name of a Kubernetes object: lower-case letters, digits, hyphens and dots",
    ),
]


DNSName = Annotated[
    str,
    name(
        253, r"(\*\.)?[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)+", "must be a full DNS name, as status.dnsRecords shows it"
    ),
]
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
PrivateAddress = Annotated[
    str, name(15, rf"{_OCTET}([.]{_OCTET}){{3}}", "must be an IPv4 address such as 10.1.0.4")
]
NamePrefix = Annotated[
    str,
    name(
        24,
        "[a-zA-Z0-9][a-zA-Z0-9_.-]*",
        "must begin with a letter or digit and go on with letters, digits, hyphens, dots or underscores: names of"
        " private endpoints are made of these",
    ),
]
MemberName = Annotated[
    str, name(64, "[a-z0-9_]+", "must be the name of a member of a private link group, such as default or blob")
]
RequestMessage = Annotated[
    str, name(140, r"[^\n\r\t]+", "must be one line of text: whoever approves a connection reads it")
]
VMSize = Annotated[
    str,
    name(
        64,
        "[a-zA-Z0-9]+(_[a-zA-Z0-9]+)*",
        "must be the name of a VM size such as STANDARD_DS3_V2; see `az ml compute list-sizes`",
    ),
]
Region = Annotated[
    str, name(64, "[a-z0-9]+", "must be a region's short name, lower case without blanks, such as westeurope")
]
RuleName = Annotated[
    str,
    name(80, "[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,78}[a-zA-Z0-9_])?", "must be the name of a network security rule"),
]
ForeignRules = Literal["Report", "Remove"]
FirstPriority = Annotated[int, Field(strict=True, ge=100, le=3900)]


class SecretReference(ApiModel):
    """Names a Secret in the same namespace."""

    name: ObjectName
    """Name of the Secret in this namespace."""


class WorkspaceReference(ApiModel):
    """Names a SecureWorkspace in the same namespace."""

    name: ObjectName
    """Name of the SecureWorkspace (metadata.name) in this namespace."""


class ManagedSpec(ApiModel):
    """What every kind lets its author decide about the operator's behaviour."""

    mode: Literal["Enforce", "Observe"] = "Enforce"
    """Enforce (default) writes to Azure. Observe writes nothing: what would be done stands in status.plan."""

    deletion_policy: Literal["Retain", "Delete"] = "Retain"
    """What happens in Azure when this object is deleted. Retain (default) leaves everything as it is, its tags
    on endpoints included, so that a later deletion of another object removes nothing that this one used.
    Delete removes only what the operator created (status.inventory). Neither opens public access again."""

    adoption: Literal["Refuse", "Adopt"] = "Refuse"
    """What to do with a resource that exists under the name the operator would use but does not carry its
    mark. Refuse (default) touches nothing and reports it. Adopt repairs it like one of its own, but never
    deletes it: it stays out of status.inventory."""

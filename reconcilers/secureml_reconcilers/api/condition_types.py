"""Every type of condition: true when, who acts while it is not, what to do. A leaf, and part of the API."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NewType

ConditionType = NewType("ConditionType", str)
"""One CamelCase word. Only this module makes one, so mypy refuses any other text."""


class Group(Enum):
    """Which resources have a condition; the value is the heading of its table on the page."""

    SUMMARY = "Conditions of every resource"
    ASPECT = "Aspects of a SecureWorkspace"
    REMOVAL = "While something is removed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One type of condition, for people."""

    type: ConditionType
    group: Group
    when: str
    """True when: a whole sentence."""

    do: str
    """Who does what while it is False; of Reconciling and Stalled, while it is True."""


CONDITION_TYPES: Final[dict[ConditionType, Entry]] = {}
"""Every type, in the order in which a status shows them."""

_BY_REASON: Final = "Whoever the reason names acts, as the message says."


def _entered(word: str, group: Group, when: str, do: str = _BY_REASON) -> ConditionType:
    kind = ConditionType(word)
    if kind in CONDITION_TYPES:
        raise ValueError(f"the condition type {word} has two entries")
    CONDITION_TYPES[kind] = Entry(kind, group, when, do)
    return kind


READY: Final = _entered(
    "Ready",
    Group.SUMMARY,
    "Every aspect is met. Unknown while nothing worse is known than that something cannot be told just now, and"
    " while paused before this spec was looked at.",
    "The reason is that of the first aspect that somebody must help; whoever it names acts.",
)
RECONCILING: Final = _entered(
    "Reconciling",
    Group.SUMMARY,
    "The operator works, or waits for something that can pass by itself (kstatus: in progress).",
    "Nobody, as long as the reason of Ready names nobody.",
)
STALLED: Final = _entered(
    "Stalled",
    Group.SUMMARY,
    "Nothing is under way, and only a change of the custom resource helps (kstatus: failed; Flux and Helm stop"
    " waiting).",
    "The author of the resource corrects it as the message says.",
)
IN_SYNC: Final = _entered(
    "InSync",
    Group.SUMMARY,
    "No drift is outstanding. False until the first convergence is done, too; Unknown when it could not be told"
    " this time, and while paused.",
    "Nobody, for drift is repaired; in mode Observe the author decides.",
)
PERMITTED: Final = _entered(
    "Permitted",
    Group.SUMMARY,
    "Azure has refused the operator no right. Unknown without a valid sign-in.",
    "The Azure administrator grants the action that the message names.",
)

WORKSPACE_FOUND: Final = _entered("WorkspaceFound", Group.ASPECT, "The workspace exists and is provisioned.")
PRIVATE_LINK_READY: Final = _entered(
    "PrivateLinkReady", Group.ASPECT, "Every service has an approved private endpoint in the declared network."
)
NAMES_RESOLVED: Final = _entered(
    "NamesResolved", Group.ASPECT, "In every declared network the names of all services lead to private addresses."
)
KEY_VAULT_ISOLATED: Final = _entered(
    "KeyVaultIsolated", Group.ASPECT, "The key vault answers only where the spec lets it."
)
STORAGE_ISOLATED: Final = _entered(
    "StorageIsolated", Group.ASPECT, "Every storage account answers only where the spec lets it."
)
REGISTRY_ISOLATED: Final = _entered(
    "RegistryIsolated",
    Group.ASPECT,
    "The container registry, if there is one, answers only where the spec lets it.",
)
STUDIO_USABLE: Final = _entered(
    "StudioUsable",
    Group.ASPECT,
    "The workspace's identity holds the roles with which studio reads data. Only set with `spec.studio.enabled`.",
)
WORKSPACE_CONFIGURED: Final = _entered(
    "WorkspaceConfigured",
    Group.ASPECT,
    "The workspace's own settings are as the spec says: `spec.workspaceSettings`, `spec.storage.datastoreAuth`."
    " Only set where it speaks of any.",
)
PUBLIC_ACCESS_RESTRICTED: Final = _entered(
    "PublicAccessRestricted",
    Group.ASPECT,
    "The workspace refuses whom neither the network nor `spec.publicAccess.allowedIPRanges` lets in. Only set with"
    " such ranges.",
)
PUBLIC_ACCESS_CLOSED: Final = _entered(
    "PublicAccessClosed",
    Group.ASPECT,
    "The workspace answers inside the network only. Not set where the spec wants it open.",
)
LEFTOVERS_REMOVED: Final = _entered(
    "LeftoversRemoved",
    Group.ASPECT,
    "Nothing is left of what the spec no longer asks for, but what `status.findings` names.",
)

PRIVATE_ENDPOINTS_REMOVED: Final = _entered(
    "PrivateEndpointsRemoved",
    Group.REMOVAL,
    "The private endpoints and role assignments that the operator made are gone.",
)
DNS_REMOVED: Final = _entered(
    "DNSRemoved", Group.REMOVAL, "Zones and links that the operator made and that nobody else uses are gone."
)
ENTRIES_REMOVED: Final = _entered(
    "EntriesRemoved",
    Group.REMOVAL,
    "No list of others' resources (a firewall's, say) holds an entry of ours that the spec does not ask for.",
)
OPERATIONS_ENDED: Final = _entered(
    "OperationsEnded",
    Group.REMOVAL,
    "Azure works on nothing that was made for the resource.",
    "Nobody: it is waited for.",
)
INVENTORY_RECOVERED: Final = _entered(
    "InventoryRecovered",
    Group.REMOVAL,
    "All that could have been made for a resource whose status was lost has been looked for. Nothing is released"
    " before.",
)

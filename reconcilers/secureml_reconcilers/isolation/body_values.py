"""Values out of the bodies that Azure shows, which may lack anything and hold anything.

A property that is left out or null is what the service takes for its default. One of another kind than the service
documents is no default: where it matters, `UnexpectedAnswer` says which property of which resource it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.values import get_path

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View

_QUOTED = 80
"""Characters of an unexpected value that a message quotes."""


def parsed_id(value: object) -> ResourceId | None:
    """An ARM id where somebody else may have written anything; None for what is none.

    A private link service of another company, say, is named by an alias.
    """
    if not isinstance(value, str):
        return None
    try:
        return resource_id(value)
    except ValueError:
        return None


def id_in(body: Body | None, path: str, kind: str = "") -> ResourceId | None:
    """The ARM id at a path; None where the body names nothing there.

    Args:
        body: what Azure shows; None for what does not exist.
        path: a dotted path, such as `properties.keyVault`.
        kind: the only type that is expected there, in lower case; empty for any.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when something stands there that is no id of that type.
    """
    value = get_path(body, path)
    if value is None or value == "":
        return None
    found = parsed_id(value)
    if found is None or (kind and found.type != kind):
        raise unexpected(body, path, value)
    return found


def list_in(body: Body | None, path: str) -> list[Any]:
    """The list at a path, whatever its entries are; empty where the body shows none.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when something else than a list stands there.
    """
    value = get_path(body, path)
    if value is None:
        return []
    if not isinstance(value, list):
        raise unexpected(body, path, value)
    return value


def objects_in(body: Body | None, path: str) -> list[Body]:
    """The objects in the list at a path; an entry that is none is nobody's.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when something else than a list stands there.
    """
    return [entry for entry in list_in(body, path) if isinstance(entry, dict)]


def texts_in(body: Body | None, path: str) -> list[str]:
    """The texts in the list at a path.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when no list stands there, or one with something else in it.
    """
    entries = list_in(body, path)
    if not all(isinstance(entry, str) for entry in entries):
        raise unexpected(body, path, entries)
    return entries


def text_in(body: Body | None, path: str, default: str = "") -> str:
    """The text at a path, or the service's default where it shows none.

    What is no text comes back as it would be printed: it equals no value that the service documents.
    """
    value = get_path(body, path)
    return default if value is None or value == "" else str(value)


def region_in(body: Body | None) -> str:
    """The region of a resource, as ids have it: Azure shows `West Europe` and `westeurope`. Empty without one."""
    return text_in(body, "location").replace(" ", "").lower()


def count_in(body: Body | None, path: str) -> int | None:
    """The whole number at a path; None where there is none."""
    value = get_path(body, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_settled(azure: View, target: ResourceId) -> bool:
    """Whether it exists, and no operation runs on it or failed; what cannot be understood is not settled.

    Raises:
        Unread: when it has not been asked yet.
    """
    answer = azure.answer(target)
    if not isinstance(answer, Present) or not isinstance(answer.body.get("properties") or {}, dict):
        return False
    return azure.settled(target)


def state_of(body: Body) -> str:
    """The provisioning state in lower case; `succeeded` where the service shows none (ARM contract)."""
    return text_in(body, "properties.provisioningState", "Succeeded").lower()


def unexpected(body: Body | None, path: str, value: object) -> AzureProblem:
    """The problem of a property that holds something that the service does not document."""
    shown = repr(value)
    shown = shown if len(shown) <= _QUOTED else f"{shown[:_QUOTED]}…"
    where = parsed_id((body or {}).get("id"))
    return AzureProblem(
        reasons.UNEXPECTED_ANSWER,
        f"Azure shows {path} of {where.short if where else 'a resource'} as {shown}, which the operator does not"
        " understand.",
        "Look at the resource in Azure. If it is in order there, report this as a bug of the operator.",
        Retry.SLOW,
        Severity.AZURE_ADMIN,
        target=where,
    )


def endpoints_listed(network: Body | None) -> list[ResourceId]:
    """Every private endpoint that a network's subnets list, whoever may read it."""
    subnets = objects_in(network, "properties.subnets")
    listed = (each for subnet in subnets for each in objects_in(subnet, "properties.privateEndpoints"))
    return [found for each in listed if (found := parsed_id(each.get("id"))) is not None]

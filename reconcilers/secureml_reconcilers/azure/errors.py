"""From an HTTP answer to an `AzureProblem`: one table, a reason and a remedy beside each code.

The retry class of each code follows the catalogue in wire-examples.md section 14.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.azure.resource_id import ResourceId


@dataclass(frozen=True, slots=True)
class Row:
    """What one ARM error code means for us."""

    reason: Reason
    retry: Retry
    severity: Severity
    advice: str


_T, _S, _P = Retry.SOON, Retry.SLOW, Retry.NEVER
_NOBODY, _ADMIN, _USER = Severity.NOBODY, Severity.AZURE_ADMIN, Severity.USER

_BUSY = Row(reasons.AZURE_BUSY, _T, _NOBODY, "It is tried again by itself.")
_NOT_READY = Row(reasons.DEPENDENCY_NOT_READY, _T, _NOBODY, "It is tried again by itself when the other is ready.")
_NOT_FOUND = Row(reasons.NOT_FOUND, _S, _ADMIN, "Create it, or correct the id in the spec.")
_FORBIDDEN = Row(
    reasons.FORBIDDEN,
    _S,
    _ADMIN,
    "Grant the operator's identity this action; docs/azure-role.json and the files beside it list what it needs.",
)
_REGISTER = Row(
    reasons.PROVIDER_NOT_REGISTERED,
    _S,
    _ADMIN,
    "Register the resource provider in the subscription (az provider register --namespace …).",
)
_QUOTA = Row(reasons.QUOTA_EXCEEDED, _S, _ADMIN, "Raise the quota or free what is not used.")
_SPEC = Row(reasons.INVALID_REQUEST, _P, _USER, "Correct the spec as the message says.")
_MAYBE_SPEC = Row(reasons.REQUEST_REFUSED, _S, _USER, "Read Azure's message: it decides what to change.")
_IN_USE = Row(reasons.IN_USE, _S, _ADMIN, "Remove what still uses it.")

TABLE: Mapping[str, Row] = {
    # transient: parallel work, eventual consistency, outages
    "AnotherOperationInProgress": _BUSY,
    "RetryableError": _BUSY,
    "RetryableErrorDueToAnotherOperation": _BUSY,
    "Conflict": _BUSY,
    "ConflictingConcurrentWriteNotAllowed": _BUSY,
    "InternalServerError": _BUSY,
    "ServiceUnavailable": _BUSY,
    "GatewayTimeout": _BUSY,
    "FailedIdentityOperation": _BUSY,
    "NotLatestOperation": _BUSY,
    "OperationCancelled": _BUSY,
    "StorageAccountOperationInProgress": _BUSY,
    "CannotDeleteResource": Row(
        reasons.HAS_CHILDREN, _T, _NOBODY, "It goes on by itself: its children are deleted first."
    ),
    "PreconditionFailed": Row(
        reasons.PRECONDITION_FAILED, _T, _NOBODY, "It goes on by itself: it is read again and merged."
    ),
    "ReferencedResourceNotProvisioned": _NOT_READY,
    "InvalidResourceReference": Row(
        reasons.NOT_FOUND,
        _S,
        _ADMIN,
        "Create what the message names, or correct the field of the spec that names it; what has just been made is"
        " found when it is tried again.",
    ),
    "StorageAccountIsNotProvisioned": _NOT_READY,
    "PrincipalNotFound": _NOT_READY,
    "NetcfgSubnetRangeOutsideVnet": _NOT_READY,
    "PrivateEndpointAlreadyExists": Row(
        reasons.NAME_RESERVED,
        _S,
        _NOBODY,
        "It is tried again by itself: Azure frees the name within about 20 minutes (OPS-05).",
    ),
    # what is named does not exist
    "ParentResourceNotFound": _NOT_FOUND,
    "ResourceNotFound": _NOT_FOUND,
    "NotFound": _NOT_FOUND,
    "ResourceGroupNotFound": _NOT_FOUND,
    "SubscriptionNotFound": Row(
        reasons.NOT_FOUND,
        _S,
        _ADMIN,
        "Let the operator's identity see it (a role in it, and the right tenant), or name a resource of another"
        " subscription; where that field is fixed, make a new resource.",
    ),
    "RoleDefinitionDoesNotExist": _NOT_FOUND,
    # throttling
    "SubscriptionRequestsThrottled": Row(reasons.THROTTLED, _T, _NOBODY, "It goes on by itself when Azure said."),
    "TooManyRequests": Row(reasons.THROTTLED, _T, _NOBODY, "It goes on by itself when Azure said."),
    "429": Row(reasons.THROTTLED, _T, _NOBODY, "It goes on by itself when Azure said."),
    # somebody with rights in Azure must act
    "AuthorizationFailed": _FORBIDDEN,
    "LinkedAuthorizationFailed": _FORBIDDEN,
    "InvalidAuthenticationToken": Row(
        reasons.AUTHENTICATION_FAILED, _T, _ADMIN, "Check the operator's credential and its clock."
    ),
    "ExpiredAuthenticationToken": Row(
        reasons.AUTHENTICATION_FAILED, _T, _ADMIN, "Check the operator's credential and its clock."
    ),
    # Seen in many issues (Azure/azure-sdk-for-net 49391); not recorded, so the status 401 is taken from there.
    "InvalidAuthenticationTokenTenant": Row(
        reasons.WRONG_TENANT,
        _S,
        _ADMIN,
        "Sign the operator in to the tenant of this subscription, or name resources of its own tenant.",
    ),
    "RequestDisallowedByPolicy": Row(
        reasons.DENIED_BY_POLICY,
        _S,
        _ADMIN,
        "Where it asks for tags, name them in spec.tags; else exempt this resource from the policy assignment, or"
        " change the policy (OPS-02).",
    ),
    "ScopeLocked": Row(reasons.LOCKED, _S, _ADMIN, "Remove the lock; the operator goes on by itself (OPS-01)."),
    "MissingSubscriptionRegistration": _REGISTER,
    "NoRegisteredProviderFound": _REGISTER,
    "SubscriptionNotRegistered": _REGISTER,
    "InvalidSubscriptionRegistrationState": _REGISTER,
    "MissingRegistrationForLocation": _REGISTER,
    "SkuNotAvailable": _QUOTA,
    "RegionIsOfferRestricted": _QUOTA,
    "ResourceQuotaExceeded": _QUOTA,
    "OperationNotAllowed": _QUOTA,
    "AllocationFailed": _QUOTA,
    "PublicIPCountLimitReached": _QUOTA,
    "InUseSubnetCannotBeDeleted": _IN_USE,
    "PublicIPAddressCannotBeDeleted": _IN_USE,
    "SubnetIsFull": Row(
        reasons.SUBNET_FULL,
        _S,
        _USER,
        "Widen the subnet (az network vnet subnet update --address-prefixes), or create another resource that"
        " names another subnet.",
    ),
    "NetworkAclsValidationFailure": Row(
        reasons.SERVICE_ENDPOINT_MISSING,
        _S,
        _ADMIN,
        "The account has a rule for a subnet that lost its service endpoint, and Azure refuses to see it repeated."
        " Remove it, for it lets nobody in (az storage account network-rule remove --account-name <account>"
        " --subnet <subnet id>); where the subnet shall pass, enable the service endpoint on it (ST-SE-01).",
    ),
    "VirtualNetworkNotValid": Row(
        reasons.SERVICE_ENDPOINT_MISSING,
        _S,
        _ADMIN,
        "The vault has a rule for a subnet that lost its service endpoint, and Azure refuses to see it repeated."
        " Remove it, for it lets nobody in (az keyvault network-rule remove --name <vault> --subnet <subnet id>);"
        " where the subnet shall pass, enable the service endpoint on it (KV-NET-01).",
    ),
    # only another spec helps
    "NetcfgInvalidSubnet": _SPEC,
    "NetcfgSubnetRangesOverlap": _SPEC,
    "PropertyChangeNotAllowed": _SPEC,
    "InvalidRequestContent": _SPEC,
    "InvalidTemplate": _SPEC,
    "LocationRequired": _SPEC,
    "InvalidResourceType": _SPEC,
    "AccountNameInvalid": _SPEC,
    "InvalidPrincipalId": _SPEC,
    "LocationNotAvailableForResourceGroup": _SPEC,
    "PrivateIPAddressInReservedRange": _SPEC,
    "PrivateIPAddressNotInSubnet": _SPEC,
    "GroupIdInvalid": _SPEC,
    "InvalidPrivateLinkServiceId": _SPEC,
    "PrivateEndpointCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled": Row(
        reasons.SUBNET_NETWORK_POLICIES_ENABLED,
        _P,
        _USER,
        "Set spec.endpoints.subnetNetworkPolicies to Disable, or switch the subnet's policies off yourself (az"
        " network vnet subnet update --private-endpoint-network-policies Disabled): security groups and routes"
        " then no longer apply to endpoints in it (WS-PE-02).",
    ),
    "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated": Row(
        reasons.SUBNET_DELEGATED,
        _P,
        _USER,
        "Take the delegation off (az network vnet subnet update --remove delegations), or create another resource"
        " that names another subnet (ACI-CONF-01).",
    ),
    # the message decides
    "InvalidParameter": _MAYBE_SPEC,
    "InvalidParameterValue": _MAYBE_SPEC,
    "BadRequest": _MAYBE_SPEC,
    "BadRequestFormat": _MAYBE_SPEC,
    "MethodNotAllowed": _MAYBE_SPEC,
    "ReservedResourceName": _MAYBE_SPEC,
    "InvalidResourceGroupLocation": _MAYBE_SPEC,
}
"""By code. Locks, policies and names that rest are told to whoever can do something about them, and the write is
repeated slowly (OPS-01, OPS-02, OPS-05)."""

_BY_STATUS: Mapping[int, Row] = {
    # a failed operation: its result has no status of its own
    0: Row(
        reasons.OPERATION_FAILED,
        _T,
        _ADMIN,
        "It is repeated by itself; where it fails again, Azure's message says what stands in its way.",
    ),
    400: _MAYBE_SPEC,
    401: TABLE["InvalidAuthenticationToken"],
    403: _FORBIDDEN,
    404: _NOT_FOUND,
    408: _BUSY,
    409: _BUSY,
    412: TABLE["PreconditionFailed"],
    429: TABLE["TooManyRequests"],
}

_MISSING = re.compile(
    r"does not have (?:permission|authorization) to perform (?:the )?actions?(?:\(s\))? '(?P<action>[^']+)'"
    r"(?: (?:on|over) (?:the )?(?:linked )?scopes?(?:\(s\))? '(?P<scope>[^']+)')?"
)
"""What Azure says is missing. A refusal for a linked resource names the action that one has first (F7)."""

_ACTION = re.compile(r"perform action\(?s?\)? '(?P<action>[^']+)'")
_DETAILS = 3
"""So many of an error's details are told: they often say what its message does not."""

_SPAN = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)", re.ASCII)
_WAIT = re.compile(r"retried in (\d+) seconds")

BUSY_WITH_ANOTHER = frozenset({"StorageAccountOperationInProgress"})
"""Codes of a service that is busy with another endpoint of its own: the next ones are made one by one."""

OVERLAPPING_ZONES = "overlapping namespaces"
"""Words in the failed operation of a VNet link when the VNet sees another zone of that name (DNS-04)."""


def classify(
    status: int, headers: Mapping[str, str], body: bytes | str, target: ResourceId | None = None
) -> AzureProblem:
    """Turn a refused request into the problem it stands for.

    Args:
        status: the HTTP status.
        headers: the answer's headers, names in any case.
        body: the answer's body; may be HTML, which some services send with a 500.
        target: the resource that was asked about.
    """
    error = _error_of(body)
    problem = from_error(error, status, target)
    lowered = {name.lower(): value for name, value in headers.items()}
    return AzureProblem(
        reason=problem.reason,
        message=problem.message,
        advice=problem.advice,
        retry=problem.retry,
        severity=problem.severity,
        retry_after=asked_wait(lowered, str(error.get("message", ""))) or problem.retry_after,
        target=target,
        code=problem.code,
        permission=problem.permission,
        permission_scope=problem.permission_scope,
        correlation_id=lowered.get("x-ms-correlation-request-id") or problem.correlation_id,
        throttled=spends_the_budget(status, lowered),
    )


def from_error(error: Mapping[str, Any], status: int, target: ResourceId | None) -> AzureProblem:
    """The problem in an ARM error object, of an answer or of a failed long-running operation."""
    codes = list(_codes(error))
    code = next((code for code in codes if code in TABLE), codes[0] if codes else "")
    row = _row(codes, status)
    said = _said(error) or f"Azure answered {status} without an explanation."
    if OVERLAPPING_ZONES in said:
        row = Row(
            reasons.ZONE_CONFLICT,
            _S,
            _ADMIN,
            "Link the network to one zone of that name only, or name it in spec.dns.zoneIDs.",
        )
    missing = (_MISSING.search(said) or _ACTION.search(said)) if row.reason == reasons.FORBIDDEN else None
    lacks = missing.groupdict() if missing is not None else {}
    where = f"{target.short}: " if target is not None else ""
    return AzureProblem(
        reason=row.reason,
        message=f"{where}{code}: {said}" if code else f"{where}{said}",
        advice=row.advice,
        retry=row.retry,
        severity=row.severity,
        target=target,
        code=code,
        permission=lacks.get("action") or "",
        permission_scope=lacks.get("scope") or "",
    )


def _said(error: Mapping[str, Any]) -> str:
    """An error's message, and those of its details that it does not hold already."""
    told = [str(error.get("message") or "").strip()]
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and detail.get("message"):
            code, text = str(detail.get("code") or ""), str(detail["message"]).strip()
            if text not in told[0]:
                told.append(f"{code}: {text}" if code and code not in text else text)
    return " ".join(each for each in told[: _DETAILS + 1] if each)


def _row(codes: list[str], status: int) -> Row:
    """The first known code decides; RetryableError hides the decisive code in its details."""
    for code in codes:
        if code in TABLE:
            return TABLE[code]
    return _BY_STATUS.get(status, _BUSY if status >= 500 else _MAYBE_SPEC)  # noqa: PLR2004


def _codes(error: Mapping[str, Any]) -> Iterable[str]:
    if error.get("code"):
        yield str(error["code"])
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and detail.get("code"):
            yield str(detail["code"])


def _error_of(body: bytes | str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    error = parsed.get("error", parsed) if isinstance(parsed, dict) else {}
    return error if isinstance(error, dict) else {}


def spends_the_budget(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer says that a budget which all requests share is spent.

    ARM's gateway answers its own 429 itself. `service` names the provider: two writes in one network, or one
    busy account, say nothing of anything else.

    Args:
        status: the HTTP status.
        headers: the answer's headers, names in lower case.
    """
    return status == HTTPStatus.TOO_MANY_REQUESTS and headers.get("x-ms-failure-cause") != "service"


def asked_wait(headers: Mapping[str, str], message: str = "") -> timedelta | None:
    """How long the service asked to be left alone; None when it did not, or not in a way we can read.

    Args:
        headers: the answer's headers, names in lower case.
        message: the error's message; Key Vault and others say it in words only.
    """
    for name in ("retry-after", "x-ms-retry-after"):
        wait = _seconds(headers.get(name, ""), headers.get("date", ""))
        if wait is not None:
            return wait
    quota = headers.get("x-ms-user-quota-resets-after", "")
    span = _SPAN.fullmatch(quota)
    if span is not None:
        hours, minutes, seconds = span.groups()
        return timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    waited = _WAIT.search(message)
    return timedelta(seconds=int(waited.group(1))) if waited else None


def _seconds(value: str, answered: str) -> timedelta | None:
    """Seconds or, as HTTP allows too, a date; counted from the answer's own date, for clocks differ."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=int(value))
    due = _date(value)
    return max(due - (_date(answered) or datetime.now(UTC)), timedelta()) if due else None


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

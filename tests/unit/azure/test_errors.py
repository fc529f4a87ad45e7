"""From refused requests to problems."""

import json
from datetime import timedelta

import pytest

from secureml_reconcilers.azure.errors import TABLE, classify, from_error
from secureml_reconcilers.azure.problem import Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id

TARGET = resource_id("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a")


def body(code: str, message: str = "said Azure", **extra: object) -> str:
    """An ARM error body."""
    return json.dumps({"error": {"code": code, "message": message, **extra}})


@pytest.mark.parametrize(
    ("status", "headers", "text", "reason", "retry"),
    [
        pytest.param(409, {}, body("ScopeLocked"), "Locked", Retry.SLOW, id="a lock heals when it is removed"),
        pytest.param(
            403, {}, body("AuthorizationFailed"), "Forbidden", Retry.SLOW, id="a role heals when granted"
        ),
        pytest.param(403, {}, body("RequestDisallowedByPolicy"), "DeniedByPolicy", Retry.SLOW, id="a policy"),
        pytest.param(
            429,
            {},
            body("RetryableError", details=[{"code": "ReferencedResourceNotProvisioned"}]),
            "AzureBusy",
            Retry.SOON,
            id="parallel work in a network",
        ),
        pytest.param(
            401,
            {},
            body(
                "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer 'https://sts…/a/'."
            ),
            "WrongTenant",
            Retry.SLOW,
            id="a subscription of another tenant is no fault of the credential",
        ),
        pytest.param(
            401,
            {},
            body("InvalidAuthenticationToken"),
            "AuthenticationFailed",
            Retry.SOON,
            id="a token of no worth is",
        ),
        pytest.param(500, {}, "<html>oops</html>", "AzureBusy", Retry.SOON, id="HTML with a 500 is an outage"),
        pytest.param(
            400, {}, body("SomethingNew"), "RequestRefused", Retry.SLOW, id="an unknown 400 is no final word"
        ),
        pytest.param(503, {}, body("SomethingNew"), "AzureBusy", Retry.SOON, id="an unknown 503 passes"),
        pytest.param(
            0,
            {},
            body("BadRequest", "cannot be linked to multiple zones with overlapping namespaces"),
            "ZoneConflict",
            Retry.SLOW,
            id="a failed link says why",
        ),
    ],
)
def test_reason_and_retry(status: int, headers: dict[str, str], text: str, reason: str, retry: Retry) -> None:
    """The code decides; where it is unknown, the status does."""
    problem = classify(status, headers, text, TARGET)
    assert (problem.reason, problem.retry) == (reason, retry)
    assert problem.message


def test_the_missing_permission_is_named() -> None:
    """The Permitted condition tells which action to grant."""
    said = (
        "The client 'c' with object id 'o' does not have authorization to perform action "
        "'Microsoft.Storage/storageAccounts/write' over scope '/subscriptions/s' or the scope is invalid."
    )
    problem = classify(403, {}, body("AuthorizationFailed", said), TARGET)
    assert problem.permission == "Microsoft.Storage/storageAccounts/write"
    assert problem.severity is Severity.AZURE_ADMIN


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        pytest.param({"Retry-After": "17"}, "", 17, id="the header"),
        pytest.param({"x-ms-user-quota-resets-after": "00:00:05"}, "", 5, id="Resource Graph's own header"),
        pytest.param({}, "This can be retried in 11 seconds.", 11, id="the message, when there is no header"),
    ],
)
def test_azure_says_when_to_come_back(headers: dict[str, str], message: str, seconds: int) -> None:
    """Its word is kept, wherever it stands."""
    assert classify(429, headers, body("TooManyRequests", message), TARGET).retry_after == timedelta(
        seconds=seconds
    )


WORDS = {  # one code for each reason
    "AnotherOperationInProgress": "AzureBusy",
    "CannotDeleteResource": "HasChildren",
    "PreconditionFailed": "PreconditionFailed",
    "PrincipalNotFound": "DependencyNotReady",
    "PrivateEndpointAlreadyExists": "NameReserved",
    "ResourceNotFound": "NotFound",
    "SubscriptionRequestsThrottled": "Throttled",
    "LinkedAuthorizationFailed": "Forbidden",
    "ExpiredAuthenticationToken": "AuthenticationFailed",
    "InvalidAuthenticationTokenTenant": "WrongTenant",
    "RequestDisallowedByPolicy": "DeniedByPolicy",
    "ScopeLocked": "Locked",
    "MissingSubscriptionRegistration": "ProviderNotRegistered",
    "SkuNotAvailable": "QuotaExceeded",
    "InUseSubnetCannotBeDeleted": "InUse",
    "SubnetIsFull": "SubnetFull",
    "NetworkAclsValidationFailure": "ServiceEndpointMissing",
    "NetcfgInvalidSubnet": "InvalidRequest",
    "PrivateEndpointCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled": "SubnetNetworkPoliciesEnabled",
    "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated": "SubnetDelegated",
    "BadRequest": "RequestRefused",
}


@pytest.mark.parametrize(("code", "reason"), WORDS.items())
def test_a_code_has_its_reason(code: str, reason: str) -> None:
    """Whatever the status: a failed operation has none."""
    assert from_error({"code": code}, 0, TARGET).reason == reason


def test_every_reason_of_the_table_is_among_them() -> None:
    """A reason that comes with a new code is asserted on, too."""
    assert {row.reason for row in TABLE.values()} == set(WORDS.values())


def test_every_code_has_a_remedy() -> None:
    """A reason without advice would leave the reader alone."""
    assert [code for code, row in TABLE.items() if not row.advice or not row.reason.isalnum()] == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param(
            "NoRoomLeft", "OperationFailed", id="an unknown code says what is wrong, not that Azure is busy"
        ),
        pytest.param("", "OperationFailed", id="none at all"),
        pytest.param("InternalServerError", "AzureBusy", id="a known one keeps its meaning"),
    ],
)
def test_a_failed_operation_has_no_status_to_go_by(code: str, reason: str) -> None:
    """Somebody may have to act, so it is no passing trouble."""
    problem = from_error({"code": code, "message": "said Azure"}, 0, TARGET)
    assert (problem.reason, problem.retry) == (reason, Retry.SOON)
    assert "said Azure" in problem.message


@pytest.mark.parametrize(
    ("said", "permission", "scope"),
    [
        pytest.param(
            "The client 'c' with object id 'o' does not have authorization to perform action 'A/write' over scope"
            " '/subscriptions/s' or the scope is invalid.",
            "A/write",
            "/subscriptions/s",
            id="its own scope",
        ),
        pytest.param(
            "The client 'c' has permission to perform action 'Microsoft.Network/privateEndpoints/write' on scope"
            " '/subscriptions/s/e'; however, it does not have permission to perform action(s)"
            " 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '/subscriptions/s/n'"
            " (respectively) or the linked scope(s) are invalid.",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "/subscriptions/s/n",
            id="F7: a linked scope, after the action that one has",
        ),
        pytest.param(
            "The client has permission to perform action 'B/write' on scope '/x', however the current tenant 't'"
            " is not authorized to access linked subscription 'u'.",
            "B/write",
            "",
            id="another sentence",
        ),
    ],
)
def test_the_missing_right_is_named_with_its_scope(said: str, permission: str, scope: str) -> None:
    """Whoever grants it must not be sent after one that is there."""
    problem = classify(403, {}, body("LinkedAuthorizationFailed", said), TARGET)
    assert (problem.reason, problem.permission, problem.permission_scope) == ("Forbidden", permission, scope)


def test_details_say_what_the_message_does_not() -> None:
    """F4: `Cannot parse the request.` alone helps nobody."""
    details = [
        {"code": "DuplicateResourceName", "message": "Resource has a duplicate name."},
        {"code": "Again", "message": "Cannot parse the request."},
        {"target": "nothing"},
    ]
    problem = classify(400, {}, body("InvalidRequestFormat", "Cannot parse the request.", details=details), TARGET)
    assert problem.message.endswith(
        "InvalidRequestFormat: Cannot parse the request. DuplicateResourceName: Resource has a duplicate name."
    )

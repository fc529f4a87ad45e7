"""Reasons for which Azure refuses something, does not answer, or does not do what it accepted."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.api.reasons.entry import Reason, Section, Who, entered


def _problem(word: str, when: str, who: Who = Who.NOBODY, do: str = "") -> Reason:
    return entered(word, Section.PROBLEM, who, when, do)


# no answer, or none that can be used: whether the aspect is met cannot be told
AZURE_BUSY: Final = _problem(
    "AzureBusy",
    "Azure is at work on the resource already, or fails on its side (409, 5xx). It is tried again.",
)
AZURE_UNREACHABLE: Final = _problem(
    "AzureUnreachable",
    "Resource Manager or Entra ID gave no answer. It is tried again.",
    Who.RUNNER,
    "If it stays, look at DNS, proxy and firewall between the operator and Azure.",
)
THROTTLED: Final = _problem(
    "Throttled",
    "The subscription's requests are spent, by Azure's count or the operator's. It goes on when there are more.",
)
AUTHENTICATION_FAILED: Final = _problem(
    "AuthenticationFailed",
    "The operator has no valid token: its credential is missing, wrong or expired, or its clock is.",
    Who.RUNNER,
    "Correct AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret or federated credential.",
)
UNEXPECTED_ANSWER: Final = _problem(
    "UnexpectedAnswer",
    "Azure, or something before it, answered in a way that this version does not understand. Nothing is written on"
    " what it is about.",
    Who.ADMINISTRATOR,
    "Nothing if it passes. Else see whether the resource is as Azure documents it, and report it if it is.",
)

# who may do what
FORBIDDEN: Final = _problem(
    "Forbidden",
    "Azure refused the operator's identity an action (403); the condition Permitted names it.",
    Who.ADMINISTRATOR,
    "Grant it; `docs/azure-role.json` and the files beside it list what the operator needs.",
)
WRONG_TENANT: Final = _problem(
    "WrongTenant",
    "The subscription belongs to another tenant than the one that the operator signs in to.",
    Who.RUNNER,
    "Sign it in to that tenant, or have the spec name resources of its own.",
)
OUTSIDE_SCOPE: Final = _problem(
    "OutsideScope",
    "The resource lies outside of what custom resources of this namespace may use; Azure was not asked.",
    Who.AUTHOR,
    "Name a resource inside, or have whoever runs the operator add its subscription or resource group.",
)
DENIED_BY_POLICY: Final = _problem(
    "DeniedByPolicy",
    "An Azure Policy with effect deny refused the write.",
    Who.ADMINISTRATOR,
    "Exempt the resource from the assignment, or change the policy.",
)
LOCKED: Final = _problem(
    "Locked",
    "A lock on the resource, its group or its subscription refused the write.",
    Who.ADMINISTRATOR,
    "Remove the lock; the operator goes on by itself.",
)
PROVIDER_NOT_REGISTERED: Final = _problem(
    "ProviderNotRegistered",
    "A resource provider is not registered in the subscription.",
    Who.ADMINISTRATOR,
    "Register it (`az provider register --namespace …`).",
)
QUOTA_EXCEEDED: Final = _problem(
    "QuotaExceeded",
    "A quota or the capacity of the region is used up, or the SKU is not offered there.",
    Who.ADMINISTRATOR,
    "Raise the quota, or free what is not used.",
)

# the request, and what it leans on
NOT_FOUND: Final = _problem(
    "NotFound",
    "Something that the spec or another resource names does not exist in Azure.",
    Who.ADMINISTRATOR,
    "Create it, or correct what names it.",
)
DEPENDENCY_NOT_READY: Final = _problem(
    "DependencyNotReady",
    "Azure is not done with something that the write leans on. It is tried again.",
)
PRECONDITION_FAILED: Final = _problem(
    "PreconditionFailed",
    "Somebody else changed or made the resource just before the write (412). It is read again and merged.",
)
INVALID_REQUEST: Final = _problem(
    "InvalidRequest",
    "Azure refuses what the spec asks for, for good.",
    Who.AUTHOR,
    "Correct the spec as the message says.",
)
REQUEST_REFUSED: Final = _problem(
    "RequestRefused",
    "Azure refused a request with a code that the operator does not know better.",
    Who.AUTHOR,
    "Read Azure's message: it decides what to change.",
)
UNDECLARED_PROPERTIES: Final = _problem(
    "UndeclaredProperties",
    "A write was held back, because the Azure SDK would have sent properties that nobody declared.",
    Who.AUTHOR,
    "Declare them in the spec, or report it.",
)
IN_USE: Final = _problem(
    "InUse",
    "Azure does not delete a resource that others still use.",
    Who.ADMINISTRATOR,
    "Remove what uses it.",
)
HAS_CHILDREN: Final = _problem(
    "HasChildren",
    "Azure does not delete a resource that has children. They are deleted first.",
)
NAME_RESERVED: Final = _problem(
    "NameReserved",
    "Azure keeps the name of a resource that was deleted for about 20 minutes. It is tried again.",
)

# a write that Azure accepted
OPERATION_FAILED: Final = _problem(
    "OperationFailed",
    "Azure accepted a write, and the operation ended as failed or canceled. It is repeated.",
    Who.ADMINISTRATOR,
    "If it stays, remove what Azure's message or activity log names.",
)
WRITE_REVERTED: Final = _problem(
    "WriteReverted",
    "Azure accepted a write, and shows afterwards what it showed before. It is repeated ever more rarely.",
    Who.ADMINISTRATOR,
    "Exempt the resource from the policy that changes it back, or stop the other writer.",
)

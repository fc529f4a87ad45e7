"""Blob, file, queue and table services of storage accounts and what they hold.

Witness: recording Test_Storage_StorageAccount_20250601_CRUD, whose answers to PUT show less than GET.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError
from arm_emulator.hooks import READ_ONLY, ResourceType
from arm_emulator.model import EtagStyle, WriteStyle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import Call, JsonObject, Resource

ACCOUNTS = "Microsoft.Storage/storageAccounts"

DEFAULTS: dict[str, JsonObject] = {
    "blob": {
        "staticWebsite": {"enabled": False},
        "cors": {"corsRules": []},
        "deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
    },
    "file": {
        "protocolSettings": {"smb": {}},
        "cors": {"corsRules": []},
        "shareDeleteRetentionPolicy": {"enabled": True, "days": 7},
    },
    "queue": {
        "logging": {
            "version": "1.0",
            "delete": False,
            "read": False,
            "write": False,
            "retentionPolicy": {"enabled": False},
        },
        "cors": {"corsRules": []},
    },
    "table": {"cors": {"corsRules": []}},
}
"""What each service's `default` shows before anyone wrote it; recorded."""

CREATED_AND_UPDATED_OK = WriteStyle(created=200, updated=200)
DELETE_204 = WriteStyle(updated=204, body="none")
DELETE_200 = WriteStyle(updated=200, body="none")


def create_defaults(ctx: Context, account: Resource, services: Iterable[str]) -> None:
    """Give a new account the `default` of each of its services."""
    for service in services:
        if service in DEFAULTS:
            default = f"{account.id.text}/{service}Services/default"
            if ctx.find(default) is None:
                ctx.apply(default, {"properties": DEFAULTS[service]})


def _account(ctx: Context, resource: Resource) -> Resource | None:
    return ctx.find(resource.id.text.partition(f"/{resource.id.type.split('/')[2]}/")[0])


class Service(ResourceType):
    """One of the four services: always there, never created nor deleted by clients."""

    put: ClassVar[WriteStyle] = CREATED_AND_UPDATED_OK
    final_state: ClassVar[str] = ""
    shows_sku: ClassVar[bool] = False
    methods = frozenset({"GET", "HEAD", "PUT"})

    def validate(self, write: Write) -> None:
        """Refuse any name but `default`.

        Raises:
            ArmError: 400 InvalidRequestPropertyValue.
        """
        if write.id.name.lower() != "default":
            raise ArmError(
                400, "InvalidRequestPropertyValue", "The only service of an account is named 'default'."
            )

    def compose(self, write: Write) -> JsonObject:
        """What is not said keeps its present value."""
        before = write.previous.properties if write.previous else DEFAULTS[self._service]
        asked = {k: v for k, v in write.properties.items() if v is not None}
        return {"properties": {**before, **asked}}

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """The account's sku stands in front where the recording shows it."""
        account = _account(ctx, resource) if self.shows_sku else None
        return {"sku": account.body["sku"], **resource.body} if account else resource.body

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """The answer to PUT repeats the request, as recorded."""
        return call.body if call.method == "PUT" else self.render(ctx, resource)

    @property
    def _service(self) -> str:
        return self.name.rsplit("/", 1)[1].removesuffix("Services")


class BlobService(Service):
    """`blobServices/default`."""

    name = f"{ACCOUNTS}/blobServices"
    shows_sku = True


class FileService(Service):
    """`fileServices/default`."""

    name = f"{ACCOUNTS}/fileServices"
    shows_sku = True


class QueueService(Service):
    """`queueServices/default`."""

    name = f"{ACCOUNTS}/queueServices"


class TableService(Service):
    """`tableServices/default`."""

    name = f"{ACCOUNTS}/tableServices"


class Content(ResourceType):
    """Something inside a service; PUT shows the members of `shown_by_put` only, GET all."""

    final_state: ClassVar[str] = ""
    shown_by_put: ClassVar[frozenset[str] | None] = frozenset()
    """Members of `properties` in the answer to PUT; None leaves out `properties` altogether."""

    def initial(self, write: Write) -> JsonObject:
        """Properties of a new one; overridden per type."""
        raise NotImplementedError

    def compose(self, write: Write) -> JsonObject:
        """Defaults, then what was there, then what is asked."""
        before = write.previous.properties if write.previous else self.initial(write)
        return {"properties": {**before, **{k: v for k, v in write.properties.items() if v is not None}}}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """PUT answers with a stub, as recorded."""
        document = self.render(ctx, resource)
        if call.method != "PUT":
            return document
        stub = {name: value for name, value in document.items() if name not in {"properties", "etag"}}
        if self.shown_by_put is None:
            return stub
        return {
            **stub,
            "properties": {k: v for k, v in resource.properties.items() if k in self.shown_by_put},
        }


class Tables(Content):
    """Tables."""

    name = f"{ACCOUNTS}/tableServices/tables"
    put: ClassVar[WriteStyle] = CREATED_AND_UPDATED_OK
    delete: ClassVar[WriteStyle] = DELETE_204
    shown_by_put = frozenset({"tableName"})

    def initial(self, write: Write) -> JsonObject:
        """A table without access policies."""
        return {"signedIdentifiers": [], "tableName": write.id.name}


class Queues(Content):
    """Queues."""

    name = f"{ACCOUNTS}/queueServices/queues"
    put: ClassVar[WriteStyle] = CREATED_AND_UPDATED_OK
    delete: ClassVar[WriteStyle] = DELETE_204
    shown_by_put = frozenset({"metadata"})

    def initial(self, write: Write) -> JsonObject:  # noqa: ARG002
        """An empty queue."""
        return {"metadata": {}, "approximateMessageCount": 0}


class Shares(Content):
    """File shares."""

    name = f"{ACCOUNTS}/fileServices/shares"
    etag: ClassVar[EtagStyle] = EtagStyle.BLOB
    delete: ClassVar[WriteStyle] = DELETE_200

    def initial(self, write: Write) -> JsonObject:
        """An empty share of the largest size."""
        return {
            "leaseStatus": "unlocked",
            "leaseState": "available",
            "signedIdentifiers": [],
            "accessTier": "TransactionOptimized",
            "accessTierChangeTime": write.ctx.now_text,
            "lastModifiedTime": write.ctx.now_text,
            "shareQuota": 102400,
        }


class Containers(Content):
    """Blob containers."""

    name = f"{ACCOUNTS}/blobServices/containers"
    etag: ClassVar[EtagStyle] = EtagStyle.BLOB
    delete: ClassVar[WriteStyle] = DELETE_200
    shown_by_put = None

    def initial(self, write: Write) -> JsonObject:
        """An empty, private container."""
        return {
            "deleted": False,
            "remainingRetentionDays": 0,
            "defaultEncryptionScope": "$account-encryption-key",
            "denyEncryptionScopeOverride": False,
            "publicAccess": "None",
            "leaseStatus": "Unlocked",
            "leaseState": "Available",
            "lastModifiedTime": write.ctx.now_text,
            "legalHold": {"hasLegalHold": False, "tags": []},
            "hasImmutabilityPolicy": False,
            "hasLegalHold": False,
        }


class ManagementPolicies(ResourceType):
    """The lifecycle policy, which is called `default` in the URL and otherwise in its body (recorded)."""

    name = f"{ACCOUNTS}/managementPolicies"
    put: ClassVar[WriteStyle] = CREATED_AND_UPDATED_OK
    final_state: ClassVar[str] = ""

    def compose(self, write: Write) -> JsonObject:
        """The policy without its nulls."""
        document = {name: value for name, value in write.body.items() if name not in READ_ONLY}
        properties = {**_without_nulls(write.properties), "lastModifiedTime": write.ctx.now_text}
        return {**document, "properties": properties}

    def render(self, ctx: Context, resource: Resource) -> JsonObject:  # noqa: ARG002
        """The name as the service shows it."""
        return {**resource.body, "name": "DefaultManagementPolicy"}


def _without_nulls(value: JsonObject) -> JsonObject:
    def clean(node: object) -> object:
        if isinstance(node, dict):
            return {name: clean(each) for name, each in node.items() if each is not None}
        return [clean(each) for each in node] if isinstance(node, list) else node

    return {name: clean(each) for name, each in value.items() if each is not None}


TYPES = (
    BlobService(),
    FileService(),
    QueueService(),
    TableService(),
    Tables(),
    Queues(),
    Shares(),
    Containers(),
    ManagementPolicies(),
)

"""What sets a storage account apart from other services: anonymous readers, its keys, the workspace's own rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.values import Entries, get_path
from secureml_reconcilers.isolation.body_values import text_in
from secureml_reconcilers.isolation.firewall_exceptions import resources_let_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.services import ServiceInUse

_BYPASS: Final = "properties.networkAcls.bypass"
_TRUSTED: Final = "azureservices"


def account_settings(account: ServiceInUse, _azure: View) -> Iterator[Block]:
    """Nobody reads blobs anonymously, where the spec says so; whether anybody may reach them is another matter."""
    if account.resource is not None and account.spec.storage.anonymous_access == "Disable":
        yield Ensure(
            account.resource,
            {"properties": {"allowBlobPublicAccess": False}},
            "the spec says that nobody reads blobs anonymously",
            ("ST-PUB-01",),
            part="anonymousAccess",
        )


def who_passes(account: ServiceInUse) -> Iterator[Check]:
    """Other resources that pass, and datastores that do not (ST-RIR-01, WS-DSAUTH-01)."""
    yield from resources_let_in(account)
    if account.resource is None or account.body is None or not account.by_workspace:
        return
    keys_off = get_path(account.body, "properties.allowSharedKeyAccess") is False
    mode = text_in(account.workspace_body, "properties.systemDatastoresAuthMode", "AccessKey")
    by_key = mode.lower() == "accesskey" and account.spec.storage.datastore_auth != "Identity"
    yield Check(
        f"default datastores can sign in to {account.resource.short}",
        not (keys_off and by_key),
        reasons.KEYS_SWITCHED_OFF,
        f"The keys of {account.resource.short} are switched off, and the workspace's default datastores sign in by"
        " key.",
        "Set spec.storage.datastoreAuth to Identity, once users and the workspace's identity have roles on the"
        " account.",
        ("WS-DSAUTH-01",),
        account.resource,
        CheckLevel.ADVISORY,
    )


def rule_for_workspace(account: ServiceInUse) -> dict[str, Any]:
    """By dotted path, the rule with which exactly this workspace passes; Azure keeps it to one tenant (ST-RIR-01).

    It stays when the spec goes back to trusted services: without it the workspace would be out for a moment.
    """
    tenant = text_in(account.workspace_body, "properties.tenantId")
    rule = {"tenantId": tenant, "resourceId": account.workspace.text}
    return {"properties.networkAcls.resourceAccessRules": Entries("resourceId", (rule,), lasting=True)}


def trusted_services_out(account: ServiceInUse, body: Body, after: tuple[Block, ...]) -> Iterator[Ensure]:
    """Trusted services pass no more, after the workspace passes by its own rule; what is logged stays."""
    words = [word.strip() for word in text_in(body, _BYPASS, "AzureServices").split(",")]
    kept = [word for word in words if word.lower() not in {_TRUSTED, "none"}]
    if account.resource is not None and _TRUSTED in map(str.lower, words):
        yield Ensure(
            account.resource,
            {"properties": {"networkAcls": {"bypass": ", ".join(kept) or "None"}}},
            "of Azure's services only the workspace may pass, as the spec says",
            ("ST-RIR-01", "ST-TRUST-01"),
            after=after,
            part="trusted-services",
        )

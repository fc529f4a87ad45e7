"""What people who use studio should know, and nothing in Azure Resource Manager shows (STUDIO-*, DATA-*).

Told where `spec.studio.enabled` says that they do and `spec.advice` is Full; the tables stand in docs/studio.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.body_values import text_in
from secureml_reconcilers.isolation.services import STORAGE
from secureml_reconcilers.isolation.workspace_context import named_by_workspace, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

VALIDATED: Final = (
    ("Azure Blob storage", "DATA-SKIP-01"),
    ("Azure file share", "DATA-SKIP-02"),
    ("Azure SQL Database", "DATA-SKIP-05"),
    ("PostgreSQL", "DATA-SKIP-06"),
)
"""Datastores that the first SDK looks at when they are registered, which fails inside a network."""

UNVALIDATED: Final = (("Data Lake Storage Gen2", "DATA-SKIP-04"),)
"""Datastores that it does not look at."""

_BY_IDENTITY: Final = frozenset({"identity", "userdelegationsas"})


def studio_hints(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """Hints for studio's users, and for those of the first SDK where the workspace still serves that."""
    if context.spec.studio.enabled:
        yield _notebooks_have_files(context)
    if context.spec.advice != "Full":
        return
    body = workspace(context, azure)
    yield _first_sdk_validates(context, legacy=get_path(body, "properties.v1LegacyMode") is True)
    if context.spec.studio.enabled:
        yield from _of_studio(context)
        yield _datastores_by_identity(context, text_in(body, "properties.systemDatastoresAuthMode", "AccessKey"))
        yield from _lists_of_data_lake(context, azure)


def _of_studio(context: WorkspaceContext) -> Iterator[Check]:
    """What holds of studio inside any network (STUDIO-DSTYPE-*, STUDIO-SQL-*, STUDIO-DIS-*, STUDIO-DES-*)."""
    yield _hint(
        "studio can show every kind of data",
        reasons.STUDIO_DATA,
        "Inside the network studio shows datastores of blobs, file shares, Data Lake Storage Gen2 and Azure SQL,"
        " and no others. In Azure SQL the workspace's identity must be a user of the database.",
        f"In each database: CREATE USER [{context.workspace.name}] FROM EXTERNAL PROVIDER, then GRANT it what it"
        " may read (docs/studio.md).",
        ("STUDIO-DSTYPE-01", "STUDIO-DSTYPE-03", "STUDIO-DSTYPE-04", "STUDIO-SQL-01", "STUDIO-SQL-02"),
        about=context.workspace,
    )
    yield _hint(
        "studio works as it does outside of a network",
        reasons.STUDIO_LIMITS,
        "Where the workspace's identity lacks a role on an account, previews, charts of the designer, AutoML and"
        " labeling are off, and studio says that it cannot profile a dataset. The designer's samples do not work"
        " inside a network.",
        "Give the roles that the findings name. Pipelines of the designer write to the default account: choose"
        " another datastore in the settings of a pipeline or of a module where they should not (docs/studio.md).",
        (
            "STUDIO-DIS-01",
            "STUDIO-DIS-02",
            "STUDIO-DIS-03",
            "STUDIO-DIS-04",
            "STUDIO-ERR-01",
            "STUDIO-DES-01",
            "STUDIO-DES-02",
        ),
        about=context.workspace,
    )


def _first_sdk_validates(context: WorkspaceContext, *, legacy: bool) -> Check:
    """The first SDK looks at data when they are registered (DATA-VAL-01, DATA-SET-01)."""
    kinds = ", ".join(kind for kind, _ in VALIDATED)
    return _hint(
        f"nobody registers data in {context.workspace.name} with the first SDK",
        reasons.FIRST_SDK_VALIDATES,
        "The workspace is in legacy mode, so the first SDK can be used, which looks at data when they are"
        " registered and fails inside a network.",
        f"Register datastores ({kinds}) with skip_validation=True and datasets with validate=False, or go over to"
        " the second SDK (docs/studio.md).",
        ("DATA-VAL-01", "DATA-SET-01", *(rule for _, rule in (*VALIDATED, *UNVALIDATED))),
        about=context.workspace,
        holds=not legacy,
    )


def _datastores_by_identity(context: WorkspaceContext, mode: str) -> Check:
    """Deploying from the designer and AutoML need the default datastores to use the identity (STUDIO-RBAC-04)."""
    return _hint(
        f"default datastores of {context.workspace.name} sign in as its identity",
        reasons.DATASTORES_BY_KEY,
        f"The default datastores sign in by {mode}: studio then deploys nothing from the designer, and AutoML"
        " does not find its files.",
        "Set spec.storage.datastoreAuth to Identity, or let each use the workspace's managed identity in studio"
        " (Data, Datastores, Update authentication).",
        ("STUDIO-RBAC-04",),
        about=context.workspace,
        holds=mode.lower() in _BY_IDENTITY,
    )


def _notebooks_have_files(context: WorkspaceContext) -> Check:
    """Notebooks lie in the file share, which needs its endpoint (STUDIO-NB-01)."""
    storage = context.spec.storage
    return _hint(
        f"notebooks of {context.workspace.name} are reached inside the network",
        reasons.NOTEBOOKS_UNREACHABLE,
        "spec.storage.subResources leaves out file, and studio keeps notebooks in the default account's file"
        " share.",
        "Add file to spec.storage.subResources, or work in Jupyter on a compute instance.",
        ("STUDIO-NB-01",),
        about=context.workspace,
        holds=storage.access != "PrivateEndpoint" or "file" in storage.sub_resources,
    )


def _lists_of_data_lake(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """A Data Lake knows access control lists besides roles (STUDIO-ACL-01)."""
    try:
        account = named_by_workspace(context, azure, STORAGE)
        body = azure.get(account) if account is not None else None
    except AzureProblem:
        return  # the account's own aspect tells it
    if account is not None and get_path(body, "properties.isHnsEnabled") is True:
        yield _hint(
            f"{account.short} knows no access control lists",
            reasons.DATA_LAKE_LISTS,
            f"{account.short} is a Data Lake: besides roles its own access control lists decide what the"
            " workspace's identity may read.",
            "Where it has no role on the data, give it the lists (az storage fs access set-recursive --acl"
            " user:<principal>:r-x).",
            ("STUDIO-ACL-01",),
            about=account,
        )


def _hint(  # noqa: PLR0913 - a check, of which only some parts differ
    name: str,
    reason: Reason,
    message: str,
    advice: str,
    rules: tuple[str, ...],
    *,
    about: ResourceId,
    holds: bool = False,
) -> Check:
    return Check(name, holds, reason, message, advice, rules, about, CheckLevel.ADVISORY)

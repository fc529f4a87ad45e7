"""What serves every type without a module: any document, made and removed by operations that take their time.

Witness: the contract of resource providers, which every one of them has to keep (reference data section 15: a
PUT answers 201 or 200 with a state that is not final, a DELETE 202 with Location), and how two types of the
recordings keep it: Test_Compute_VM_20220301_CRUD (extensions of machines) and
Test_AKS_ManagedCluster_20240901_CRUD (agent pools), neither with a Retry-After.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.hooks import SYNCHRONOUS, SYNCHRONOUS_DELETE, ResourceType
from arm_emulator.model import WriteStyle

if TYPE_CHECKING:
    from arm_emulator.hooks import Write
    from arm_emulator.model import Resource

STATUS_URL = "{subscription}/providers/{namespace}/locations/{location}/operations/{operation}"
RESULT_URL = "{subscription}/providers/{namespace}/locations/{location}/operationResults/{operation}"

AT_ONCE = (
    "microsoft.authorization/",
    "microsoft.insights/",
    "microsoft.managedidentity/",
)
"""Beginnings of types, in lower case, whose documents mark no write as long-running."""


class GenericType(ResourceType):
    """Any type that nobody registered."""

    put: ClassVar[WriteStyle] = WriteStyle(201, 200, status_url=STATUS_URL, poll_details=True, running="Creating")
    patch: ClassVar[WriteStyle] = WriteStyle(
        202, 202, body="none", status_url=STATUS_URL, result_url=RESULT_URL, poll_details=True
    )
    delete: ClassVar[WriteStyle] = WriteStyle(
        updated=202,
        body="none",
        status_url=STATUS_URL,
        result_url=RESULT_URL,
        poll_details=True,
        running="Deleting",
    )

    def style(self, write: Write) -> WriteStyle:
        """Some providers do everything at once."""
        if write.id.type_key.startswith(AT_ONCE):
            return SYNCHRONOUS
        return super().style(write)

    def removal(self, resource: Resource) -> WriteStyle:
        """As for writes."""
        return SYNCHRONOUS_DELETE if resource.id.type_key.startswith(AT_ONCE) else self.delete

"""Subscriptions, resource groups and resource providers."""

from __future__ import annotations

from typing import ClassVar

from arm_emulator.model import WriteStyle
from arm_emulator.providers.base import ResourceType


class ResourceGroups(ResourceType):
    """Resource groups: created at once, deleted with everything inside."""

    name = "Microsoft.Resources/resourceGroups"
    located = True
    absent_delete = 404
    delete: ClassVar[WriteStyle] = WriteStyle(
        updated=202,
        body="none",
        result_url="{subscription}/operationresults/{operation}",
        retry_after=15,
        running="Deleting",
    )


TYPES = (ResourceGroups(),)

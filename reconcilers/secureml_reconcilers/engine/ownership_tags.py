"""The tags by which we know again what we made, and who uses it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Body

MANAGED_BY: Final = "managed-by"
OPERATOR: Final = "secureml-operator"
OWNER: Final = "secureml-owner"
"""Tags on everything we make. Tag names may hold no slash, so they cannot look like Kubernetes labels."""

USER: Final = "secureml-user-"


def is_marked(body: Body | None) -> bool:
    """Whether a resource carries the tag of this operator; what does not exist carries none."""
    return str(_tags(body).get(MANAGED_BY, "")).lower() == OPERATOR


def user_tag(owner: str) -> str:
    """The tag that a custom resource leaves on what it uses and others may use too.

    One tag each, so that two writers never have to merge one value.
    """
    return f"{USER}{hashlib.sha256(owner.encode()).hexdigest()[:8]}"


def users(body: Body | None) -> set[str]:
    """Who uses a resource, as `cluster/namespace/name`."""
    return {value for name, value in _tags(body).items() if name.startswith(USER) and value}


def made_for(body: Body) -> str:
    """For which custom resource a resource was made; empty for what is shared, or is not ours."""
    return _tags(body).get(OWNER, "")


def _tags(body: Body | None) -> dict[str, str]:
    """The tags by name in lower case, as Azure compares them; none where there is something else."""
    tags = (body or {}).get("tags")
    return {name.lower(): str(value or "") for name, value in tags.items()} if isinstance(tags, dict) else {}

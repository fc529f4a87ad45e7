"""All rules by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.rulebook import (
    attached,
    compute,
    compute_addresses,
    container_instances,
    dns,
    inference,
    key_vault,
    operations,
    registry,
    routes,
    storage,
    studio,
    topology,
    traffic,
    workspace,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.rulebook.rule import Rule

AREAS: Final = (
    topology,
    workspace,
    storage,
    key_vault,
    registry,
    studio,
    dns,
    compute,
    compute_addresses,
    traffic,
    routes,
    attached,
    inference,
    container_instances,
    operations,
)
"""The modules of rules, one per area."""

CATALOGUE: Final[Mapping[str, Rule]] = {known.id: known for area in AREAS for known in area.RULES}
"""In the order in which the articles come to them."""


def rule(rule_id: str) -> Rule:
    """The rule of an id, in any casing.

    Raises:
        KeyError: when there is none; its text names those of the same family.
    """
    try:
        return CATALOGUE[rule_id.upper()]
    except KeyError:
        family = rule_id.upper().split("-", 1)[0]
        kin = [known for known in CATALOGUE if known.split("-", 1)[0] == family]
        known = f"known ones of its family are {', '.join(kin)}" if kin else "no family of that name is known"
        raise KeyError(f"{rule_id} is no rule of the catalogue: {known}") from None

"""Role-based access: who may do which management action where, and the sentences of a refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.errors import ArmError
from arm_emulator.ids import ancestors
from arm_emulator.roles import BUILT_IN, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from arm_emulator.config import Config, Grant
    from arm_emulator.model import Caller, Resource
    from arm_emulator.store import Store

ROLE_ASSIGNMENTS = "microsoft.authorization/roleassignments"
ROLE_DEFINITIONS = "microsoft.authorization/roledefinitions"
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Permission:
    """What one assignment permits below one scope."""

    scope: str
    role: Role
    allows: re.Pattern[str]
    excludes: re.Pattern[str] | None

    def permits(self, action: str) -> bool:
        """Whether a lower-case action is inside the actions and outside the exclusions."""
        return self.allows.fullmatch(action) is not None and not (
            self.excludes and self.excludes.fullmatch(action)
        )


class Authorization:
    """Evaluates configured grants and stored role assignments.

    Args:
        config: grants of the configured clients and the delay of new assignments.
        store: where `Microsoft.Authorization/roleAssignments` and `roleDefinitions` live.
        now: virtual time.
    """

    def __init__(self, config: Config, store: Store, now: Callable[[], float]) -> None:
        self._config = config
        self._store = store
        self._now = now
        self._grants: dict[str, list[Grant]] = {}
        self._decisions: dict[tuple[str, str, str], bool] = {}
        self._permissions: dict[str, list[Permission]] = {}
        self._version = (-1, -1)
        self._next_effect = 0.0
        for client in config.clients:
            self.add_grants(client.object_id, client.grants)

    def add_grants(self, principal: str, grants: Iterable[Grant]) -> None:
        """Give a principal rights that belong to no role assignment."""
        self._grants.setdefault(principal.lower(), []).extend(grants)
        self._version = (-1, -1)

    def allowed(self, caller: Caller, action: str, scope: str) -> bool:
        """Whether the caller may do an action on a scope (an id, or `/`)."""
        if caller.kind == "System":
            return True
        self._refresh()
        key = (caller.object_id, action.lower(), scope.lower())
        decision = self._decisions.get(key)
        if decision is None:
            decision = self._decisions[key] = any(
                each.permits(key[1]) for each in self.permissions(caller.object_id, scope)
            )
        return decision

    def permissions(self, principal: str, scope: str) -> list[Permission]:
        """Everything that applies to a principal at a scope, inherited assignments included."""
        self._refresh()
        principal = principal.lower()
        if principal not in self._permissions:
            self._permissions[principal] = list(self._collect(principal))
        above = {"", "/", *ancestors(scope.lower())}
        return [each for each in self._permissions[principal] if each.scope in above]

    def require(self, caller: Caller, action: str, scope: str) -> None:
        """Refuse the caller in Azure's words.

        Raises:
            ArmError: 403 AuthorizationFailed.
        """
        if not self.allowed(caller, action, scope):
            raise ArmError(
                403,
                "AuthorizationFailed",
                f"The client '{caller.label}' with object id '{caller.object_id}' does not have authorization "
                f"to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was "
                "recently granted, please refresh your credentials.",
                failure_cause="gateway",
            )

    def require_linked(self, caller: Caller, action: str, scope: str, linked: Iterable[tuple[str, str]]) -> None:
        """Refuse a write for want of rights on another resource it names.

        Raises:
            ArmError: 403 LinkedAuthorizationFailed.
        """
        missing = [pair for pair in linked if not self.allowed(caller, *pair)]
        if missing:
            actions = ",".join(each for each, _ in missing)
            scopes = ",".join(each for _, each in missing)
            raise ArmError(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{caller.label}' with object id '{caller.object_id}' has permission to perform "
                f"action '{action}' on scope '{scope}'; however, it does not have permission to perform "
                f"action(s) '{actions}' on the linked scope(s) '{scopes}' (respectively) or the linked "
                "scope(s) are invalid.",
                failure_cause="gateway",
            )

    def _refresh(self) -> None:
        versions = self._store.versions
        version = (versions.get(ROLE_ASSIGNMENTS, 0), versions.get(ROLE_DEFINITIONS, 0))
        if version != self._version or self._now() >= self._next_effect:
            self._version = version
            self._next_effect = _NEVER
            self._decisions.clear()
            self._permissions.clear()

    def _collect(self, principal: str) -> Iterator[Permission]:
        for grant in self._grants.get(principal, ()):
            role = Role("", "granted", grant.actions, grant.not_actions)
            if grant.role_definition_id:
                role = self._role(grant.role_definition_id) or role
            yield _permission(grant.scope, role)
        for assignment in self._store.of_type(ROLE_ASSIGNMENTS):
            found = assignment.properties
            if str(found.get("principalId", "")).lower() != principal or not self._effective(assignment):
                continue
            granted = self._role(str(found.get("roleDefinitionId", "")))
            if granted is not None:
                yield _permission(str(found.get("scope") or assignment.id.scope), granted)

    def _effective(self, assignment: Resource) -> bool:
        effect = assignment.created + self._config.role_assignment_delay
        if effect <= self._now():
            return True
        self._next_effect = min(self._next_effect, effect)
        return False

    def _role(self, definition: str) -> Role | None:
        guid = definition.rstrip("/").rsplit("/", 1)[-1].lower()
        built_in = BUILT_IN.get(guid)
        if built_in is not None:
            return built_in
        for custom in self._store.of_type(ROLE_DEFINITIONS):
            if custom.id.name.lower() == guid:
                parts = custom.properties.get("permissions") or [{}]
                names = ("actions", "notActions", "dataActions", "notDataActions")
                lists = [tuple(a for part in parts for a in part.get(name) or ()) for name in names]
                return Role(guid, str(custom.properties.get("roleName", guid)), *lists)
        return None


def _permission(scope: str, role: Role) -> Permission:
    excludes = _pattern(role.not_actions) if role.not_actions else None
    return Permission(scope.rstrip("/").lower(), role, _pattern(role.actions), excludes)


def _pattern(actions: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(each.lower()).replace(r"\*", ".*") for each in actions) or r"(?!)")

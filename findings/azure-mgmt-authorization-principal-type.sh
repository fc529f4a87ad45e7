#!/usr/bin/env bash
# azure-mgmt-authorization 4.0.0 (azure-core 1.41.0, CPython 3.11)
# role_assignments.create() for a principal, without saying of which type it is.
# Seen: the PUT says principalType User, which nobody wrote: for a managed identity or a service principal that is wrong.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet azure-mgmt-authorization==4.0.0 azure-core==1.41.0
venv/bin/python - <<'PY'
import io
import json
import sys
import time

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import RoleAssignmentCreateParameters

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SCOPE = f"/subscriptions/{SUBSCRIPTION}"
ROLES = f"{SCOPE}/providers/Microsoft.Authorization/roleDefinitions"
ASKED = {
    "roleDefinitionId": f"{ROLES}/acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "principalId": "00000000-0000-0000-0000-000000000002",
}


class Azure(requests.adapters.BaseAdapter):
    """Takes what is written and keeps it."""

    written = []

    def send(self, request, **_):
        self.written.append(json.loads(request.body))
        response = requests.Response()
        response.status_code, response.url, response.request = 201, request.url, request
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(request.body if isinstance(request.body, bytes) else request.body.encode())
        return response

    def close(self):
        pass


class Credential:
    def get_token(self, *_, **__):
        return AccessToken("token", int(time.time()) + 3600)


session = requests.Session()
session.mount("https://", Azure())
transport = RequestsTransport(session=session, session_owner=False)
client = AuthorizationManagementClient(Credential(), SUBSCRIPTION, transport=transport)
wanted = RoleAssignmentCreateParameters(
    role_definition_id=ASKED["roleDefinitionId"], principal_id=ASKED["principalId"]
)
client.role_assignments.create(SCOPE, "00000000-0000-0000-0000-000000000003", wanted)
[sent] = Azure.written
if sent != {"properties": {**ASKED, "principalType": "User"}}:
    sys.exit(f"seen instead: {sent}")
print(f"sent: {sent}\nas described")
PY

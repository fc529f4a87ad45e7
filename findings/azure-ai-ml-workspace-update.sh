#!/usr/bin/env bash
# azure-ai-ml 1.35.2 (azure-core 1.41.0, CPython 3.11)
# workspaces.begin_update() of a new description, for a workspace with public access disabled, network rules that
# deny, and tags.
# Seen: the PATCH carries two things that were not set: networkAcls with the default action Allow in place of the
# stored rules, and tags as the empty object in place of the stored ones.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet azure-ai-ml==1.35.2 azure-core==1.41.0
venv/bin/python - <<'PY'
import io
import json
import sys
import time

import requests
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Workspace
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
PROVIDERS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml/providers"
WORKSPACE = {
    "id": f"{PROVIDERS}/Microsoft.MachineLearningServices/workspaces/fraud",
    "name": "fraud",
    "location": "westeurope",
    "kind": "Default",
    "tags": {"team": "risk"},
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "friendlyName": "fraud",
        "storageAccount": f"{PROVIDERS}/Microsoft.Storage/storageAccounts/fraud",
        "keyVault": f"{PROVIDERS}/Microsoft.KeyVault/vaults/fraud",
        "applicationInsights": f"{PROVIDERS}/Microsoft.Insights/components/fraud",
        "publicNetworkAccess": "Disabled",
        "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "192.0.2.0/24"}]},
        "provisioningState": "Succeeded",
    },
}


class Azure(requests.adapters.BaseAdapter):
    """Answers from memory and keeps what was written."""

    written = []

    def send(self, request, **_):
        if request.method in {"PUT", "PATCH"}:
            self.written.append((request.method, json.loads(request.body)))
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(json.dumps(WORKSPACE).encode())
        return response

    def close(self):
        pass


class Credential:
    def get_token(self, *_, **__):
        return AccessToken("token", int(time.time()) + 3600)


session = requests.Session()
session.mount("https://", Azure())
client = MLClient(
    Credential(), SUBSCRIPTION, "ml", "fraud", cloud="AzureCloud", enable_telemetry=False, show_progress=False,
    transport=RequestsTransport(session=session, session_owner=False),
)  # fmt: skip
client.workspaces.begin_update(Workspace(name="fraud", description="scores payments")).result()
[(verb, sent)] = Azure.written
seen = {"networkAcls": sent["properties"].get("networkAcls"), "tags": sent.get("tags")}
if verb != "PATCH" or sent["properties"].get("description") != "scores payments":
    sys.exit(f"not the write that was expected: {verb} {sent}")
if (seen["networkAcls"] or {}).get("defaultAction") != "Allow" or seen["tags"] != {}:
    sys.exit(f"seen instead: {sent}")
print(f"sent beside the description: {sent}\nas described")
PY

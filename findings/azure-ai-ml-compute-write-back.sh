#!/usr/bin/env bash
# azure-ai-ml 1.35.2 (azure-core 1.41.0, CPython 3.11)
# compute.get() of a compute instance and of a cluster, one unrelated change, compute.begin_create_or_update().
# Seen: the PUT changes what nobody touched. The instance's applicationSharingPolicy goes from Personal to Shared, the
# cluster's disableLocalAuth from false to true and its isolatedNetwork is gone: what the entity does not hold is
# written back as the default of a new compute, or not at all.
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
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/fraud"


def compute(kind, local_auth_disabled, properties):
    return {
        "id": f"{WORKSPACE}/computes/{kind}",
        "name": kind,
        "location": "westeurope",
        "properties": {
            "computeType": kind,
            "provisioningState": "Succeeded",
            "disableLocalAuth": local_auth_disabled,
            "properties": {"vmSize": "STANDARD_DS3_V2", **properties},
        },
    }


SCALE = {"minNodeCount": 0, "maxNodeCount": 8, "nodeIdleTimeBeforeScaleDown": "PT120S"}
STORED = {
    "AmlCompute": compute(
        "AmlCompute", False, {"vmPriority": "Dedicated", "scaleSettings": SCALE, "isolatedNetwork": True}
    ),
    "ComputeInstance": compute("ComputeInstance", True, {"applicationSharingPolicy": "Personal"}),
}


class Azure(requests.adapters.BaseAdapter):
    """Answers from memory and keeps what was written."""

    written = []

    def send(self, request, **_):
        if request.method != "GET":
            self.written.append(json.loads(request.body)["properties"])
        found = STORED.get(request.url.split("?")[0].rsplit("/", 1)[1])
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(json.dumps(found or {"location": "westeurope", "properties": {}}).encode())
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
for kind in STORED:
    read = client.compute.get(kind)
    read.description = "changed"
    client.compute.begin_create_or_update(read).result()
cluster, instance = Azure.written
seen = {
    "applicationSharingPolicy": instance["properties"].get("applicationSharingPolicy"),
    "disableLocalAuth": cluster.get("disableLocalAuth"),
    "isolatedNetwork": cluster["properties"].get("isolatedNetwork"),
}
if seen != {"applicationSharingPolicy": "Shared", "disableLocalAuth": True, "isolatedNetwork": None}:
    sys.exit(f"seen instead: {seen} in {Azure.written}")
print(f"sent back: {seen}\nas described")
PY

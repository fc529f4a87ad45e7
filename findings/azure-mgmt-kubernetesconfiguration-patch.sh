#!/usr/bin/env bash
# azure-mgmt-kubernetesconfiguration 3.1.0 (azure-core 1.41.0, CPython 3.11)
# extensions.begin_update() of one setting of a cluster extension.
# Seen: the PATCH also says autoUpgradeMinorVersion true and releaseTrain Stable, which nobody set: an extension that
# was pinned to a version follows a release train from then on.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet azure-mgmt-kubernetesconfiguration==3.1.0 azure-core==1.41.0
venv/bin/python - <<'PY'
import io
import json
import sys
import time

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.kubernetesconfiguration import SourceControlConfigurationClient
from azure.mgmt.kubernetesconfiguration.v2023_05_01.models import PatchExtension

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SETTING = {"inferenceRouterServiceType": "LoadBalancer"}


class Azure(requests.adapters.BaseAdapter):
    """Takes what is written and keeps it."""

    written = []

    def send(self, request, **_):
        if request.method == "PATCH":
            self.written.append(json.loads(request.body))
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(b'{"name": "ml", "properties": {"provisioningState": "Succeeded"}}')
        return response

    def close(self):
        pass


class Credential:
    def get_token(self, *_, **__):
        return AccessToken("token", int(time.time()) + 3600)


session = requests.Session()
session.mount("https://", Azure())
transport = RequestsTransport(session=session, session_owner=False)
client = SourceControlConfigurationClient(Credential(), SUBSCRIPTION, transport=transport)
client.extensions.begin_update(
    "ml", "Microsoft.ContainerService", "managedClusters", "aks", "ml", PatchExtension(configuration_settings=SETTING)
).result()
[sent] = Azure.written
unasked = {"autoUpgradeMinorVersion": True, "releaseTrain": "Stable"}
if sent != {"properties": {"configurationSettings": SETTING, **unasked}}:
    sys.exit(f"seen instead: {sent}")
print(f"sent: {sent}\nas described")
PY

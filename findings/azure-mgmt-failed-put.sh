#!/usr/bin/env bash
# azure-mgmt-network 33.1.0 (azure-mgmt-core 1.6.0, azure-core 1.41.0, CPython 3.11)
# begin_create_or_update() of a private endpoint; the answer to the PUT itself says provisioningState Failed.
# Seen: result() returns the resource as if all were well. The poller raises for a failure that it polled, never for
# one that it was told at once, so the caller has to read provisioning_state after every write.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet azure-mgmt-network==33.1.0 azure-mgmt-core==1.6.0 azure-core==1.41.0
venv/bin/python - <<'PY'
import io
import json
import sys
import time

import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.network import NetworkManagementClient

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


class Azure(requests.adapters.BaseAdapter):
    """Gives these provisioning states, one per request; the last one for good."""

    def __init__(self, states):
        super().__init__()
        self.states = states

    def send(self, request, **_):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(json.dumps({"name": "pe", "properties": {"provisioningState": state}}).encode())
        return response

    def close(self):
        pass


class Credential:
    def get_token(self, *_, **__):
        return AccessToken("token", int(time.time()) + 3600)


def outcome(*states):
    session = requests.Session()
    session.mount("https://", Azure(list(states)))
    transport = RequestsTransport(session=session, session_owner=False)
    client = NetworkManagementClient(Credential(), SUBSCRIPTION, transport=transport, polling_interval=0)
    try:
        made = client.private_endpoints.begin_create_or_update("net", "pe", {"location": "westeurope"}).result()
    except HttpResponseError as problem:
        return type(problem).__name__
    return f"returned, {made.provisioning_state.value}"


at_once, later = outcome("Failed"), outcome("Updating", "Failed")
if (at_once, later) != ("returned, Failed", "HttpResponseError"):
    sys.exit(f"seen instead: failed at once: {at_once}; failed later: {later}")
print(f"failed at once: {at_once}; failed later: {later}\nas described")
PY

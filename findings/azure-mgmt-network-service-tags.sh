#!/usr/bin/env bash
# azure-mgmt-network 33.1.0 (azure-core 1.41.0, CPython 3.11)
# service_tags.list() of a region whose answer comes in two pages.
# Seen: one request, and the tags of the first page only. Unlike the other list operations this one gives the raw
# answer: whoever looks a tag up has to follow next_link; also, the tags are in values_property, values is a method.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet azure-mgmt-network==33.1.0 azure-core==1.41.0
venv/bin/python - <<'PY'
import io
import json
import sys
import time

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.network import NetworkManagementClient

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
NEXT = "https://management.azure.com/page-two?api-version=1"


def tag(name):
    return {"name": name, "id": name, "properties": {"region": "", "addressPrefixes": ["192.0.2.0/24"]}}


class Azure(requests.adapters.BaseAdapter):
    """Two pages."""

    requests = 0

    def send(self, request, **_):
        self.requests += 1
        first = {"changeNumber": "1", "cloud": "Public", "values": [tag("AzureMonitor")], "nextLink": NEXT}
        page = {"values": [tag("Storage")]} if "page-two" in request.url else first
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(json.dumps(page).encode())
        return response

    def close(self):
        pass


class Credential:
    def get_token(self, *_, **__):
        return AccessToken("token", int(time.time()) + 3600)


azure, session = Azure(), requests.Session()
session.mount("https://", azure)
transport = RequestsTransport(session=session, session_owner=False)
client = NetworkManagementClient(Credential(), SUBSCRIPTION, transport=transport)
answer = client.service_tags.list("westeurope")
names = [each.name for each in answer.values_property]
if azure.requests != 1 or names != ["AzureMonitor"] or answer.next_link != NEXT or not callable(answer.values):
    sys.exit(f"seen instead: {azure.requests} requests, {names}, next link {answer.next_link}")
print(f"{azure.requests} request, {names}, next link {answer.next_link} not followed\nas described")
PY

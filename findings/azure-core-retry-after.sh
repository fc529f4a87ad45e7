#!/usr/bin/env bash
# azure-core 1.41.0 (CPython 3.11)
# A PUT is answered 409 with a Retry-After header, by a client with the library's retry policy as it is.
# Seen: the PUT goes out four times. Without the header it goes out once: the header alone makes any answer of 400 or
# more one that is repeated, for every verb, though 409 is not among the status codes of the retry policy.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet azure-core==1.41.0
venv/bin/python - <<'PY'
import io
import sys

import requests
from azure.core import PipelineClient
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest


class Azure(requests.adapters.BaseAdapter):
    """Refuses everything with a conflict and counts."""

    def __init__(self, headers):
        super().__init__()
        self.headers, self.requests = headers, []

    def send(self, request, **_):
        self.requests.append(request.method)
        response = requests.Response()
        response.status_code, response.url, response.request = 409, request.url, request
        response.headers.update(self.headers)
        response.raw = io.BytesIO(b'{"error": {"code": "Conflict", "message": "no"}}')
        return response

    def close(self):
        pass


def sent(headers):
    azure, session = Azure(headers), requests.Session()
    session.mount("https://", azure)
    transport = RequestsTransport(session=session, session_owner=False)
    client = PipelineClient("https://management.example", policies=[RetryPolicy()], transport=transport)
    client.send_request(HttpRequest("PUT", "https://management.example/thing", json={}))
    return azure.requests


bare, told = sent({}), sent({"Retry-After": "1"})
if bare != ["PUT"] or told != ["PUT"] * 4:
    sys.exit(f"seen instead: {bare} without the header, {told} with it")
print(f"without Retry-After {bare}, with it {told}\nas described")
PY

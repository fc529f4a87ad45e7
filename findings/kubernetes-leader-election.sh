#!/usr/bin/env bash
# kubernetes 37.0.2 (the client's leaderelection package, CPython 3.11)
# A leader holds a Lease of 4 s; then the API server refuses connections, as it does while it restarts.
# Seen: run() ends with an exception of urllib3, onstopped_leading is not called, and the work that onstarted_leading
# began goes on in its thread after the lease has run out, when another candidate may lead.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet kubernetes==37.0.2
venv/bin/python - <<'PY'
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kubernetes import client
from kubernetes.leaderelection.electionconfig import Config
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

LEASE_SECONDS = 4


class Leases(BaseHTTPRequestHandler):
    """One Lease in memory."""

    protocol_version = "HTTP/1.0"
    stored = None

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self):
        missing = {"kind": "Status", "code": 404, "reason": "NotFound"}
        self.answer(200, self.stored) if self.stored else self.answer(404, missing)

    def do_PUT(self):
        Leases.stored = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, self.stored)

    do_POST = do_PUT

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Leases)
threading.Thread(target=server.serve_forever, daemon=True).start()
client.Configuration.set_default(client.Configuration(host=f"http://127.0.0.1:{server.server_port}"))

leads, stopped, worked = threading.Event(), threading.Event(), []


def work():
    leads.set()
    while True:
        worked.append(time.monotonic())
        time.sleep(0.2)


ended = []


def elect():
    lock = LeaseLock("leader", "default", "first")
    config = Config(lock, LEASE_SECONDS, 3, 1, onstarted_leading=work, onstopped_leading=stopped.set)
    try:
        LeaderElection(config).run()
    except Exception as problem:
        ended.append(problem)


election = threading.Thread(target=elect, daemon=True)
election.start()
leads.wait(20)
time.sleep(2.5)
server.shutdown()
server.server_close()
refused = time.monotonic()
election.join(30)
time.sleep(LEASE_SECONDS + 1)
past = worked[-1] - refused if worked else 0
if not leads.is_set() or not ended or stopped.is_set() or past < LEASE_SECONDS:
    told = f"ended with {ended}, onstopped_leading called {stopped.is_set()}, work until {past:.1f} s"
    sys.exit(f"seen instead: led {leads.is_set()}, {told}")
print(f"run() ended with {type(ended[0]).__name__}, onstopped_leading not called, work goes on after {past:.1f} s")
print("as described")
PY

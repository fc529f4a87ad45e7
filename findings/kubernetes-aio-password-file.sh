#!/usr/bin/env bash
# kubernetes 37.0.2 (aiohttp 3.14.5, CPython 3.11)
# The asyncio client with a plain Configuration lists namespaces five times over one connection.
# Seen: each request opens the user's password file (netrc) twice, in another thread, though the configuration has all
# that is needed to sign in: the client trusts the environment, and aiohttp then looks there for credentials of the
# host. With client_session_kwargs={"trust_env": False} it is not opened; proxies of the environment are then unknown
# too, and belong into Configuration.proxy.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet kubernetes==37.0.2 aiohttp==3.14.5
printf 'machine elsewhere.example login nobody password nothing\n' > passwords
chmod 600 passwords
NETRC="$folder/passwords" venv/bin/python - <<'PY'
import asyncio
import os
import sys
import threading

from aiohttp import web
from kubernetes.aio import client

opened_in = []


def note(event, arguments):
    if event == "open" and str(arguments[0]) == os.environ["NETRC"]:
        opened_in.append(threading.current_thread() is threading.main_thread())


async def namespaces(_):
    return web.json_response({"kind": "NamespaceList", "apiVersion": "v1", "metadata": {}, "items": []})


async def opened(port, **more):
    opened_in.clear()
    configuration = client.Configuration(
        host=f"http://127.0.0.1:{port}", api_key={"BearerToken": "Bearer token"}, **more
    )
    async with client.ApiClient(configuration) as api:
        for _ in range(5):
            await client.CoreV1Api(api).list_namespace()
    return list(opened_in)


async def main():
    server = web.Application()
    server.router.add_get("/api/v1/namespaces", namespaces)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    plain = await opened(port)
    told = await opened(port, client_session_kwargs={"trust_env": False})
    await runner.cleanup()
    return {
        "opened": len(plain),
        "of these in the main thread": sum(plain),
        "opened with trust_env False": len(told),
    }


sys.addaudithook(note)
seen = asyncio.run(main())
if seen != {"opened": 10, "of these in the main thread": 0, "opened with trust_env False": 0}:
    sys.exit(f"seen instead: {seen}")
print(f"for five requests: {seen}\nas described")
PY

"""The management clients are imported without their operations, and work."""

from __future__ import annotations

import subprocess
import sys

import pytest

_TELL = """
import asyncio, sys
import secureml_reconcilers.azure.connection
loaded = [name for name in sys.modules if name.startswith("azure.mgmt.") and ".operations" in name]
print(loaded, "azure.mgmt.network.aio" in sys.modules)
"""

_CLIENTS = [
    ("azure.mgmt.network", "NetworkManagementClient", "private_endpoints"),
    ("azure.mgmt.containerregistry", "ContainerRegistryManagementClient", "registries"),
    ("azure.mgmt.resource.resources", "ResourceManagementClient", "resources"),
]

_SEND = """
import asyncio, sys
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest
from secureml_reconcilers.azure.management import client_class

class Echo(AsyncHttpTransport):
    async def send(self, request, **options):
        print(request.method, request.url)

    async def open(self): pass
    async def close(self): pass
    async def __aexit__(self, *raised): pass

async def main(package, name, group):
    client = client_class(package, name)(object(), "-", base_url="https://a", policies=[], transport=Echo())
    try:
        getattr(client, group).begin_delete
    except AttributeError as error:
        print(error)
    await client.send_request(HttpRequest("GET", "https://a/b"))

asyncio.run(main(*sys.argv[1:]))
"""

_FALL_BACK = """
import sys
from secureml_reconcilers.azure import management
management._StandIn.__getattr__ = lambda self, name: {}[name]
client = management.client_class("azure.mgmt.containerregistry", "ContainerRegistryManagementClient")
print(client.__name__, "azure.mgmt.containerregistry.aio.operations" in sys.modules)
"""


def python(source: str, *arguments: str) -> str:
    """What a process of its own prints: in this one, others may have imported anything."""
    command = [sys.executable, "-c", source, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


def test_the_connection_loads_no_operations() -> None:
    """They would take a quarter of the process's memory."""
    assert python(_TELL) == "[] True"


@pytest.mark.parametrize(("package", "name", "group"), _CLIENTS)
def test_a_client_without_operations_sends(package: str, name: str, group: str) -> None:
    """And says what to use instead to who reaches for an operation."""
    told, sent = python(_SEND, package, name, group).splitlines()
    assert (told.endswith("use send_request"), sent) == (True, "GET https://a/b")


def test_a_package_that_is_built_otherwise_is_imported_whole() -> None:
    """A new release costs memory then, and nothing else."""
    assert python(_FALL_BACK) == "ContainerRegistryManagementClient True"


def test_who_imports_the_operations_afterwards_gets_them() -> None:
    """Nothing stays behind in the process's table of modules."""
    source = """
from secureml_reconcilers.azure.management import client_class
client_class("azure.mgmt.containerregistry", "ContainerRegistryManagementClient")
from azure.mgmt.containerregistry.aio.operations import RegistriesOperations
print(RegistriesOperations.__module__)
"""
    assert python(source).startswith("azure.mgmt.containerregistry.aio.operations")

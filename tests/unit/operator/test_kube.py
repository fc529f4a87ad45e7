"""How the operator's client of the API server is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kubernetes.aio import client as kubernetes

from secureml_operator.kube import without_look_ups

if TYPE_CHECKING:
    from collections.abc import Mapping

PROXY, OWN = "http://proxy.contoso.com:3128", "http://own.contoso.com:3128"


@pytest.mark.parametrize(
    ("environment", "own", "used"),
    [
        pytest.param({}, None, None, id="none is named"),
        pytest.param({"HTTPS_PROXY": PROXY}, None, PROXY, id="the environment names one"),
        pytest.param({"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.1"}, None, None, id="and leaves this server out"),
        pytest.param({"HTTPS_PROXY": PROXY}, OWN, OWN, id="the kubeconfig names another"),
        pytest.param({"HTTP_PROXY": PROXY}, None, None, id="for another scheme"),
    ],
)
async def test_the_proxy_is_found_once(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], own: str | None, used: str | None
) -> None:
    """Each request to the API server started a thread that read the environment and the password file."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    configuration = without_look_ups(kubernetes.Configuration(host="https://10.0.0.1:443", proxy=own))
    async with kubernetes.ApiClient(configuration) as api:
        session = api.rest_client._create_pool_manager()
        assert (configuration.proxy, session.trust_env) == (used, False)
        await session.close()

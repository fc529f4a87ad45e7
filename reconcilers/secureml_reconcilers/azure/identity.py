"""Which credential the operator signs in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from secureml_reconcilers.azure.environment import AzureEnvironment


def credential(environment: AzureEnvironment) -> AsyncTokenCredential:
    """Choose the credential that the environment describes, most specific first.

    Workload identity, then a client secret, then the managed identity of the machine. An explicit choice:
    a chain that tries everything hides which identity acted, and asks hosts nobody named.
    """
    options: dict[str, Any] = {"authority": environment.authority_host, "retry_total": 0}
    if environment.ca_file:
        options["connection_verify"] = environment.ca_file
    if environment.federated_token_file:
        return WorkloadIdentityCredential(
            tenant_id=environment.tenant_id,
            client_id=environment.client_id,
            token_file_path=environment.federated_token_file,
            **options,
        )
    if environment.client_secret:
        return ClientSecretCredential(
            environment.tenant_id, environment.client_id, environment.client_secret, **options
        )
    return ManagedIdentityCredential(client_id=environment.client_id or None)

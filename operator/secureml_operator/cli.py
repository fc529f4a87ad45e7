"""The command line: `secureml`."""

from __future__ import annotations

import importlib.metadata
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click
import uvloop

from secureml_operator.cluster import NoClusterError
from secureml_operator.settings import LOG_LEVELS, Settings, SettingsError, parse_address, parse_namespaces

if TYPE_CHECKING:
    from secureml_operator.telemetry.logs import LogFormat


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Isolate Azure Machine Learning workspaces, declared as Kubernetes resources."""


@main.command()
@click.option(
    "--resync",
    type=float,
    default=1800.0,
    show_default=True,
    envvar="SECUREML_RESYNC_SECONDS",
    help="The longest a resource goes without being looked at, in seconds; jittered by 10 %.",
)
@click.option(
    "--workers",
    type=int,
    default=8,
    show_default=True,
    envvar="SECUREML_WORKERS",
    help="How many resources are worked on at once.",
)
@click.option(
    "--namespaces",
    default="",
    envvar="SECUREML_NAMESPACES",
    help="Exact names, separated by commas.  [default: all of the cluster]",
)
@click.option(
    "--cluster-name",
    default="",
    envvar="SECUREML_CLUSTER_NAME",
    help="What this cluster is called in the tags it leaves in Azure.  [default: of kube-system's uid]",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="SECUREML_LOG_FORMAT",
    help="Lines for people, or JSON for a log store.",
)
@click.option(
    "--log-level",
    type=click.Choice(LOG_LEVELS, case_sensitive=False),
    default="INFO",
    show_default=True,
    envvar="SECUREML_LOG_LEVEL",
    help="Of our own records; libraries stay at WARNING.",
)
@click.option(
    "--health-address",
    default=":8080",
    show_default=True,
    envvar="SECUREML_HEALTH_ADDRESS",
    help="host:port of /healthz, /readyz and /metrics; without a host, every interface; port 0, a free one.",
)
@click.option(
    "--drain",
    type=float,
    default=20.0,
    show_default=True,
    envvar="SECUREML_DRAIN_SECONDS",
    help="How long work in flight may go on after SIGTERM, in seconds.",
)
def run(  # noqa: PLR0913  (one parameter per option)
    *,
    resync: float,
    workers: int,
    namespaces: str,
    cluster_name: str,
    log_format: LogFormat,
    log_level: str,
    health_address: str,
    drain: float,
) -> None:
    """Run the operator until SIGTERM or SIGINT.

    The cluster is the one this pod runs in, else the one of KUBECONFIG or ~/.kube/config.
    """
    try:
        host, port = parse_address(health_address)
        settings = Settings(
            resync=timedelta(seconds=resync),
            workers=workers,
            namespaces=parse_namespaces(namespaces),
            cluster_name=cluster_name,
            log_format=log_format,
            log_level=log_level.upper(),
            health_host=host,
            health_port=port,
            drain=timedelta(seconds=drain),
        )
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    sys.exit(_run(settings))


def _run(settings: Settings) -> int:
    """Run until a signal; gives the status to end with."""
    # Imported here: `secureml version` should not wait a second for kopf and the Kubernetes client.
    from secureml_operator import main as operator  # noqa: PLC0415
    from secureml_operator.health import AddressError  # noqa: PLC0415
    from secureml_operator.telemetry import logs  # noqa: PLC0415

    logs.configure(settings.log_format, settings.log_level)
    try:
        return uvloop.run(operator.run(settings))  # a tenth less processor time than asyncio's own loop
    except (NoClusterError, AddressError, SettingsError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(importlib.metadata.version("secureml-operator"))

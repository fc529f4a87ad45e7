"""`python -m secureml_sandbox`: what the Makefile's targets call."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

import click

from secureml_sandbox.binaries import BinariesUnavailableError, control_plane_binaries
from secureml_sandbox.controlplane import KubectlError
from secureml_sandbox.paths import CHECKOUT, sandbox_folder
from secureml_sandbox.processes import ProcessDiedError
from secureml_sandbox.sandbox import SPEED, Sandbox, Wishes, down, running

if TYPE_CHECKING:
    from pathlib import Path


def say(text: str) -> None:
    """Print a line of progress on standard error, indented under make's own."""
    click.echo(f"  {text}", err=True)


class _Group(click.Group):
    """Shows the expected failures as one message instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (BinariesUnavailableError, KubectlError, ProcessDiedError) as problem:
            raise click.ClickException(str(problem)) from problem
        except ValueError as problem:
            if "SANDBOX" not in str(problem):
                raise
            raise click.ClickException(str(problem)) from problem


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A cluster, a cloud and the operator on this machine. SANDBOX=name gives another one beside it."""


@main.command()
def binaries() -> None:
    """Fetch or build etcd, kube-apiserver and kubectl, and print their folder."""
    click.echo(control_plane_binaries(say))


@main.command()
@click.option("--workspace", "workspaces", multiple=True, default=("fraud", "churn"), show_default=True)
@click.option("--empty", is_flag=True, help="An empty subscription: no landscape.")
@click.option("--operator/--no-operator", default=True, show_default=True, help="Whether to start the operator.")
@click.option("--speed", default=SPEED, show_default=True, help="Azure's seconds per real second.")
def up(*, workspaces: tuple[str, ...], empty: bool, operator: bool, speed: float) -> None:
    """Start a sandbox in the background and write its env file; one that is up is left as it is."""
    found = list(running(_folder()))
    if found and all(pid for _, pid in found):
        click.echo("Already up, and left as it is. For a fresh one: make down, then make up.")
        return
    wishes = Wishes(() if empty else workspaces, operator, speed)
    sandbox = Sandbox(_folder(), control_plane_binaries(say), wishes)
    sandbox.up(say)
    click.echo(f"Ready. Next:  . {sandbox.env_file.relative_to(CHECKOUT)}")


@main.command(name="down")
def stop() -> None:
    """Stop what `up` started, and nothing else."""
    say("stopping …")
    for stopped in down(_folder()):
        say(f"stopped {stopped}")


@main.command()
def status() -> None:
    """Tell which processes run; exits with 1 when none does, or one has ended by itself."""
    found = list(running(_folder()))
    for name, pid in found:
        click.echo(f"{name:<16} {f'running, pid {pid}' if pid else 'has ended: read its log'}")
    if not found:
        click.echo("no sandbox is up")
    if not found or not all(pid for _, pid in found):
        raise SystemExit(1)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Show the operator at work, from an open workspace to a closed one."""
    # Imported on demand: the demo's imports are needed by nothing else here.
    module = importlib.import_module("secureml_sandbox.demo")
    module.main(list(arguments))


def _folder() -> Path:
    return sandbox_folder(os.environ.get("SANDBOX", ""))


if __name__ == "__main__":
    main()

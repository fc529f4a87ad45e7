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
from secureml_sandbox.sandbox import RESYNC, SPEED, Sandbox, Wishes, down, processes

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
    found = list(processes(_folder()))
    ended = [process.name for process in found if process.pid is None]
    if found and not ended:
        click.echo("Already up, and left as it is. For a fresh one: make down, then make up.")
        return
    if ended == ["operator"]:
        _say_how_to_run_the_operator()
        raise SystemExit(1)
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
    found = list(processes(_folder()))
    for process in found:
        told = f"running, pid {process.pid}" if process.pid else f"has ended; its log: {process.log}"
        click.echo(f"{process.name:<16} {told}")
    if not found:
        click.echo("no sandbox is up")
    if not found or not all(process.pid for process in found):
        raise SystemExit(1)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Show the operator at work, from an open workspace to a closed one."""
    # Imported on demand: the demo's imports are needed by nothing else here.
    module = importlib.import_module("secureml_sandbox.demo")
    module.main(list(arguments))


def _say_how_to_run_the_operator() -> None:
    """What it has made is still there, and a restart of everything would throw that away."""
    click.echo("The operator has ended; cluster and cloud are left as they are. To start it again:")
    env = (_folder() / "env").relative_to(CHECKOUT)
    click.echo(f"  . {env}; secureml run --resync {RESYNC:.0f} --health-address 127.0.0.1:0")
    click.echo("For a fresh world: make down, then make up.")


def _folder() -> Path:
    return sandbox_folder(os.environ.get("SANDBOX", ""))


if __name__ == "__main__":
    main()

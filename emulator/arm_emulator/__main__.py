"""`python -m arm_emulator`: run the emulator alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from dataclasses import replace
from pathlib import Path

import click

from arm_emulator.config import Config, load
from arm_emulator.emulator import Emulator


@click.command()
@click.option("--port", default=0, show_default=True, help="TCP port; 0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path), default=Path(".arm-emulator"), show_default=True
)
@click.option("--config", "config_file", type=click.Path(exists=True, path_type=Path), help="JSON configuration.")
@click.option("--speed", type=float, help="Virtual seconds per real second; 0 lets time stand.")
def main(port: int, host: str, directory: Path, config_file: Path | None, speed: float | None) -> None:
    """An HTTPS stand-in for Azure Resource Manager and Entra ID."""
    try:
        config = load(config_file) if config_file else Config()
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    if speed is not None:
        config = replace(config, clock_speed=speed)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(Emulator(config, directory=directory, port=port, host=host), directory))


async def _run(emulator: Emulator, directory: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with emulator:
        described = {
            "base_url": emulator.base_url,
            "ca": str(emulator.ca_path.resolve()),
            "tenant": emulator.config.tenant,
            "subscriptions": list(emulator.config.subscriptions),
            "clients": [
                {"client_id": each.client_id, "display_name": each.display_name}
                for each in emulator.config.clients
            ],
        }
        # Written last and at once: whoever waits for the file finds a server that answers.
        draft = directory / "endpoint.json.new"
        draft.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
        draft.rename(directory / "endpoint.json")
        names = ", ".join(f"{each.display_name} {each.client_id}" for each in emulator.config.clients)
        click.echo(f"arm_emulator on {emulator.base_url}, CA {emulator.ca_path}, clients: {names}")
        await stop.wait()


if __name__ == "__main__":
    main()

"""`python -m sandbox`: write look-alike exports, or answer as the vendors do, to try the taps on."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from sandbox.exports import EXPORTS
from sandbox.folder import write_export, write_folder
from sandbox.people import EPOCH, World
from sandbox.server import SandboxServer
from sandbox.settings import settings_of_taps

seed_option = click.option("--seed", default=7, show_default=True, help="The same seed gives the same files.")
epoch_option = click.option(
    "--epoch",
    type=click.DateTime(["%Y-%m-%d"]),
    default=f"{EPOCH:%Y-%m-%d}",
    show_default=True,
    help="The day up to which the world has lived, UTC.",
)


@click.group()
def main() -> None:
    """Invented people, and what the vendors would export about them."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--people", default=6000, show_default=True, help="About 3.6 rows each, over all files.")
@click.option("--clean", is_flag=True, help="Without the few damaged rows.")
@seed_option
@epoch_option
def exports(folder: Path, people: int, clean: bool, seed: int, epoch: datetime) -> None:
    """Write all exports of a world, with truth.csv and expected.json."""
    expected = write_folder(folder, World(seed, people, epoch.replace(tzinfo=UTC)), damaged=not clean)
    for name, counts in expected["files"].items():
        click.echo(f"{counts['rows']:>9,} rows  {folder / name}")
    click.echo(f"{expected['rows']:>9,} rows of {people:,} people, and {expected['rejects']} damaged rows")


@main.command()
@click.argument("name", type=click.Choice(list(EXPORTS)))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--rows", default=532_000, show_default=True)
@click.option("--no-phones", is_flag=True, help="Without the columns that hold phones.")
@seed_option
@epoch_option
def export(name: str, file: Path, rows: int, no_phones: bool, seed: int, epoch: datetime) -> None:
    """Write one export of any length."""
    chosen = EXPORTS[name].without_phones() if no_phones else EXPORTS[name]
    write_export(chosen, file, World(seed, rows, epoch.replace(tzinfo=UTC)), rows)


@main.command()
@click.option("--port", default=8799, show_default=True)
@click.option("--people", default=6000, show_default=True, help="About 5 Stripe objects each.")
@click.option("--latency-ms", default="0", show_default=True, help="How long an answer takes: 200, or 150-300.")
@click.option("--limits", type=click.Choice(["true", "off"]), default="true", show_default=True)
@click.option("--crowded", is_flag=True, help="Nine of ten rows in one month, a quarter of those in one second.")
@click.option(
    "--only", type=click.Choice(["ghl", "manychat", "paypal", "stripe"]), help="Open one vendor's books only."
)
@seed_option
@epoch_option
def serve(
    port: int, people: int, latency_ms: str, limits: str, crowded: bool, only: str | None, seed: int, epoch: datetime
) -> None:
    """Answer as the vendors do, until interrupted; the lines that are printed are settings of the taps."""
    lowest, _, highest = latency_ms.partition("-")
    latency = (int(lowest), int(highest or lowest))
    world = World(seed, people, epoch.replace(tzinfo=UTC))
    counted = limits == "true"
    server = SandboxServer(world, port=port, latency_ms=latency, limits=counted, crowded=crowded, only=only)
    with server as sandbox:
        for name, value in settings_of_taps(sandbox.url).items():
            click.echo(f"{name}={value}")
        click.echo(f"# control: {sandbox.url}/control")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main(prog_name="python -m sandbox")

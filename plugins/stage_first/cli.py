"""`stage-first`: what a person types beside Meltano and dbt."""

from __future__ import annotations

import os
import sys

import click
from local_postgres.errors import LocalServerError

from stage_first import background, project, settings
from stage_first.console import console
from stage_first.decisions_cli import decide, decisions, withdraw
from stage_first.doors import enter
from stage_first.explain_cli import explain
from stage_first.publishing_cli import preview, publish, roll_back
from stage_first.rules_cli import rules


class _Group(click.Group):
    """Errors that the user can put right are a sentence, not a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (settings.UsageError, LocalServerError, RuntimeError) as error:
            click.echo(str(error), err=True)
            sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--environment", envvar="MELTANO_ENVIRONMENT", help="Meltano's environment; `demo` has its own database.")
@click.pass_context
def main(context: click.Context, environment: str | None) -> None:
    """Download everything first, merge when you decide."""
    context.obj = environment


for command in (decide, decisions, explain, preview, publish, roll_back, rules, withdraw):
    main.add_command(command)


@main.command()
@click.pass_obj
def start(environment: str | None) -> None:
    """Start the embedded Postgres (unless DATABASE_URL names another) and bring its schema up to date."""
    from warehouse.address import without_password

    click.echo(f"Ready: {without_password(enter(environment))}")
    if not (settings.dotenv().get("DATABASE_URL") or os.environ.get("DATABASE_URL", "").strip()):
        click.echo("It stays up until `make stop`.")


@main.command()
def stop() -> None:
    """Stop what goes on in the background, the demo's panel among it, and the embedded Postgres; its data stay."""
    for name in background.stop_all():
        click.echo(f"{name} is stopped.")
    settings.local_server({**os.environ, **settings.dotenv()}).stop()
    click.echo("The embedded Postgres is stopped; its data are in .data/postgres.")


@main.command()
@click.option("--password/--no-password", "with_password", default=False, help="Print the password too.")
@click.pass_obj
def address(environment: str | None, with_password: bool) -> None:
    """Print the address of the warehouse, for psql or any other client."""
    from warehouse.address import without_password

    url = enter(environment)
    click.echo(url if with_password else without_password(url))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def status(environment: str | None, as_json: bool) -> None:
    """Per source: last run, its state, rows in staging, rows that wait to be unified, age."""
    from stage_first.status import read_status, status_json, status_table

    rows = read_status(enter(environment))
    if as_json:
        click.echo(status_json(rows))
    else:
        console().print(status_table(rows))


@main.command("download-all")
@click.option(
    "--only", help="Sources, separated by commas, for instance stripe,csv (default: all that are configured)."
)
@click.pass_obj
def download_all(environment: str | None, only: str | None) -> None:
    """Download all configured sources side by side; one that fails stops no other."""
    from stage_first.download_all import DownloadAll
    from stage_first.meltano_runs import make_tables
    from stage_first.sources import all_sources, configured

    url = enter(environment)
    sources = configured(os.environ, _names(only))
    left_out = [source for source in all_sources() if not source.is_configured(os.environ)]
    if left_out and not only:
        hints = (f"{source.name} ({source.hint(os.environ)})" for source in left_out)
        click.echo(f"Not configured, left out: {', '.join(hints)}.")
    make_tables(url)
    sys.exit(DownloadAll(sources, url, console()).run())


@main.command()
@click.option("--only", help="Sources, for instance stripe,csv (default: all).")
@click.pass_obj
def check(environment: str | None, only: str | None) -> None:
    """Try the credential of every configured source, before any download; nothing is loaded."""
    from stage_first.check import check as findings_of
    from stage_first.meltano_runs import make_tables
    from stage_first.sources import all_sources, source_named

    make_tables(enter(environment))
    sources = [source_named(name) for name in _names(only)] or all_sources()
    findings = []
    for finding in findings_of(sources, os.environ):
        click.echo(str(finding))
        findings.append(finding)
    sys.exit(1 if any(finding.is_fine is False for finding in findings) else 0)


@main.command()
@click.argument("table")
@click.option("--source", "source_name", required=True, help="Whose data it holds: ghl, manychat, paypal, stripe.")
@click.option("--stream", required=True, help="Which stream, for instance contacts.")
@click.option("--payload-column", default="payload", show_default=True, help="The column with the vendor's object.")
@click.option("--from-url", help="Address of the Postgres that has the table, if it is not the warehouse.")
@click.option("--account", help="Account in the keys (default: that of the tap's settings).")
@click.option("--id-path", help="Where the id stands in the payload (default: where the tap knows it to be).")
@click.option("--created-at", help="Where the time of creation stands, for instance meta.created.")
@click.option("--updated-at", help="Where the time of the last change stands.")
@click.pass_obj
def adopt(
    environment: str | None,
    table: str,
    source_name: str,
    stream: str,
    payload_column: str,
    from_url: str | None,
    account: str | None,
    id_path: str | None,
    created_at: str | None,
    updated_at: str | None,
) -> None:
    """Copy the raw TABLE that you already have into staging, so that nothing is downloaded twice."""
    from stage_first.adopt import Adoption, RawTable
    from stage_first.adopt_report import Report
    from stage_first.adopted_stream import Paths, adopted_stream
    from stage_first.sources import source_named

    url, source = enter(environment), source_named(source_name)
    adopted = adopted_stream(source, stream, account, Paths(id_path, created_at, updated_at))
    report = Report(url, source, adopted)
    report.end(Adoption(url, RawTable(from_url or url, table, payload_column), source.schema, adopted).run(report.show))


@main.command()
@click.option("--default-region", help="Two-letter country of numbers without one (default: each tap's own setting).")
@click.option("--source", "source_name", help="One source, for instance csv (default: all that have rows).")
@click.option("--account", help="Rows of one account only.")
@click.pass_obj
def renormalise(
    environment: str | None, default_region: str | None, source_name: str | None, account: str | None
) -> None:
    """Read the phone numbers of what is staged anew, with no download; run again, it writes only what is left."""
    from stage_first.renormalise_report import region_named, renormalise_all

    url = enter(environment)
    failures = renormalise_all(url, region_named(default_region), source_name, account)
    sys.exit(1 if failures else 0)


@main.command()
@click.option("--systemd", is_flag=True, help="Print a systemd unit for the embedded Postgres instead.")
def crontab(systemd: bool) -> None:
    """Print the schedules of meltano.yml as crontab lines with the paths of this folder."""
    from stage_first import crontab as lines

    (project.DATA / "logs").mkdir(parents=True, exist_ok=True)
    click.echo(lines.systemd_unit() if systemd else lines.crontab({**os.environ, **settings.dotenv()}))


@main.command()
@click.option(
    "--people", default=None, type=int, help="How many people live in the sandbox (default: about 20,000 rows)."
)
def demo(people: int | None) -> None:
    """Fill a database of its own from sandbox exports, unify it, and show what came of it."""
    from stage_first.demo import Demo

    sys.exit(Demo(project.DATA / "demo", people).run())


@main.group()
def csv() -> None:
    """What the columns of CSV exports mean."""


@csv.command("map")
@click.argument("kind")
@click.argument("header")
@click.argument("field", required=False)
@click.option("--comment", help="Why.")
@click.pass_obj
def csv_map(environment: str | None, kind: str, header: str, field: str | None, comment: str | None) -> None:
    """Say that HEADER of exports of KIND means FIELD (no field: ignore the column); no new import is needed."""
    from stage_first.csv_mapping import set_mapping

    click.echo(set_mapping(enter(environment), kind, header, field, comment))


@csv.command("show")
@click.argument("kind", required=False)
@click.pass_obj
def csv_show(environment: str | None, kind: str | None) -> None:
    """Show what each column means now, and who said so."""
    from stage_first.csv_mapping import mapping_table

    console().print(mapping_table(enter(environment), kind))


def _names(listed: str | None) -> list[str]:
    return [name.strip() for name in (listed or "").split(",") if name.strip()]


if __name__ == "__main__":
    main()

"""Runs dbt as the one who unifies: with the lease, told how far it is, cancelled cleanly, its failures in sentences."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from stage_first import project
from stage_first.children import end_with_parent
from stage_first.unify_progress import Progress
from stage_first.unify_run import STREAM, UnifyRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Listener = Callable[[Any], None]

UNIFY = ("build", "--exclude", "test_type:unit", "test_type:generic")
"""What the job `unify` gives to dbt: the tests of whole tables belong to `make test`."""
GATE = "The gate "
"""How the sentence about a gate that failed begins."""
RUN_TO_PUBLISH = "STAGE_FIRST_PUBLISH_RUN"
CANCELLED = 130
"""The exit code of what was cancelled, as shells have it."""
_FAILED = ("fail", "error")


@dataclass(frozen=True)
class Outcome:
    """How dbt ended: `failures` in sentences; `gates`, what the gates that failed say (None: none was asked)."""

    succeeded: bool
    failures: list[str] = field(default_factory=list)
    gates: list[str] | None = None

    @property
    def only_gates_failed(self) -> bool:
        """Everything was computed, and a gate says no."""
        return bool(self.gates) and len(self.gates or []) == len(self.failures)


def unify(database_url: str, arguments: Sequence[str]) -> Outcome:
    """Run dbt while nobody else unifies, and write into `ops` how far it is and how it ended.

    Raises:
        UsageError: somebody else unifies.
    """
    if "MELTANO_RUN_ID" in os.environ:  # Meltano, told to stop, does not tell what it has started
        end_with_parent()
    with UnifyRun(database_url) as run, cancellable(), _ending_sessions_as_their_login(database_url):
        progress = Progress(database_url, run.log, STREAM)
        try:
            outcome = run_dbt(arguments, [progress])
        finally:
            progress.end()
        run.succeeded, run.failures, run.gates = outcome.succeeded, outcome.failures, outcome.gates
    return outcome


def compute(database_url: str, *, quiet: bool = False) -> Outcome:
    """Compute all of a run, gates included, and publish nothing."""
    return unify(database_url, [*UNIFY, "publish", *(["--quiet"] if quiet else [])])


def publish_run(database_url: str, run_id: str) -> Outcome:
    """Publish what the run `run_id` computed, although a gate or a roll-back holds it."""
    os.environ[RUN_TO_PUBLISH] = run_id  # a variable, since `--vars` would make dbt read the whole project again
    try:
        return unify(database_url, ["run", "--select", "publish"])
    finally:
        del os.environ[RUN_TO_PUBLISH]


def run_dbt(arguments: Sequence[str], listeners: Sequence[Listener] = ()) -> Outcome:
    """Run dbt in this process; what failed is printed at the end, where a person looks.

    Raises:
        KeyboardInterrupt: it was cancelled; its queries are too.
    """
    from dbt.cli.main import dbtRunner

    _point_to_project(arguments)
    result = dbtRunner(callbacks=list(listeners)).invoke(list(arguments))
    if isinstance(result.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
    failures, gates = _failures(getattr(result.result, "results", None) or [])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        failures = [str(result.exception)]
    for failure in failures:
        _tell(f"\n{failure}")
    return Outcome(bool(result.success), failures, gates)


def _point_to_project(arguments: Sequence[str]) -> None:
    """Let dbt be started anywhere, not in `transform/` only."""
    if "--project-dir" not in arguments and not os.path.exists("dbt_project.yml"):
        os.environ.setdefault("DBT_PROJECT_DIR", str(project.TRANSFORM))
    if "--profiles-dir" not in arguments and not os.path.exists("profiles.yml"):
        os.environ.setdefault("DBT_PROFILES_DIR", str(project.TRANSFORM))


@contextmanager
def cancellable() -> Iterator[None]:
    """Ctrl-C and SIGTERM end what is under way, once; a second one does not interrupt the ending."""

    def cancel(number: int, _: object) -> None:
        for name in handlers:
            signal.signal(name, signal.SIG_IGN)
        _tell("Cancelling: the queries under way are ended first.")
        raise KeyboardInterrupt(number)

    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    for name in handlers:
        signal.signal(name, cancel)
    try:
        yield
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler)


@contextmanager
def _ending_sessions_as_their_login(database_url: str) -> Iterator[None]:
    """dbt ends its sessions as the role that owns the tables, which may not end those of the login."""
    import psycopg2
    from dbt.adapters.postgres.connections import PostgresConnectionManager

    def cancel(_: object, connection: Any) -> None:
        with suppress(psycopg2.InterfaceError), psycopg.connect(database_url, autocommit=True) as own:
            own.execute("select pg_terminate_backend(%s)", [connection.handle.get_backend_pid()])

    standard = PostgresConnectionManager.cancel
    PostgresConnectionManager.cancel = cancel  # type: ignore[method-assign]
    try:
        yield
    finally:
        PostgresConnectionManager.cancel = standard  # type: ignore[method-assign]


def _tell(text: str) -> None:
    with suppress(OSError):  # nobody may listen any more
        sys.stderr.write(f"{text}\n")


def _failures(results: Sequence[Any]) -> tuple[list[str], list[str] | None]:
    """Every node that failed, in a sentence; and those of them that are gates, if any gate was asked."""
    failures: list[str] = []
    gates: list[str] = []
    was_asked = False
    for result in results:
        is_gate = "gates" in result.node.fqn
        was_asked = was_asked or is_gate
        if str(result.status) in _FAILED:
            sentence = _sentence(result, is_gate=is_gate)
            failures.append(sentence)
            if is_gate and str(result.status) == "fail":
                gates.append(sentence)
    return failures, gates if was_asked else None


def _sentence(result: Any, *, is_gate: bool) -> str:
    """A gate says what to look at and how to let it pass once; an error loses what only a developer reads."""
    if is_gate and str(result.status) == "fail":
        return f"{GATE}{result.node.name} holds the publish: {result.node.description.strip()}"
    lines = str(result.message).strip().splitlines()
    if lines and lines[0].startswith("Compilation Error"):
        told = [line.strip() for line in lines[1:] if not line.strip().startswith(">")]
        return " ".join(line for line in told if line)
    return f"{result.node.name}: {' '.join(line.strip() for line in lines)}"

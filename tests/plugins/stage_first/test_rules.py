"""Rules as they stand: the files, changes on top of them with who and why, and back into the files."""

from __future__ import annotations

import os
import shutil
import warnings
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from click.testing import CliRunner
from stage_first import project
from stage_first.cli import main
from stage_first.rules import effective, seed_named, seeds
from stage_first.rules_changes import remove_rule, set_rule, withdraw_rule
from stage_first.rules_files import write_rules
from stage_first.settings import UsageError
from support.databases import fresh_database
from support.pipes import query
from warehouse.address import libpq_environment
from warehouse.connection import OWNER_ROLE, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

WHY = "twelve receptionists share it"
MODELS = {
    "identity_rules": "int_rules__kinds",
    "blocked_identifiers": "int_rules__blocked",
    "source_priority": "int_rules__source_priority",
    "accounts": "int_rules__accounts",
    "identifier_fields": "int_rules__identifier_fields",
    "identity_options": "int_rules__options",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the dbt project, whose seeds a test may write."""
    copy = tmp_path / "transform"
    shutil.copytree(project.TRANSFORM, copy, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    monkeypatch.setattr(project, "TRANSFORM", copy)
    return copy


@pytest.fixture(scope="module")
def url(server: str, template: str) -> Iterator[str]:
    """One database for the module; no test finds the changes of another."""
    with fresh_database(server, template) as address:
        yield address


@pytest.fixture
def connection(folder: Path, url: str) -> Iterator[psycopg.Connection[Any]]:
    assert folder.is_dir()
    with connect(url, application="tests") as opened:
        opened.execute("truncate ops.rule_overrides restart identity")
        yield opened


def rows(connection: psycopg.Connection[Any], name: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """The rows of a seed that stand, by key."""
    seed = seed_named(name)
    return {seed.key_of(rule.row): rule.row for rule in effective(connection, seed) if rule.row}


def test_a_change_says_who_and_why_and_leaves_the_rest(connection: psycopg.Connection[Any]) -> None:
    before = rows(connection, "kinds")
    said = set_rule(connection, "kinds", {"kind": "email", "max_names": "20"}, WHY, "ana")
    assert "identity_rules kind=email is changed. It takes effect with the next `meltano run unify`" in said
    changed = {**before["email",], "max_names": 20, "comment": WHY}
    assert rows(connection, "identity_rules") == {**before, ("email",): changed}
    (rule,) = (rule for rule in effective(connection, seeds()["identity_rules"]) if rule.state)
    assert (rule.state, rule.override and rule.override.changed_by) == ("changed", "ana")

    set_rule(connection, "kinds", {"kind": "email", "max_names": ""}, "no limit after all", "luis")
    assert rows(connection, "kinds")["email",] == {**changed, "max_names": None, "comment": "no limit after all"}
    history = connection.execute("select changed_by, withdrawn_by from ops.rule_overrides order by override_id")
    assert history.fetchall() == [("ana", "luis"), ("luis", None)]


def test_rows_are_added_removed_and_given_back(connection: psycopg.Connection[Any]) -> None:
    before = rows(connection, "kinds")
    set_rule(connection, "kinds", {"kind": "loyalty_number", "priority": "6"}, "our card")
    new = {"kind": "loyalty_number", "priority": 6, "exclusive": False, "max_names": None, "per_account": False}
    assert rows(connection, "kinds") == {**before, ("loyalty_number",): {**new, "comment": "our card"}}
    number = int(remove_rule(connection, "kinds", {"kind": "phone_e164"}, "landlines").partition(":")[0])
    assert ("phone_e164",) not in rows(connection, "kinds")
    withdraw_rule(connection, number)
    assert rows(connection, "kinds")["phone_e164",] == before["phone_e164",]
    remove_rule(connection, "kinds", {"kind": "loyalty_number"}, "the card is gone")
    assert rows(connection, "kinds") == before


def test_a_change_that_another_one_needs_is_not_taken_back(connection: psycopg.Connection[Any]) -> None:
    number = int(set_rule(connection, "kinds", {"kind": "phone_e164", "priority": "9"}, WHY).partition(":")[0])
    set_rule(connection, "kinds", {"kind": "loyalty_number", "priority": "3"}, WHY)
    with pytest.raises(UsageError, match="phone_e164 and loyalty_number would both have priority 3"):
        withdraw_rule(connection, number)
    assert rows(connection, "kinds")["phone_e164",]["priority"] == 9


def test_values_are_blocked_as_they_are_compared(connection: psycopg.Connection[Any]) -> None:
    set_rule(connection, "blocked", {"kind": "email", "value": " Front.Desk@Clinic.MX "}, WHY)
    set_rule(connection, "blocked", {"kind": "phone_e164", "value": "+52 1 55 1234 5678"}, WHY)
    set_rule(connection, "blocked", {"kind": "ghl_contact_id", "value": "loc1/AbC"}, WHY)
    assert {("email", "front.desk@clinic.mx"), ("phone_e164", "+525512345678"), ("ghl_contact_id", "loc1/AbC")} <= set(
        rows(connection, "blocked")
    )


@pytest.mark.parametrize(
    ("seed", "cells", "sentence"),
    [
        ("colours", "kind=x", "There are no rules named 'colours'. There are: identity_rules"),
        ("kinds", "kind=email color=red", "identity_rules has no column 'color'. It has: kind, priority"),
        ("kinds", "kind=email comment=x", "has no column 'comment'"),
        ("kinds", "priority=7", "Say which row of identity_rules is meant: kind=..."),
        ("kinds", "kind=email priority=high", "priority is 'high': give a whole number."),
        ("kinds", "kind=email exclusive=maybe", "exclusive is 'maybe': give true or false."),
        ("kinds", "kind=email max_names=0", "max_names must be 1 or more"),
        ("kinds", "kind=email max_names=10", "Nothing to change: identity_rules kind=email stands like that already."),
        ("kinds", "kind=loyalty_number", "Say priority=... too"),
        ("kinds", "kind=loyalty_number priority=2", "email and loyalty_number would both have priority 2"),
        ("kinds", "kind=Card-no priority=8", "'Card-no' cannot be a kind"),
        ("blocked", "kind=fone value=1", "There is no kind 'fone'. There are: stripe_customer_id, email"),
        ("blocked", "kind=email value=nobody", "'nobody' is no e-mail address."),
        ("blocked", "kind=phone_e164 value=5512345678", "is no phone number: write it with + and the country"),
        ("blocked", "kind=email value=no@email.com", "Nothing to change"),
        ("source_priority", "source=hubspot kind=contacts priority=1", "There is no source 'hubspot'"),
        ("source_priority", "source=ghl kind=contacts priority=", "Say priority=... too"),
        ("accounts", "source=ghl account=loc1", "Say business=... too"),
        (
            "fields",
            "source=ghl stream=contacts place=body field=x kind=email",
            "place is 'body': give id, custom_field",
        ),
        ("fields", "source=ghl stream=contacts place=metadata kind=email", "field=... names the custom field"),
        ("options", "option=gmail_dots value=yes", "gmail_dots is 'yes': give true or false."),
        ("options", "option=max_records value=-1", "max_records is '-1': give a whole number, or nothing"),
        ("options", "option=max_record value=1", "There is no option 'max_record'. There are: gmail_dots"),
    ],
)
def test_what_cannot_stand_is_a_sentence(
    seed: str, cells: str, sentence: str, connection: psycopg.Connection[Any]
) -> None:
    given = dict(cell.partition("=")[::2] for cell in cells.split())
    with pytest.raises(UsageError) as error:
        set_rule(connection, seed, given, WHY)
    assert sentence in str(error.value)
    assert connection.execute("select count(*) from ops.rule_overrides").fetchone() == (0,)


def test_what_is_not_there_is_not_removed_nor_withdrawn(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(UsageError, match="There is no identity_rules kind=fax: `stage-first rules show kinds` lists"):
        remove_rule(connection, "kinds", {"kind": "fax"}, WHY)
    with pytest.raises(UsageError, match=r"No change 7 stands\. Standing: none"):
        withdraw_rule(connection, 7)
    with pytest.raises(UsageError, match="Say why"):
        remove_rule(connection, "kinds", {"kind": "email"}, "  ")


def test_changes_go_back_into_the_files_and_nothing_else_moves(
    connection: psycopg.Connection[Any], folder: Path
) -> None:
    files = {seed.path: seed.path.read_bytes() for seed in seeds().values()}
    set_rule(connection, "kinds", {"kind": "email", "max_names": "20"}, "a, with a comma")
    set_rule(connection, "kinds", {"kind": "loyalty_number", "priority": "6", "exclusive": "true"}, "our card")
    remove_rule(connection, "blocked", {"kind": "email", "value": "no@email.com"}, "he is called No")
    stood = {name: rows(connection, name) for name in seeds()}
    assert sorted(write_rules(connection)) == [
        "blocked_identifiers.csv: removed email,no@email.com",
        "identity_rules.csv: added loyalty_number",
        "identity_rules.csv: changed email",
    ]
    assert {name: rows(connection, name) for name in seeds()} == stood
    assert connection.execute("select count(*) from ops.rule_overrides where withdrawn_at is null").fetchone() == (0,)

    lines = files[folder / "seeds" / "identity_rules.csv"].decode().splitlines(keepends=True)
    lines[2] = 'email,2,true,20,false,"a, with a comma"\n'
    assert seeds()["identity_rules"].path.read_text() == "".join([*lines, "loyalty_number,6,true,,false,our card\n"])
    blocked = files[folder / "seeds" / "blocked_identifiers.csv"].decode()
    gone = "email,no@email.com,Typed into forms to get past them.\n"
    assert gone in blocked
    assert seeds()["blocked_identifiers"].path.read_text() == blocked.replace(gone, "")
    for name in ("source_priority", "accounts", "identifier_fields", "identity_options"):
        assert seeds()[name].path.read_bytes() == files[seeds()[name].path]
    assert write_rules(connection) == []


@pytest.mark.usefixtures("connection")
def test_the_commands(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("STAGE_FIRST_STARTED_BY", "ana")
    monkeypatch.setenv("COLUMNS", "200")

    def rules(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["rules", *arguments])
        assert done.exit_code == code, done.output
        return done.output

    assert "is added" in rules("set", "blocked", "kind=phone_e164", "value=+525512345678", "--because", WHY)
    assert "column=value" in rules("set", "blocked", "phone_e164", "--because", WHY, code=1)
    assert "Say why" in rules("remove", "blocked", "kind=email", "value=no@email.com", code=1)
    assert "is removed" in rules("remove", "blocked", "kind=email", "value=no@email.com", "--because", "x")
    shown = rules()
    assert "identity_options" in shown
    (line,) = (line for line in rules("show", "blocked").splitlines() if "+525512345678" in line)
    assert "added (1)" in line
    assert "ana" in line
    assert WHY in line
    assert "as in the file again" in rules("withdraw", "2")
    assert "added phone_e164,+525512345678" in rules("write")
    assert "No change stands" in rules("write")
    assert query(url, "select count(*) from ops.rule_overrides where withdrawn_at is null") == [(0,)]


class Project:
    """The copied dbt project over the database of the test."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        role = query(database_url, f"select 1 from pg_roles where rolname = '{OWNER_ROLE}'")
        self.environment = {
            **libpq_environment(database_url),
            "STAGE_FIRST_ROLE": OWNER_ROLE if role else "",
            "DBT_TARGET_PATH": str(folder.parent / "target"),
            "DBT_LOG_PATH": str(folder.parent / "logs"),
        }

    def dbt(self, *arguments: str) -> Any:
        from dbt.cli.main import dbtRunner

        folders = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder), "--quiet"]
        with mock.patch.dict(os.environ, self.environment), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = dbtRunner().invoke([*arguments, *folders])
        assert done.success, done.exception or [r.message for r in done.result if r.status != "success"]
        return done.result

    def fingerprint(self) -> str:
        """What the rules that are built are called."""
        compiled = self.dbt("compile", "--inline", "{{ rules_fingerprint() }}")
        return str(compiled.results[0].node.compiled_code)


def test_the_models_read_the_same_rules_and_their_fingerprint_tells_them_apart(
    connection: psycopg.Connection[Any], folder: Path, url: str
) -> None:
    dbt = Project(folder, url)
    built = ("+path:models/intermediate/rules", "currencies", "money_statuses", "paypal_kinds")
    dbt.dbt("build", "--select", *built, "--resource-types", "seed", "function", "model")
    first = dbt.fingerprint()
    assert len(first) == 32
    connection.execute("update unified_internal.int_rules__kinds set comment = 'no rule'")
    assert dbt.fingerprint() == first
    clients = folder / "models" / "marts" / "clients.sql"
    before = clients.read_text("utf-8")
    clients.write_text(f"-- Told otherwise.\n{before}", "utf-8")
    assert dbt.fingerprint() != first, "rows that nobody touches would stay as they were"
    clients.write_text(before, "utf-8")

    set_rule(connection, "kinds", {"kind": "loyalty_number", "priority": "6"}, WHY)
    remove_rule(connection, "blocked", {"kind": "email", "value": "no@email.com"}, WHY)
    remove_rule(
        connection, "fields", {"source": "ghl", "stream": "contacts", "place": "id", "kind": "ghl_contact_id"}, WHY
    )
    set_rule(connection, "accounts", {"source": "ghl", "account": "loc1", "business": "clinic"}, WHY)
    set_rule(connection, "priority", {"source": "ghl", "kind": "contacts", "priority": "1"}, WHY)
    set_rule(connection, "options", {"option": "max_records", "value": "500"}, WHY)
    dbt.dbt("run", "--select", "path:models/intermediate/rules")
    assert dbt.fingerprint() != first
    for name, model in MODELS.items():
        columns = ", ".join(name for name in seeds()[name].types)
        found = connection.execute(f"select {columns} from unified_internal.{model}").fetchall()  # type: ignore[call-overload]
        wanted = [tuple(row[column] for column in seeds()[name].types) for row in rows(connection, name).values()]
        assert sorted(found, key=repr) == sorted(wanted, key=repr), name

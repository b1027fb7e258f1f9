"""Logging in to the server, and the little that is asked of it in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from local_postgres.errors import LocalServerError
from local_postgres.ports import HOST
from local_postgres.private import PASSWORD_FILES, ROLE, SUPERUSER


class Answer(Enum):
    """What the server says to a login of our role."""

    WELCOME = "welcome"
    UNKNOWN = "unknown"
    NOT_YET = "not yet"


MEANINGS = {
    "password authentication failed": Answer.UNKNOWN,
    "too many clients": Answer.WELCOME,
    "connection slots are reserved": Answer.WELCOME,
    "starting up": Answer.NOT_YET,
    "shutting down": Answer.NOT_YET,
    "recovery": Answer.NOT_YET,
    "Connection refused": Answer.NOT_YET,
    "Connection reset": Answer.NOT_YET,
    "closed the connection unexpectedly": Answer.NOT_YET,
    "timeout": Answer.NOT_YET,
}


@dataclass(frozen=True)
class Access:
    """The way into the server of a folder: its port and the passwords kept there."""

    folder: Path
    port: int

    def url(self, database: str) -> str:
        """The address for clients, with the password in it."""
        return f"postgresql://{ROLE}:{self._password(ROLE)}@{HOST}:{self.port}/{database}"

    def answer(self) -> Answer:
        """Try to log in; only a server that knows our password is ours."""
        try:
            self._connect(ROLE).close()
        except psycopg.OperationalError as error:
            return _meaning(error)
        return Answer.WELCOME

    def let_in(self, *, new_password: bool) -> bool:
        """Log in; a server that does not know our password is told it. False while it lets nobody in."""
        answer = Answer.UNKNOWN if new_password else self.answer()
        return self._tell_password() if answer is Answer.UNKNOWN else answer is Answer.WELCOME

    def ensure_database(self, name: str) -> None:
        """Create the database, owned by our role, unless it is there."""
        try:
            with self._connect(ROLE) as connection:
                if not connection.execute("select from pg_database where datname = %s", [name]).rowcount:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # made by someone else meanwhile
        except psycopg.OperationalError as error:
            raise LocalServerError(
                f"The server of {self.folder} cannot be asked for the database {name} ({error}). "
                "Run `local-postgres start`."
            ) from error

    def _tell_password(self) -> bool:
        """Make the role that owns everything of ours, or give it the password of our file again."""
        try:
            with self._connect(SUPERUSER) as connection:
                _set_password(connection, ROLE, self._password(ROLE))
        except psycopg.OperationalError as error:
            if _meaning(error) is not Answer.UNKNOWN:
                return False
            raise LocalServerError(
                f"The server of {self.folder} knows neither of the passwords in this folder. Put its password files "
                "back from a copy, or stop it and move the folder away to begin with an empty server."
            ) from error
        return True

    def _connect(self, role: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user=role,
            password=self._password(role),
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
            sslmode="disable",
            gssencmode="disable",
            options="",
            require_auth="scram-sha-256",  # a stranger on our port never sees a password
        )

    def _password(self, role: str) -> str:
        path = self.folder / PASSWORD_FILES[role]
        if not path.exists():
            raise LocalServerError(
                f"There is no {path}. Run `local-postgres start` if no server was started here yet; else put the file "
                "back from a copy."
            )
        return path.read_text().strip()


def _set_password(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    """Only the verifier travels, so the password itself stands in no log and no view."""
    known = connection.execute("select from pg_roles where rolname = %s", [role]).rowcount
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("{} role {} login nosuperuser createdb createrole password {}").format(
            sql.SQL("alter" if known else "create"), sql.Identifier(role), verifier.decode()
        )
    )


def _meaning(error: psycopg.OperationalError) -> Answer:
    for words, answer in MEANINGS.items():
        if words in str(error):
            return answer
    raise LocalServerError(f"The server lets nobody in ({error}). Stop it with `local-postgres stop`, then start it.")

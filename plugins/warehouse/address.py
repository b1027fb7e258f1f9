"""Turns `DATABASE_URL` into what each tool wants to read, in one place."""

from __future__ import annotations

import urllib.parse

from psycopg.conninfo import conninfo_to_dict

_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
}
_DEFAULTS = {"host": "127.0.0.1", "port": "5432", "sslmode": "prefer"}


def libpq_environment(database_url: str) -> dict[str, str]:
    """`PGHOST` and its kin, which dbt's profile, psql and pg_dump read."""
    parts = {**_DEFAULTS, **{key: str(value) for key, value in conninfo_to_dict(database_url).items()}}
    return {variable: parts[key] for key, variable in _ENVIRONMENT.items() if key in parts}


def with_search_path(database_url: str, schema: str) -> str:
    """The same address with its unqualified names in `schema` (Meltano's own tables stay out of `public`)."""
    parts = urllib.parse.urlsplit(database_url)
    query = [pair for pair in urllib.parse.parse_qsl(parts.query) if pair[0] != "options"]
    query.append(("options", f"-csearch_path={schema}"))
    return parts._replace(query=urllib.parse.urlencode(query, quote_via=urllib.parse.quote)).geturl()


def without_password(database_url: str) -> str:
    """The address as it may be printed."""
    parts = urllib.parse.urlsplit(database_url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username}@{host}" if parts.username else host, query="").geturl()

"""Tokens that end: renewed before they do, by one process at a time, and kept in the warehouse where they rotate."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import msgspec
import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_core.database import Database

RENEWED_AT = 0.8
"""The share of a token's life after which a new one is fetched."""
WRITE_TRIES = 5

_FIRST = "insert into ops.oauth_tokens (source, account, generation) values (%s, %s, 0) on conflict do nothing"
_READ = """
select access_token, refresh_token, extract(epoch from expires_at)::float8, generation
from ops.oauth_tokens where (source, account) = (%s, %s)
"""
_WRITE = """
update ops.oauth_tokens set
    access_token = %s, refresh_token = %s, expires_at = to_timestamp(%s), generation = generation + 1,
    renewed_at = clock_timestamp()
where (source, account) = (%s, %s)
"""


class Token(msgspec.Struct, frozen=True):
    """What the vendor gave; times are seconds since 1970 by our clock."""

    access_token: str
    refresh_token: str | None
    ends_at: float
    fresh_until: float

    def __repr__(self) -> str:
        """Never the secret itself."""
        return f"Token(until {datetime.fromtimestamp(self.ends_at, UTC):%Y-%m-%d %H:%M} UTC)"


def token_for(access_token: str, refresh_token: str | None, seconds: float) -> Token:
    """A token that ends `seconds` from now."""
    now = time.time()
    return Token(access_token, refresh_token, now + seconds, now + seconds * RENEWED_AT)


class TokenStore(Protocol):
    """Where the present token is; `swap` lets one process at a time exchange it."""

    def read(self) -> Token | None:
        """The token that was stored last."""
        ...

    def swap(self, refused: Token | None, ask: Callable[[Token | None], Token]) -> Token:
        """Store and return what `ask` makes of the stored token, unless another process did so since `refused`."""
        ...


class MemoryTokens:
    """Tokens that cost nothing to fetch again."""

    def __init__(self) -> None:
        self._token: Token | None = None

    def read(self) -> Token | None:
        """The token that was stored last."""
        return self._token

    def swap(self, refused: Token | None, ask: Callable[[Token | None], Token]) -> Token:
        """Store and return a new token."""
        del refused
        self._token = ask(self._token)
        return self._token


class StoredTokens:
    """Tokens in `ops.oauth_tokens`: a refresh token that was used is dead, so the new one must not be lost."""

    def __init__(self, database: Database, source: str, account: str) -> None:
        self._database = database
        self._key = [source, account]

    def read(self) -> Token | None:
        """The token that was stored last."""
        with self._database.connection() as connection:
            return _token(connection.execute(_READ, self._key).fetchone())

    def swap(self, refused: Token | None, ask: Callable[[Token | None], Token]) -> Token:
        """Exchange the token while its row is locked; who comes second finds the new one."""
        token = None
        with self._database.connection() as connection:
            connection.execute(_FIRST, self._key)
            try:
                with connection.transaction():
                    stored = _token(connection.execute(f"{_READ} for update", self._key).fetchone())
                    if stored and _lives(stored) and (refused is None or stored.access_token != refused.access_token):
                        return stored
                    token = ask(stored)
                    self._write(connection, token)
            except psycopg.Error:
                if token is None:
                    raise
                self._insist(token)
        return token

    def _write(self, connection: psycopg.Connection[object], token: Token) -> None:
        connection.execute(_WRITE, [token.access_token, token.refresh_token, token.ends_at, *self._key])

    def _insist(self, token: Token) -> None:
        """Write the token on a new connection: the vendor has forgotten the old one."""
        for attempt in range(WRITE_TRIES):
            try:
                with self._database.connection() as connection:
                    return self._write(connection, token)
            except psycopg.Error:
                if attempt == WRITE_TRIES - 1:
                    raise
                time.sleep(2**attempt)
        return None


class TokenKeeper:
    """The present token, for all threads of a tap."""

    def __init__(self, store: TokenStore, ask: Callable[[Token | None], Token]) -> None:
        self._store = store
        self._ask = ask
        self._token: Token | None = None
        self._turn = threading.Lock()

    def access_token(self) -> str:
        """A token that is good for a while yet."""
        with self._turn:
            self._token = self._token or self._store.read()
            if self._token is None or time.time() >= self._token.fresh_until:
                self._token = self._store.swap(self._token, self._ask)
            return self._token.access_token

    def renew(self, refused: str) -> bool:
        """Get another token than the one that was refused, which another thread may have done already."""
        with self._turn:
            if self._token is None or self._token.access_token == refused:
                self._token = self._store.swap(self._token, self._ask)
        return self._token.access_token != refused


def _token(row: tuple[str | None, str | None, float | None, int] | None) -> Token | None:
    if row is None or row[0] is None:
        return None
    ends_at = row[2] or 0.0
    return Token(row[0], row[1], ends_at, ends_at - max(0.0, ends_at - time.time()) * (1 - RENEWED_AT))


def _lives(token: Token) -> bool:
    return time.time() < token.fresh_until

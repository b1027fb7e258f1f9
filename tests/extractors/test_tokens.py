"""A refresh token that was used is dead: two processes that renew at once use each only once, and lose none."""

from __future__ import annotations

import threading
import time

import psycopg
from tap_core.database import Database
from tap_core.tokens import MemoryTokens, StoredTokens, Token, TokenKeeper, token_for


class Vendor:
    """Gives new tokens for the newest refresh token only."""

    def __init__(self) -> None:
        self.refresh = "refresh_0"
        self.renewals = 0
        self._turn = threading.Lock()

    def ask(self, stored: Token | None) -> Token:
        given = stored.refresh_token if stored else "refresh_0"
        with self._turn:
            assert given == self.refresh, "a dead refresh token was used"
            self.renewals += 1
            self.refresh = f"refresh_{self.renewals}"
            token = token_for(f"access_{self.renewals}", self.refresh, 3600)
        time.sleep(0.01)
        return token


def keeper(database_url: str, vendor: Vendor) -> TokenKeeper:
    return TokenKeeper(StoredTokens(Database(database_url, "test"), "ghl", "loc"), vendor.ask)


def test_eight_processes_that_renew_at_once_renew_once(database_url: str) -> None:
    vendor = Vendor()
    keepers = [keeper(database_url, vendor) for _ in range(8)]
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda one=one: tokens.append(one.access_token())) for one in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tokens, vendor.renewals) == (["access_1"] * 8, 1)
    threads = [threading.Thread(target=one.renew, args=("access_1",)) for one in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert vendor.renewals == 2
    assert {one.access_token() for one in keepers} == {"access_2"}
    close(keepers)


def close(keepers: list[TokenKeeper]) -> None:
    for one in keepers:
        one._store._database.close()  # type: ignore[attr-defined]


def test_the_next_run_goes_on_with_the_stored_token(database_url: str) -> None:
    vendor = Vendor()
    first, second = keeper(database_url, vendor), keeper(database_url, vendor)
    assert [first.access_token(), second.access_token(), vendor.renewals] == ["access_1", "access_1", 1]
    close([first, second])


def test_a_token_near_its_end_is_renewed_before_it_ends(database_url: str) -> None:
    vendor = Vendor()
    one = keeper(database_url, vendor)
    one.access_token()
    with psycopg.connect(database_url) as connection:
        connection.execute("update ops.oauth_tokens set expires_at = now() - interval '1 second'")
    other = keeper(database_url, vendor)
    assert other.access_token() == "access_2"
    close([one, other])


def test_a_token_whose_write_failed_is_written_on_another_connection(database_url: str) -> None:
    vendor, database = Vendor(), Database(database_url, "test")

    def ask_and_break(stored: Token | None) -> Token:
        with psycopg.connect(database_url, autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'stage-first test' and datname = current_database()"
            )
        return vendor.ask(stored)

    one = TokenKeeper(StoredTokens(database, "ghl", "loc"), ask_and_break)
    assert one.access_token() == "access_1"
    other = keeper(database_url, vendor)
    assert (other.access_token(), vendor.renewals) == ("access_1", 1)
    database.close()
    close([other])


def test_tokens_are_not_shown() -> None:
    assert "access" not in repr(token_for("access_1", "refresh_1", 60)).replace("Token", "")
    assert MemoryTokens().read() is None

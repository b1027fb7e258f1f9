"""Two processes of one account share its limit through the warehouse, and a warehouse that is gone stops nobody."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left

import psycopg
import pytest
from tap_core.database import Database
from tap_core.limiter import Bucket, Limiter
from tap_core.shared_bucket import SharedBucket

RATE = 40.0


def limiter(database: Database, account: str = "main") -> Limiter:
    def shared(_account: str, name: str, rate: float) -> Bucket:
        return SharedBucket(database, "stripe", account, name, rate)

    return Limiter(lambda _name: RATE, threading.Event(), shared)


def requests(limits: Limiter, count: int, times: list[float]) -> None:
    for _ in range(count):
        limits.acquire("main", ["all"])
        times.append(time.monotonic())


def most_in_a_second(times: list[float]) -> int:
    times = sorted(times)
    return max(bisect_left(times, moment + 1) - number for number, moment in enumerate(times))


def test_two_processes_together_stay_below_the_limit_and_use_it(database_url: str) -> None:
    times: list[float] = []
    databases = [Database(database_url, "test") for _ in range(2)]
    threads = [threading.Thread(target=requests, args=(limiter(one), 45, times)) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert len(times) == 90
    assert most_in_a_second(times) <= RATE + 1
    assert (max(times) - min(times)) < 2 * 90 / RATE


def test_accounts_do_not_wait_for_each_other(database_url: str) -> None:
    database = Database(database_url, "test")
    for account in ("north", "south"):
        limiter(database, account).acquire("main", ["all"])
    with database.connection() as connection:
        rows = connection.execute("select account from ops.rate_limits order by account").fetchall()
    database.close()
    assert rows == [("north",), ("south",)]


def test_a_refusal_slows_the_other_process_too(database_url: str) -> None:
    first, second = (SharedBucket(Database(database_url, "test"), "ghl", "main", "all", RATE) for _ in range(2))
    first.seconds_until_ready()
    first.take()
    first.slow_down()
    second.seconds_until_ready()
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select share from ops.rate_limits").fetchone()
    assert row == (pytest.approx(0.51, abs=0.02),)
    for bucket in (first, second):
        bucket._database.close()


def test_without_the_warehouse_the_pace_is_kept_alone(caplog: pytest.LogCaptureFixture) -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none", "test")
    times: list[float] = []
    requests(limiter(database), 30, times)
    assert most_in_a_second(times) <= RATE
    assert times[-1] - times[0] >= 29 / RATE * 0.9
    assert "not shared" in caplog.text

"""Limits hold in any second, several at once, and concurrency follows what it meets."""

from __future__ import annotations

import random
import threading
from bisect import bisect_left

import pytest
from tap_core.concurrency import Concurrency
from tap_core.errors import StoppedError
from tap_core.limiter import Limiter, LocalBucket


class Clock(threading.Event):
    """Time that passes only by waiting; sleepers wake a little late, as they do."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self._late = random.Random(1)

    def wait(self, timeout: float | None = None) -> bool:
        self.now += (timeout or 0) + self._late.uniform(0, 0.004)
        return False


def limiter_of(rates: dict[str, float], clock: Clock) -> Limiter:
    return Limiter(rates.__getitem__, clock, lambda _account, _name, rate: LocalBucket(rate, lambda: clock.now))


def most_in_a_second(times: list[float]) -> int:
    return max(bisect_left(times, time + 1) - number for number, time in enumerate(times))


@pytest.mark.parametrize("limit", [1, 10, 25, 50, 100])
def test_no_second_holds_more_than_the_limit_and_little_of_it_is_left(limit: int) -> None:
    clock = Clock()
    limiter = limiter_of({"all": limit}, clock)
    times = []
    for _ in range(limit * 20):
        limiter.acquire("main", ["all"])
        times.append(clock.now)
    assert most_in_a_second(times) <= limit
    assert (len(times) - 1) / (times[-1] - times[0]) >= 0.95 * limit


def test_a_pause_earns_no_burst() -> None:
    clock = Clock()
    limiter = limiter_of({"all": 10}, clock)
    limiter.acquire("main", ["all"])
    clock.now += 60
    times = []
    for _ in range(30):
        limiter.acquire("main", ["all"])
        times.append(clock.now)
    assert most_in_a_second(times) <= 10


def test_every_request_counts_against_all_its_buckets() -> None:
    clock = Clock()
    limiter = limiter_of({"all": 100, **dict.fromkeys("abcdef", 25.0)}, clock)
    times: dict[str, list[float]] = {name: [] for name in ["all", *"abcdef"]}
    for number in range(1500):
        name = "abcdef"[number % 6]
        limiter.acquire("main", [name, "all"])
        times["all"].append(clock.now)
        times[name].append(clock.now)
    assert most_in_a_second(times.pop("all")) in range(95, 101)
    assert max(most_in_a_second(found) for found in times.values()) <= 25


def test_accounts_have_limits_of_their_own() -> None:
    clock = Clock()
    limiter = limiter_of({"all": 1}, clock)
    assert limiter.acquire("north", ["all"]) < 0.5
    before = clock.now
    limiter.acquire("south", ["all"])
    assert clock.now == before


def test_who_waits_for_a_narrow_bucket_does_not_hold_up_the_others_and_can_be_stopped() -> None:
    stopping = threading.Event()
    limiter = Limiter({"narrow": 0.001, "other": 1000.0, "all": 1000.0}.__getitem__, stopping)
    limiter.acquire("main", ["narrow", "all"])
    outcome: list[BaseException] = []

    def wait_long() -> None:
        try:
            limiter.acquire("main", ["narrow", "all"])
        except StoppedError as error:
            outcome.append(error)

    thread = threading.Thread(target=wait_long)
    thread.start()
    for _ in range(5):
        limiter.acquire("main", ["other", "all"])
    stopping.set()
    thread.join(10)
    assert len(outcome) == 1


def test_a_refusal_halves_the_pace_which_comes_back() -> None:
    clock = Clock()
    limiter = limiter_of({"all": 10}, clock)

    def pace() -> float:
        before = clock.now
        for _ in range(5):
            limiter.acquire("main", ["all"])
        return 5 / (clock.now - before)

    pace()
    full = pace()
    limiter.bucket("main", "all").slow_down()
    assert pace() < 0.7 * full
    for _ in range(20):
        pace()
    assert pace() == pytest.approx(full, rel=0.15)


def grown(most: int = 16) -> Concurrency:
    concurrency = Concurrency(most)
    for _ in range(40):
        concurrency.answered(0.2, waited=0.0)
    return concurrency


def test_concurrency_grows_to_its_setting_while_the_limiter_leaves_room() -> None:
    assert Concurrency(16).allowed() == 2
    assert grown(16).allowed() == 16


def test_concurrency_stands_still_when_the_limiter_is_what_holds_it() -> None:
    concurrency = Concurrency(16)
    for _ in range(100):
        concurrency.answered(0.2, waited=0.1)
    assert concurrency.allowed() == 2


def test_more_workers_than_the_limit_feeds_are_let_go() -> None:
    concurrency = grown()
    for _ in range(200):
        concurrency.answered(0.2, waited=1.0)
    assert concurrency.allowed() == 1


def test_requests_that_fail_together_halve_it_once() -> None:
    concurrency = grown()
    for _ in range(8):
        concurrency.refused()
    assert concurrency.allowed() == 8


def test_slow_answers_shrink_it() -> None:
    concurrency = grown()
    concurrency.answered(5.0, waited=0.0)
    assert concurrency.allowed() == 12

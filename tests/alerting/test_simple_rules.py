"""The two rules of today: told once a run, at the end of the window that decided."""

from __future__ import annotations

from alerting.simple_rules import CRON_EVERY, CRON_MORE_THAN, cron, spike


def test_the_scheduled_count_tells_at_the_next_run_and_once_while_it_lasts() -> None:
    start = 100 * CRON_EVERY
    busy = [start + n for n in range(2 * int(CRON_EVERY))]
    assert cron(busy) == [start + CRON_EVERY]
    assert cron([start] * CRON_MORE_THAN) == []
    assert cron([start] * (CRON_MORE_THAN + 1)) == [start + CRON_EVERY]


def test_a_count_that_is_split_between_two_runs_is_missed() -> None:
    boundary = 100 * CRON_EVERY
    half = int(0.8 * CRON_MORE_THAN)
    assert cron([boundary - 1] * half + [boundary + 1] * half) == []


def test_the_ratio_tells_of_a_rise_not_of_a_height() -> None:
    quiet, busy = [5.0] * 4, [15.0] * 12
    assert spike(quiet + busy, window=10, ratio=3, least=5) == [20.0]
    assert spike(quiet + busy + [25.0] * 12, window=10, ratio=3, least=5) == [20.0]
    assert spike(quiet + busy[:11], window=10, ratio=3, least=5) == []
    assert spike(busy[:4], window=10, ratio=3, least=5) == []


def test_the_order_of_the_times_does_not_matter() -> None:
    times = [3.0 * n * n % 9000 for n in range(400)]
    assert cron(times) == cron(sorted(times))
    assert spike(times) == spike(sorted(times))

"""Counting what happened lately."""

from datetime import timedelta

from sandbox.clock import Clock
from sandbox.windows import Limit, Windows


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_so_many_fit_into_a_window_and_the_next_hears_how_long_to_wait() -> None:
    clock = Clock()
    windows = Windows(clock, {"call": Limit(2, seconds(20))})
    assert windows.take("call", "a") is None
    clock.advance(seconds(5))
    assert windows.take("call", "a") is None
    wait = windows.take("call", "a")
    # The first leaves the window in fifteen seconds, but by then this refused one has taken its place.
    assert wait is not None
    assert seconds(19) < wait <= seconds(20)
    clock.advance(wait)
    assert windows.take("call", "a") is None


def test_what_is_refused_counts_and_lengthens_the_wait() -> None:
    clock = Clock()
    windows = Windows(clock, {"call": Limit(1, seconds(20))})
    windows.take("call", "a")
    for _ in range(3):
        clock.advance(seconds(15))
        assert windows.take("call", "a") is not None
    clock.advance(seconds(21))
    assert windows.take("call", "a") is None


def test_every_name_and_key_has_a_window_of_its_own() -> None:
    windows = Windows(Clock(), {"call": Limit(1, seconds(20)), "other": Limit(1, seconds(20))})
    assert [windows.take(name, key) for name, key in (("call", "a"), ("call", "b"), ("other", "a"))] == [None] * 3
    assert windows.take("call", "a") is not None


def test_a_limit_that_changes_holds_at_once_for_what_was_counted() -> None:
    windows = Windows(Clock(), {"call": Limit(1, seconds(20))})
    windows.take("call", "a")
    windows.limits["call"] = Limit(3, seconds(20))
    assert windows.take("call", "a") is None
    windows.limits["call"] = Limit(0, seconds(20))
    assert windows.take("call", "a") is not None

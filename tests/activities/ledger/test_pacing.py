"""Pacing: the first instant that suits every limit, and each limit seen to bind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.ledger.pacing import (
    Limit,
    Stretch,
    daily_limit,
    day_of,
    first_room,
    gap_limit,
    rate_limit,
    window_limit,
)
from workflows.engine.campaign import SendWindow
from workflows.engine.caps import read_rate, write_rate

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)  # a Monday
BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-{text}:00Z")


def alone(text: str) -> Stretch:
    return (at(text), at(text))


@pytest.mark.parametrize(
    ("limits", "room", "cause"),
    [
        ([], "01T12:00", ""),
        ([daily_limit("day", 2, {"2026-06-01": 1}, "UTC")], "01T12:00", ""),
        ([daily_limit("day", 2, {"2026-06-01": 2, "2026-06-02": 3}, "UTC")], "03T00:00", "day"),
        # A day is the local day of the center.
        ([daily_limit("day", 1, {"2026-06-01": 1}, BERLIN)], "01T22:00", "day"),
        ([gap_limit("gap", timedelta(minutes=10), [alone("01T11:55")])], "01T12:05", "gap"),
        ([gap_limit("gap", timedelta(minutes=10), [alone("01T11:50")])], "01T12:00", ""),
        # The first hole that is wide enough is taken, not the end of the queue.
        (
            [
                gap_limit(
                    "gap",
                    timedelta(hours=1),
                    [alone(f"01T{o_clock}") for o_clock in ("12:00", "13:30", "18:00")],
                )
            ],
            "01T14:30",
            "gap",
        ),
        (
            [gap_limit("gap", HOUR, [(at("01T09:00"), at("01T17:30"))])],
            "01T18:30",
            "gap",
        ),
        ([rate_limit(read_rate("1 per 2 days"), [at("01T10:00")])], "03T10:00", "frequency cap"),
        ([rate_limit(read_rate("2 per 2 days"), [at("01T10:00")])], "01T12:00", ""),
        # Nor may a later message that is promised already come too close.
        ([rate_limit(read_rate("1 per 2 days"), [at("02T12:00")])], "04T12:00", "frequency cap"),
        # The day is full, and the next opening of the window counts then.
        (
            [
                window_limit(SendWindow(opens="09:00", closes="17:00"), "UTC"),
                daily_limit("day", 1, {"2026-06-01": 1, "2026-06-05": 1}, "UTC"),
            ],
            "02T09:00",
            "day",
        ),
        (
            [window_limit(SendWindow(opens="13:00", closes="17:00"), "UTC")],
            "01T13:00",
            "outside the send window",
        ),
    ],
)
def test_the_first_room_suits_every_limit(limits: list[Limit], room: str, cause: str) -> None:
    found = first_room(NOON, limits)
    assert found.at == at(room)
    assert cause in found.cause
    assert bool(cause) is bool(found.cause)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.integers(1, 5), st.sampled_from([1, 7, 45]), st.sampled_from(["09:05", "17:00"]))
def test_a_queue_drains_in_order_and_breaks_no_limit(
    per_day: int, minutes: int, closes: str
) -> None:
    window, gap = SendWindow(opens="09:00", closes=closes), timedelta(minutes=minutes)
    given_out: list[datetime] = []
    for _ in range(12):
        taken: dict[str, int] = {}
        for one in given_out:
            taken[day_of(one, BERLIN)] = taken.get(day_of(one, BERLIN), 0) + 1
        limits = [
            window_limit(window, BERLIN),
            daily_limit("day", per_day, taken, BERLIN),
            gap_limit("gap", gap, [(one, one) for one in given_out]),
        ]
        given_out.append(first_room(NOON, limits).at)
    assert given_out == sorted(given_out)
    assert all(later - one >= gap for one, later in pairwise(given_out))
    days = [day_of(one, BERLIN) for one in given_out]
    assert max(map(days.count, days)) <= per_day
    assert all(window_limit(window, BERLIN).first(one) == one for one in given_out)


@pytest.mark.parametrize("written", ["3 per 7 days", "1 per 90 minutes"])
def test_a_rate_reads_as_it_is_written(written: str) -> None:
    assert read_rate(write_rate(read_rate(written))) == read_rate(written)


@pytest.mark.parametrize("written", ["3", "0 per 7 days", "3 per week", "3 per 0 days", 3, None])
def test_what_is_no_rate_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"is no rate|is not a duration|out of range"):
        read_rate(written)

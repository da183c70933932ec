"""Pacing: the first instant at which every limit has room for one more message. Pure.

Each limit only ever moves the instant on; they are asked in turn until none moves it any more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from activities.ledger.windows import next_opening
from workflows.engine.campaign import SendWindow
from workflows.engine.caps import Rate, write_rate

FURTHEST = timedelta(days=400)
"""So far ahead room is looked for; no engagement window is longer."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: ``first`` is the first instant, not before the given one, that it leaves free."""

    cause: str
    first: Callable[[datetime], datetime]


@dataclass(frozen=True, slots=True)
class Room:
    """When there is room, and because of what not before."""

    at: datetime
    cause: str


def first_room(now: datetime, limits: Sequence[Limit]) -> Room:
    """The first instant from ``now`` on that suits every limit."""
    at, cause = now, ""
    while at < now + FURTHEST:
        before = at
        for limit in limits:
            later = limit.first(at)
            if later > at:
                at, cause = later, limit.cause
        if at == before:
            break
    return Room(at, cause)


def day_of(at: datetime, zone: str) -> str:
    """The local day of an instant, as 2026-11-21."""
    return at.astimezone(ZoneInfo(zone)).date().isoformat()


def window_limit(window: SendWindow, zone: str) -> Limit:
    """Only inside the send window, in the lead's zone."""
    cause = f"outside the send window in {zone}"
    return Limit(cause, lambda at: next_opening(window, zone, at) or at)


def daily_limit(cause: str, most: int, taken: Mapping[str, int], zone: str) -> Limit:
    """At most so many a local day; ``taken`` is by day."""
    place = ZoneInfo(zone)

    def first(at: datetime) -> datetime:
        day = at.astimezone(place).date()
        if taken.get(day.isoformat(), 0) < most:
            return at
        while taken.get(day.isoformat(), 0) >= most:
            day += timedelta(days=1)
        return datetime.combine(day, time(), place).astimezone(UTC)

    return Limit(cause, first)


def gap_limit(cause: str, gap: timedelta, times: Sequence[datetime]) -> Limit:
    """At least so far from every other one; ``times`` are in order."""

    def first(at: datetime) -> datetime:
        place = bisect_right(times, at - gap)
        while place < len(times) and times[place] < at + gap:
            at = max(at, times[place] + gap)
            place += 1
        return at

    return Limit(cause, first)


def rate_limit(rate: Rate, times: Sequence[datetime]) -> Limit:
    """At most so many in any period of that length, with those at ``times``."""

    def fits(at: datetime) -> bool:
        every = sorted((*times, at))
        pairs = zip(every, every[rate.sends :], strict=False)
        return all(later - earlier >= rate.within for earlier, later in pairs)

    def first(at: datetime) -> datetime:
        ends = (one + rate.within for one in sorted(times))
        return next(one for one in (at, *(end for end in ends if end > at)) if fits(one))

    return Limit(f"the frequency cap of {write_rate(rate)} for one person", first)

"""Pacing: the first instant at which every limit has room for one more message. Pure.

Each limit only ever moves the instant on; they are asked in turn until none moves it any more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from activities.ledger.windows import next_opening
from workflows.engine.campaign import SendWindow
from workflows.engine.caps import Rate, write_rate

FURTHEST = timedelta(days=400)
"""So far ahead room is looked for; no engagement window is longer."""

ONE_BY_ONE = "the mailbox sends one mail after the other"
DAY_OF_MAILBOX = "the mailbox has sent its mails of the day"
DAY_OF_CAMPAIGN = "the campaign has sent its messages of the day"
DAY_OF_COMPANY = "the company has got its messages of the day"


Stretch = tuple[datetime, datetime]
"""From the first to the last of some messages, between which there is no room for another."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: ``first`` is the first instant, not before the given one, that it leaves free."""

    cause: str
    first: Callable[[datetime], datetime]
    is_cap: bool = True


@dataclass(frozen=True, slots=True)
class Room:
    """When there is room, and because of what not before."""

    at: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class Daily:
    """A limit a local day: of the slots with this value in this column."""

    column: str
    value: str
    most: int
    cause: str


@dataclass(frozen=True, slots=True)
class Pace:
    """Everything that limits when one message may leave. ``zone`` decides what a day is.

    ``about`` are the columns of its slot (center, key, mailbox, person ...), ``not_after`` is the
    end of the engagement window.
    """

    about: Mapping[str, Any]
    zone: str
    gap: timedelta | None = None
    daily: tuple[Daily, ...] = ()
    rates: tuple[Rate, ...] = ()
    window: SendWindow | None = None
    lead_zone: str = "UTC"
    not_after: datetime | None = None

    @property
    def locks(self) -> tuple[str, ...]:
        """What must be held while a slot is looked for, so that none is given twice."""
        center = self.about["center"]
        shared = [(one.column, one.value) for one in self.daily]
        shared += [("mailbox", self.about["mailbox"])] if self.gap else []
        return tuple(dict.fromkeys(f"slots:{center}:{what}:{value}" for what, value in shared))

    @property
    def is_limited(self) -> bool:
        """Whether there is a cap at all; the send window alone needs no slots."""
        return bool(self.gap or self.daily or self.rates)


@dataclass(frozen=True, slots=True)
class Booked:
    """What the others have taken: by day, for each of ``Pace.daily``; and when, in order."""

    by_day: tuple[Mapping[str, int], ...] = ()
    of_mailbox: Sequence[Stretch] = ()
    of_person: Sequence[datetime] = ()


def limits_of(pace: Pace, booked: Booked) -> list[Limit]:
    """The limits of one message, given what is booked."""
    limits = [window_limit(pace.window, pace.lead_zone)] if pace.window else []
    pairs = zip(pace.daily, booked.by_day, strict=True)
    limits += [daily_limit(one.cause, one.most, taken, pace.zone) for one, taken in pairs]
    limits += [rate_limit(rate, booked.of_person) for rate in pace.rates]
    return limits + ([gap_limit(ONE_BY_ONE, pace.gap, booked.of_mailbox)] if pace.gap else [])


def first_room(now: datetime, limits: Sequence[Limit]) -> Room:
    """The first instant from ``now`` on that suits every limit."""
    at, cause = now, ""
    while at < now + FURTHEST:
        before = at
        for limit in limits:
            later = limit.first(at)
            if later > at:
                # A cap says more than the window that it moves the message past.
                cause = limit.cause if limit.is_cap or not cause else cause
                at = later
        if at == before:
            break
    return Room(at, cause)


def day_of(at: datetime, zone: str) -> str:
    """The local day of an instant, as 2026-11-21."""
    return at.astimezone(ZoneInfo(zone)).date().isoformat()


def window_limit(window: SendWindow, zone: str) -> Limit:
    """Only inside the send window, in the lead's zone."""
    cause = f"outside the send window in {zone}"
    return Limit(cause, lambda at: next_opening(window, zone, at) or at, is_cap=False)


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


def gap_limit(cause: str, gap: timedelta, busy: Sequence[Stretch]) -> Limit:
    """At least so far from every other one; ``busy`` are stretches without room, in order."""

    def first(at: datetime) -> datetime:
        place = bisect_right(busy, at - gap, key=lambda stretch: stretch[1])
        while place < len(busy) and busy[place][0] < at + gap:
            at = max(at, busy[place][1] + gap)
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

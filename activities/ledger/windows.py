"""Send windows: whether a message may leave now, and when it may. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from workflows.engine.campaign import WEEKDAYS, SendWindow


def next_opening(window: SendWindow, zone: str, now: datetime) -> datetime | None:
    """None if ``now`` is inside the window, else the first instant (UTC) at which it opens.

    Hours are wall-clock hours in ``zone``. A time that a clock change skips counts as the same
    distance after the change; of a time that comes twice, the first one counts.
    """
    if window.always:
        return None
    place = ZoneInfo(zone)
    opens, _ = _next_open(window, place, now)
    return opens if now < opens else None


def after_hours_of_work(
    window: SendWindow, zone: str, start: datetime, lasting: timedelta
) -> datetime:
    """The instant (UTC) by which so much time has gone by while the window was open."""
    if window.always:
        return start.astimezone(UTC) + lasting
    place, left, now = ZoneInfo(zone), lasting, start.astimezone(UTC)
    while True:
        opens, closes = _next_open(window, place, now)
        begins = max(opens, now)
        if begins + left <= closes:
            return begins + left
        left -= closes - begins
        now = closes


def _next_open(window: SendWindow, place: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """From when until when (UTC) it is open next, or is open now."""
    local = now.astimezone(place)
    for days in range(16):
        day = local.date() + timedelta(days=days)
        if WEEKDAYS[day.weekday()] not in window.days:
            continue
        first, length = window.hours
        opens = datetime.combine(day, first, place).astimezone(UTC)
        last = datetime.combine(day, first) + length
        closes = last.replace(tzinfo=place).astimezone(UTC)
        # A clock change may skip the whole window of a day.
        if opens < closes and now < closes:
            return opens, closes
    raise AssertionError("a window has at least one day a week")

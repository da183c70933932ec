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
    local = now.astimezone(place)
    for days in range(16):
        day = local.date() + timedelta(days=days)
        if WEEKDAYS[day.weekday()] not in window.days:
            continue
        first, length = window.hours
        opens = datetime.combine(day, first, place).astimezone(UTC)
        last = datetime.combine(day, first) + length
        closes = last.replace(tzinfo=place).astimezone(UTC)
        if closes <= opens:
            continue  # a clock change skips the whole window of that day
        if now < opens:
            return opens
        if now < closes:
            return None
    raise AssertionError("a window has at least one day a week")

"""Send windows: whether a message may leave now, and when it may. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from activities.ledger.connections import CenterConnections
from activities.ledger.holiday_calendar import why_off
from workflows.engine.automation import Automation
from workflows.engine.campaign import WEEKDAYS, SendWindow


def window_of(automation: Automation, center: CenterConnections) -> SendWindow | None:
    """When messages of an automation may leave; None if it sets no limits."""
    campaign = automation.campaign
    return campaign.send_window.plus(center.days_off) if campaign else None


def next_opening(window: SendWindow, zone: str, now: datetime) -> datetime | None:
    """None if ``now`` is inside the window, else the first instant (UTC) at which it opens.

    Hours are wall-clock hours in ``zone``. A time that a clock change skips counts as the same
    distance after the change; of a time that comes twice, the first one counts.

    Raises:
        LookupError: nobody knows the holidays that it names.
    """
    if window.always:
        return None
    place = ZoneInfo(zone)
    opens, _ = _next_open(window, place, now)
    return opens if now < opens else None


def why_shut(window: SendWindow, zone: str, now: datetime) -> str:
    """Why nothing may leave now that ``next_opening`` says so; with the holiday, if it is one."""
    today = why_off(window, now.astimezone(ZoneInfo(zone)).date())
    return f"outside the send window in {zone}" + (f" ({today})" if today else "")


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
    day = now.astimezone(place).date()
    while True:  # days off come to an end, and a week has a day of the window
        if WEEKDAYS[day.weekday()] in window.days and not why_off(window, day):
            first, length = window.hours
            opens = datetime.combine(day, first, place).astimezone(UTC)
            last = datetime.combine(day, first) + length
            closes = last.replace(tzinfo=place).astimezone(UTC)
            # A clock change may skip the whole window of a day.
            if opens < closes and now < closes:
                return opens, closes
        day += timedelta(days=1)

"""Days and hours of the calendar, reckoned in a zone. Pure: the instant "now" is given."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from activities.ledger.holiday_calendar import why_off
from workflows.engine.campaign import WEEKDAYS
from workflows.engine.days_off import DaysOff
from workflows.engine.effects import PlanWait

SATURDAY = 5


def at_local(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks in ``zone`` show ``clock`` ("09:30") on ``day``.

    A time that a clock change leaves out is taken to be as much later as the clock is put forward;
    of a time that comes twice, the first is meant.
    """
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def instant_of(
    effect: PlanWait, now: datetime, zone: ZoneInfo, value: JsonValue, off: DaysOff
) -> datetime | None:
    """The instant, in UTC, that a ``wait_until`` step means; None if the field names no day.

    ``value`` is that of the lead's field, if the step names one: a date, or an instant, of which
    the day in ``zone`` counts (RFC 3339). Days that are ``off`` are no business days.

    Raises:
        LookupError: nobody knows the holidays that ``off`` names.
    """
    if effect.weekdays is not None:
        return _next(effect, now, zone)
    if effect.business_days is not None:
        day = _business_day(now.astimezone(zone).date(), effect.business_days, off)
    elif effect.date is not None:
        day = effect.date
    else:
        named = _day(value, zone)
        if named is None:
            return None
        day = named + timedelta(days=effect.days)
    return at_local(day, effect.time, zone)


def _next(effect: PlanWait, now: datetime, zone: ZoneInfo) -> datetime:
    """The first of the weekdays at its time that is still to come: today, if it is not over."""
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(9))
    named = (day for day in days if WEEKDAYS[day.weekday()] in (effect.weekdays or ()))
    instants = (at_local(day, effect.time, zone) for day in named)
    return next(instant for instant in instants if instant > now)


def _business_day(day: date, count: int, off: DaysOff) -> date:
    """The ``count``-th day from Monday to Friday after ``day`` that is not off."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY and not why_off(off, day)
    return day


def _day(value: JsonValue, zone: ZoneInfo) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found.astimezone(zone).date() if found.tzinfo else found.date()

"""Days of the calendar, in zones and over clock changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import JsonValue

from activities.reckoning import at_local, instant_of
from workflows.engine.days_off import DaysOff
from workflows.engine.effects import PlanWait

NOON_ON_FRIDAY = datetime.fromisoformat("2026-03-06T12:00:00Z")


def plan(**fields: Any) -> PlanWait:
    about = {"enrollment": "e", "entry": 1, "step": "s", "visit": 1, "time": "09:00"}
    return PlanWait.model_validate({"kind": "plan_wait"} | about | fields)


@pytest.mark.parametrize(
    ("fields", "zone", "expected"),
    [
        ({"weekdays": ["fri"]}, "UTC", "2026-03-13T09:00Z"),  # today's 09:00 is over
        ({"weekdays": ["fri"], "time": "12:00"}, "UTC", "2026-03-13T12:00Z"),  # now is over too
        ({"weekdays": ["fri"], "time": "12:01"}, "UTC", "2026-03-06T12:01Z"),
        ({"weekdays": ["fri"]}, "America/Los_Angeles", "2026-03-06T17:00Z"),  # still 4 o'clock
        ({"weekdays": ["mon", "tue"]}, "Asia/Tokyo", "2026-03-09T00:00Z"),
        ({"business_days": 1}, "UTC", "2026-03-09T09:00Z"),
        ({"business_days": 6}, "UTC", "2026-03-16T09:00Z"),
        ({"business_days": 1}, "Pacific/Kiritimati", "2026-03-08T19:00Z"),  # Saturday there
        ({"date": "2026-03-01"}, "UTC", "2026-03-01T09:00Z"),  # over: said as it is
        ({"date": "2026-03-29"}, "Europe/Berlin", "2026-03-29T07:00Z"),
    ],
)
def test_the_instant_of_a_day(fields: dict[str, Any], zone: str, expected: str) -> None:
    found = instant_of(plan(**fields), NOON_ON_FRIDAY, ZoneInfo(zone), None, DaysOff())
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("value", "days", "expected"),
    [
        ("2026-04-10", -7, "2026-04-03T09:00Z"),
        ("2026-04-10T23:30:00-05:00", 0, "2026-04-11T09:00Z"),  # the day in the zone
        ("2026-04-10 08:00", 1, "2026-04-11T09:00Z"),
        ("soon", 0, None),
        ("", 0, None),
        (None, 0, None),
        (20260410, 0, None),
    ],
)
def test_the_instant_that_a_field_names(value: JsonValue, days: int, expected: str | None) -> None:
    wait = plan(field="renewal", days=days)
    found = instant_of(wait, NOON_ON_FRIDAY, ZoneInfo("UTC"), value, DaysOff())
    assert found == (datetime.fromisoformat(expected) if expected else None)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2026-03-29", "02:30", "2026-03-29T01:30Z"),  # left out: shown as 03:30
        ("2026-10-25", "02:30", "2026-10-25T00:30Z"),  # comes twice: the first
    ],
)
def test_clock_changes(day: str, clock: str, expected: str) -> None:
    found = at_local(date.fromisoformat(day), clock, ZoneInfo("Europe/Berlin"))
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, "2026-04-02"), (2, "2026-04-07"), (3, "2026-04-09"), (4, "2026-04-10")],
)
def test_days_off_are_no_business_days(days: int, expected: str) -> None:
    wednesday = datetime.fromisoformat("2026-04-01T12:00:00Z")
    # Good Friday, the weekend, Easter Monday; and a day of our own.
    off = DaysOff.model_validate({"holidays": ["GB-ENG"], "closed": ["2026-04-08"]})
    found = instant_of(plan(business_days=days), wednesday, ZoneInfo("UTC"), None, off)
    assert found == datetime.fromisoformat(f"{expected}T09:00Z")

"""The gate's policy as a table, and the send window as a property."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.ledger.gate import Facts, judge_mail, judge_step
from activities.ledger.windows import next_opening
from workflows.engine.campaign import WEEKDAYS, SendWindow

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)  # a Monday
GO = Facts(now=NOON, admission="RUNNING", window=SendWindow())
LATE = NOON - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("changes", "step", "mail"),
    [
        ({}, None, None),
        ({"admission": None}, "refused", "refused"),
        ({"admission": "SUPERSEDED"}, "joined_other_campaign", "joined_other_campaign"),
        ({"admission": "CLOSED"}, "terminated", "terminated"),
        ({"admission": "CLOSED", "exit": "completed"}, "completed", "completed"),
        ({"stop_reason": "reply_received"}, "reply_received", "reply_received"),
        ({"not_after": NOON}, "engagement_window_ended", "engagement_window_ended"),
        ({"not_after": NOON + timedelta(seconds=1)}, None, None),
        ({"automation_state": "disabled"}, "held", "held"),
        ({"suppressed": "unsubscribed"}, None, "unsubscribed"),
        ({"suppressed": "complained"}, None, "unsubscribed"),
        ({"suppressed": "bounced"}, None, "email_bounced"),
        ({"suppressed": "erased"}, None, "lead_gone"),
        ({"has_address": False}, None, "refused"),
        ({"now": NOON.replace(hour=3)}, None, "held"),
        ({"hold": "the template is deactivated"}, None, "held"),
        ({"hold": "the template is deactivated", "suppressed": "bounced"}, None, "email_bounced"),
        ({"review": "wanted"}, None, "held"),
        ({"review": "rejected"}, None, "refused"),
        ({"review": "rejected", "automation_state": "disabled"}, "held", "held"),
        ({"review": "rejected", "suppressed": "bounced"}, None, "email_bounced"),
        ({"no_consent": "no consent"}, None, "no_consent"),
        ({"max_sends": 2, "sends": 1}, None, None),
        ({"max_sends": 2, "sends": 2}, None, "completed"),
        ({"due": NOON - timedelta(days=1), "max_lateness": timedelta(days=1)}, None, None),
        ({"due": LATE - timedelta(days=1), "max_lateness": timedelta(days=1)}, None, "refused"),
        ({"due": LATE - timedelta(days=9)}, None, None),
        ({"halted": "by Ada"}, None, "held"),
        # An opt-out beats everything, also that no consent is asked for.
        ({"suppressed": "unsubscribed", "no_consent": "no consent"}, None, "unsubscribed"),
        ({"no_consent": "withdrawn", "automation_state": "disabled"}, "held", "no_consent"),
        ({"no_consent": "withdrawn", "halted": "by Ada"}, None, "no_consent"),
        # A stop is stronger than a hold, and a suppression than either hold.
        ({"stop_reason": "unsubscribed", "automation_state": "disabled"}, *["unsubscribed"] * 2),
        ({"suppressed": "bounced", "automation_state": "disabled"}, "held", "email_bounced"),
        ({"now": NOON.replace(hour=3), "suppressed": "bounced"}, None, "email_bounced"),
    ],
)
def test_the_gate_decides_by_this_table(
    changes: dict[str, Any], step: str | None, mail: str | None
) -> None:
    facts = replace(GO, **changes)
    for verdict, expected in ((judge_step(facts), step), (judge_mail(facts), mail)):
        got = (verdict.exit.value if verdict.exit else verdict.state) if verdict else None
        assert got == expected


@pytest.mark.parametrize(
    ("now", "zone", "opens"),
    [
        ("2026-06-01T12:00+02:00", "Europe/Berlin", None),
        ("2026-06-01T09:00+02:00", "Europe/Berlin", None),
        ("2026-06-01T17:00+02:00", "Europe/Berlin", "2026-06-02T09:00+02:00"),
        ("2026-06-05T17:00+02:00", "Europe/Berlin", "2026-06-08T09:00+02:00"),
        ("2026-06-01T12:00+00:00", "America/New_York", "2026-06-01T13:00+00:00"),
        # The nights of the clock changes: nine o'clock is nine o'clock by the wall.
        ("2026-03-27T18:00+01:00", "Europe/Berlin", "2026-03-30T09:00+02:00"),
        ("2026-10-23T18:00+02:00", "Europe/Berlin", "2026-10-26T09:00+01:00"),
        ("2026-04-03T18:00+11:00", "Australia/Lord_Howe", "2026-04-06T09:00+10:30"),
    ],
)
def test_a_window_opens_at_its_hour_by_the_wall_clock(
    now: str, zone: str, opens: str | None
) -> None:
    found = next_opening(SendWindow(), zone, datetime.fromisoformat(now))
    assert found == (datetime.fromisoformat(opens) if opens else None)


def test_a_window_that_a_clock_change_skips_opens_a_week_later() -> None:
    window = SendWindow(days=("sun",), opens="02:30", closes="03:00")
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_opening(window, "Europe/Berlin", saturday) == datetime(
        2026, 4, 5, 0, 30, tzinfo=UTC
    )


CLOCKS = st.integers(0, 24 * 60).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/St_Johns",
]


@st.composite
def windows(draw: st.DrawFn) -> SendWindow:
    opens, closes = sorted(draw(st.lists(CLOCKS, min_size=2, max_size=2, unique=True)))
    days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True))
    return SendWindow(days=tuple(days), opens=opens, closes=closes)


@settings(max_examples=150)
@given(
    windows(),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
)
def test_a_hold_ends_inside_the_window_later_than_now_and_soon(
    window: SendWindow, zone: str, moment: datetime
) -> None:
    now = moment.replace(tzinfo=UTC)
    opens = next_opening(window, zone, now)
    instant = opens or now
    local = instant.astimezone(ZoneInfo(zone))
    assert WEEKDAYS[local.weekday()] in window.days
    if opens is None:
        return
    assert next_opening(window, zone, opens) is None
    # A week and a day, or one week more if a clock change skips the only window of that week.
    assert now < opens <= now + timedelta(days=9 if len(window.days) > 1 else 16)

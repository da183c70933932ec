"""Days off: holidays and closed days, of a campaign or of its whole center."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.holiday_calendar import why_off
from activities.ledger.windows import after_hours_of_work, next_opening
from activities.messaging import Messaging
from tests.activities.ledger.scenes import ADA, a_lead, enter, make
from tests.activities.ledger.test_mail_gate import Post, mail_of
from workflows.engine.days_off import DaysOff, read_days, write_days
from workflows.engine.send_window import SendWindow

ALL_DAY: dict[str, Any] = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "opens": "00:00",
    "closes": "24:00",
}


@pytest.mark.parametrize(
    ("places", "day", "expected"),
    [
        (["US"], "2026-11-26", "Thanksgiving Day"),
        (["US"], "2026-07-03", "Independence Day (observed)"),  # the 4th is a Saturday
        (["GB-ENG"], "2026-11-30", ""),
        (["GB-SCT"], "2026-11-30", "Saint Andrew's Day"),
        (["US", "GB-SCT"], "2026-11-30", "Saint Andrew's Day"),
        (["DE-BY"], "2026-01-06", "Epiphany"),
        (["DE"], "2026-01-06", ""),
    ],
)
def test_a_holiday_is_one_of_its_place(places: list[str], day: str, expected: str) -> None:
    assert why_off(DaysOff(holidays=tuple(places)), date.fromisoformat(day)) == expected


@pytest.mark.parametrize(
    ("window", "now", "expected"),
    [
        # Thanksgiving; the day after it is none of the country's holidays.
        ({"holidays": ["US"]}, "2026-11-26T12:00", "2026-11-27T09:00"),
        ({"holidays": ["US"]}, "2026-11-25T18:00", "2026-11-27T09:00"),
        # Christmas on a Friday, then a weekend, then days of our own.
        (
            {"holidays": ["US"], "closed": ["2026-12-28 to 2026-12-31"]},
            "2026-12-24T17:00",
            "2027-01-04T09:00",
        ),
        ({"closed": ["2026-06-02 to 2027-06-01"]}, "2026-06-02T10:00", "2027-06-02T09:00"),
        ({"closed": ["2026-06-02"]}, "2026-06-01T10:00", None),
    ],
)
def test_a_window_stays_shut_on_days_off(
    window: dict[str, Any], now: str, expected: str | None
) -> None:
    found = next_opening(
        SendWindow.model_validate(window), "UTC", datetime.fromisoformat(f"{now}Z")
    )
    assert found == (datetime.fromisoformat(f"{expected}Z") if expected else None)


def test_a_day_off_is_a_day_where_the_lead_is() -> None:
    window = SendWindow.model_validate(ALL_DAY | {"closed": ["2026-06-02"]})
    now = datetime(2026, 6, 2, 2, tzinfo=UTC)  # still the first in New York
    assert next_opening(window, "America/New_York", now) is None
    there = next_opening(window, "Asia/Tokyo", now)
    assert there == datetime(2026, 6, 2, 15, tzinfo=UTC)  # the third begins there


def test_hours_of_work_leave_days_off_out() -> None:
    window = SendWindow.model_validate({"holidays": ["US"]})
    replied = datetime(2026, 11, 25, 16, tzinfo=UTC)
    found = after_hours_of_work(window, "UTC", replied, timedelta(hours=2))
    assert found == datetime(2026, 11, 27, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("campaign", "center", "state"),
    [
        ({}, {}, "sent"),
        ({"closed": "today"}, {}, "held"),
        ({}, {"closed": "today"}, "held"),
        ({"caps": True}, {"closed": "today"}, "held"),
        ({"always": True}, {"closed": "today"}, "sent"),
    ],
)
async def test_a_mail_waits_for_the_end_of_days_off_of_campaign_and_center(
    ledger: Ledger, campaign: dict[str, Any], center: dict[str, Any], state: str
) -> None:
    today = datetime.now(UTC).date()
    off = {"closed": [f"{today} to {today + timedelta(days=1)}"]}
    window = {"always": True} if "always" in campaign else ALL_DAY
    window = window | (off if "closed" in campaign else {})
    caps = {"caps": {"per_day": 100}} if "caps" in campaign else {}
    await make(ledger, campaign={"send_window": window} | caps)
    there = await enter(ledger, a_lead(ledger, first_name="A"))
    accounts = CenterConnections.model_validate(
        {"mailboxes": {"default": ADA}, "days_off": off if center else {}}
    )
    post = Post()
    centers = Connections(centers={"default": accounts})
    messaging = Messaging(ledger, centers, post, "http://127.0.0.1:1")
    outcome = await messaging.send_email(mail_of(there))
    assert (outcome.state, post.taken) == (state, int(state == "sent"))
    if state == "held":
        midnight = datetime.combine(today + timedelta(days=2), datetime.min.time(), UTC)
        assert outcome.until == midnight
        assert outcome.cause.startswith("outside the send window in UTC")
    if state == "held" and not caps:
        assert outcome.cause.endswith("(closed)")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"holidays": ["USA"]}, "should match pattern"),
        ({"closed": ["tomorrow"]}, "is no day: write 2026-12-24"),
        ({"closed": ["2026-12-24 to 2026-12-23"]}, "must go forward"),
        ({"closed": ["2026-02-30"]}, "day is out of range"),
        ({"closed": ["2026-01-01 to 2027-06-01"]}, "by a year at most"),
        ({"always": True, "holidays": ["US"]}, "always has no limits"),
    ],
)
def test_days_off_that_make_no_sense_are_refused(written: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        SendWindow.model_validate(written)


@pytest.mark.parametrize(
    ("center", "why"),
    [
        ({"days_off": {"holidays": ["XX"]}}, "days_off.holidays: the holidays of 'XX'"),
        ({"days_off": {"holidays": ["GB-ZZZ"]}}, "GB has no part 'ZZZ' .*: ENG, NIR, SCT, WLS"),
        ({"follow_up": {"hours": {"holidays": ["XX"]}}}, "follow_up.hours.holidays: .*'XX'"),
    ],
)
def test_a_center_names_places_whose_holidays_are_known(center: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        CenterConnections.model_validate(center)


@pytest.mark.parametrize("written", ["2026-12-24", "2026-12-24 to 2027-01-01"])
def test_days_are_written_as_they_are_read(written: str) -> None:
    assert write_days(read_days(written)) == written

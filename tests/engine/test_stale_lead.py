"""Stale leads: days of 24 hours, episodes that fire once, and what was stale before."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import JsonValue, ValidationError

from tests.engine.occasions import START, event, trigger
from workflows.engine.triggers.base import Occasion
from workflows.engine.triggers.stale_lead import StaleLead

DAY = timedelta(days=1)
AT_LEAST: dict[str, JsonValue] = {"at_least": "30 days"}
EXACTLY: dict[str, JsonValue] = {"exactly": "30 days"}
BETWEEN: dict[str, JsonValue] = {"between": ["14 days", "30 days"]}


def stale(period: dict[str, JsonValue], **more: JsonValue) -> StaleLead:
    stages: JsonValue = ["New", "Contacted"]
    found = trigger(**{"kind": "stale_lead", "stages": stages, **period, **more})
    assert isinstance(found, StaleLead)
    return found


@pytest.mark.parametrize(
    ("period", "hours", "within"),
    [
        (AT_LEAST, 30 * 24 - 1, False),
        (AT_LEAST, 30 * 24, True),
        (AT_LEAST, 300 * 24, True),
        (EXACTLY, 30 * 24 - 1, False),
        (EXACTLY, 30 * 24, True),
        (EXACTLY, 31 * 24 - 1, True),
        (EXACTLY, 31 * 24, False),
        (BETWEEN, 14 * 24 - 1, False),
        (BETWEEN, 14 * 24, True),
        (BETWEEN, 31 * 24 - 1, True),
        (BETWEEN, 31 * 24, False),
    ],
)
def test_the_period_counts_full_days_and_includes_both_ends(
    period: dict[str, JsonValue], hours: int, within: bool
) -> None:
    assert stale(period).is_within(timedelta(hours=hours)) is within


@pytest.mark.parametrize(("period", "days"), [(AT_LEAST, 30), (EXACTLY, 30), (BETWEEN, 14)])
@pytest.mark.parametrize("watched_for", [timedelta(0), 13 * DAY])
def test_an_episode_is_due_when_the_first_day_is_full(
    period: dict[str, JsonValue], days: int, watched_for: timedelta
) -> None:
    for existing in (True, False):
        watching = stale(period, include_existing=existing)
        for since in (START + watched_for, START + days * DAY):
            assert watching.due(START, since) == START + days * DAY


@pytest.mark.parametrize(
    ("period", "days", "existing", "is_due"),
    [
        (AT_LEAST, 40, False, False),
        (AT_LEAST, 40, True, True),
        (EXACTLY, 30.5, False, False),
        (EXACTLY, 30.5, True, True),
        (EXACTLY, 40, True, False),
        (BETWEEN, 20, False, False),
        (BETWEEN, 20, True, True),
        (BETWEEN, 30.5, True, True),
        (BETWEEN, 31, True, False),
    ],
)
def test_who_was_stale_before_enters_only_if_existing_ones_are_included(
    period: dict[str, JsonValue], days: float, existing: bool, is_due: bool
) -> None:
    enabled = START + days * DAY
    due = stale(period, include_existing=existing).due(START, enabled)
    assert due == (enabled if is_due else None)


def rings(watching: StaleLead, since: datetime, at: datetime, **known: object) -> str | None:
    last = known.get("last_activity", since)
    occasion = Occasion(
        event("lead_stale", since=since.isoformat()).model_copy(update={"at": at}),
        lead="x-1",
        values={"stage": str(known.get("stage", "new"))},
        last_activity=last if isinstance(last, datetime) else None,
    )
    match = watching.matches(occasion)
    return match.key if match else None


def test_an_episode_fires_once_and_activity_begins_another() -> None:
    watching = stale(AT_LEAST)
    first = rings(watching, START, START + 30 * DAY)
    assert first is not None
    assert rings(watching, START, START + 31 * DAY) == first  # the very same firing
    again = START + 40 * DAY
    assert rings(watching, START, START + 41 * DAY, last_activity=again) is None
    assert rings(watching, again, again + 29 * DAY) is None
    second = rings(watching, again, again + 30 * DAY)
    assert second not in (None, first)


@pytest.mark.parametrize("period", [AT_LEAST, EXACTLY, BETWEEN])
def test_an_outage_makes_a_firing_late_and_loses_none(period: dict[str, JsonValue]) -> None:
    assert rings(stale(period), START, START + 90 * DAY) is not None


@pytest.mark.parametrize("stage", ["Won", "Lost", "Qualified", ""])
def test_a_lead_that_left_the_stages_meanwhile_fires_nothing(stage: str) -> None:
    assert rings(stale(AT_LEAST), START, START + 30 * DAY, stage=stage) is None


def test_an_event_that_does_not_say_since_when_fires_nothing() -> None:
    for since in (None, "yesterday", "2026-03-02"):
        occasion = Occasion(event("lead_stale", since=since), values={"stage": "New"})
        assert stale(AT_LEAST).matches(occasion) is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
def test_a_change_of_clocks_makes_no_lead_stale_sooner_or_later(zone: str) -> None:
    began = datetime(2026, 3, 1, 12, tzinfo=ZoneInfo(zone))  # both zones change before the 31st
    due = stale(AT_LEAST).due(began, began)
    assert due is not None
    assert due.timestamp() - began.timestamp() == 30 * 24 * 3600


@pytest.mark.parametrize(
    ("kind", "data", "counts"),
    [
        ("email_sent", {}, True),
        ("sms_sent", {}, True),
        ("reply", {}, True),
        ("meeting_booked", {}, True),
        ("opened", {}, False),
        ("lead_changed", {"fields": {"stage": "Contacted"}}, True),
        ("lead_changed", {"fields": {"stage": "new"}}, False),
        ("lead_changed", {"fields": {"city": "Bonn"}}, False),
    ],
)
def test_a_new_stage_and_the_chosen_events_are_activity(
    kind: str, data: dict[str, JsonValue], counts: bool
) -> None:
    assert stale(AT_LEAST).is_activity(event(kind, **data), {"stage": "New"}) is counts


def test_an_author_may_choose_what_is_activity() -> None:
    watching = stale(AT_LEAST, activities=["opened"])
    assert watching.is_activity(event("opened"), {})
    assert not watching.is_activity(event("email_sent"), {})


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({}, "exactly one of"),
        (AT_LEAST | EXACTLY, "exactly one of"),
        (AT_LEAST | BETWEEN, "exactly one of"),
        ({"at_least": "36 hours"}, "whole days"),
        ({"between": ["14 days"]}, r"between\.1"),
        ({"between": ["30 days", "14 days"]}, "swap them"),
        (AT_LEAST | {"stages": []}, "stages"),
        (AT_LEAST | {"stages": None}, "stages"),
        (AT_LEAST | {"stages": ["New", "Won"]}, "'Won' cannot be watched"),
        (AT_LEAST | {"stages": [" lost "]}, "cannot be watched"),
        (AT_LEAST | {"stages": ["Closed Won"]}, "cannot be watched"),
        (AT_LEAST | {"stages": ["closed-lost"]}, "cannot be watched"),
    ],
)
def test_a_stale_trigger_needs_one_period_and_open_stages(
    written: dict[str, JsonValue], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        stale(written)


def test_a_stale_trigger_without_stages_is_refused() -> None:
    with pytest.raises(ValidationError, match="stages\n  Field required"):
        trigger(kind="stale_lead", at_least="30 days")


def test_the_same_number_of_days_twice_is_a_range_of_one_day() -> None:
    narrow = stale({"between": ["14 days", "14 days"]})
    assert [narrow.is_within(days * DAY) for days in (13, 14, 15)] == [False, True, False]

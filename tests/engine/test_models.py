"""Definitions: durations, the campaign block, and the graph of steps."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from pydantic import ValidationError

from tests.engine.journey import define
from tests.engine.situations import CAMPAIGN
from workflows.engine.automation import Automation
from workflows.engine.campaign import ReEntry, SendWindow
from workflows.engine.durations import read_duration, write_duration
from workflows.engine.effects import FactEffect
from workflows.engine.state import is_message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 second", 1),
        ("90 minutes", 5400),
        ("3days", 259200),
        (" 1 week 2 days ", 777600),
        ("1 hour 30 minutes", 5400),
    ],
)
def test_a_duration_is_read_and_written_back(text: str, seconds: int) -> None:
    duration = read_duration(text)
    assert duration == timedelta(seconds=seconds)
    assert read_duration(write_duration(duration)) == duration
    assert read_duration(duration) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "days",
        "1.5 days",
        "-1 day",
        "3 months",
        "1 day, 2 hours",
        "0 days",
        "367 days",
        3,
        None,
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match=r"'3 days'|at most 366 days"):
        read_duration(text)


def test_a_duration_is_written_in_the_largest_units() -> None:
    assert write_duration(timedelta(days=8, minutes=1)) == "1 week 1 day 1 minute"


def test_a_definition_survives_json_and_leaves_out_its_defaults() -> None:
    automation = define(CAMPAIGN)
    text = automation.model_dump_json(exclude_defaults=True, by_alias=True)
    assert Automation.model_validate_json(text) == automation
    assert "priority" not in text


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("- {id: a, kind: end}\n- {id: a, kind: end}", "'a' is there 2 times"),
        ("- {id: a, kind: end, next: b}", "next names 'b', which is no step of: a"),
        (
            "- {id: a, kind: branch, arms: [{when: {event: x}, go_to: b}]}",
            r"arms.1.go_to names 'b'",
        ),
        (
            "- {id: a, kind: branch, arms: [{when: {event: x}, go_to: a}], otherwise: c}",
            "otherwise",
        ),
        (
            "- {id: a, kind: wait_for, events: [x], timeout: 1 day, on_event: z}",
            "on_event names 'z'",
        ),
        ("- {id: a, kind: wait_for, events: [x], timeout: 1 day, on_timeout: z}", "on_timeout"),
        ("- {id: a, kind: dance}", "dance"),
        ("- {id: a, kind: wait, for: 1 day, until: x}", "until"),
    ],
)
def test_steps_that_are_no_graph_are_refused(steps: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        define("steps:\n" + steps)


def test_the_lane_is_shared_by_campaigns_alone() -> None:
    assert define(CAMPAIGN).lane == "outreach"
    assert define("steps:\n- {id: a, kind: end}").lane == "automation-spring"
    assert define(CAMPAIGN).step("nowhere") is None


def test_a_send_window_tells_its_hours() -> None:
    assert SendWindow(closes="24:00").hours == (time(9), timedelta(hours=15))


@pytest.mark.parametrize("hours", [("17:00", "09:00"), ("09:00", "09:00"), ("9:00", "17:00")])
def test_a_send_window_opens_before_it_closes(hours: tuple[str, str]) -> None:
    with pytest.raises(ValidationError, match="opens"):
        SendWindow(opens=hours[0], closes=hours[1])


@pytest.mark.parametrize("rule", [{"rule": "after"}, {"rule": "once", "wait": "1 day"}])
def test_a_re_entry_has_a_wait_exactly_if_it_is_after_a_while(rule: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="rule 'after' needs"):
        ReEntry.model_validate(rule)


def test_the_key_of_a_fact_effect_names_its_activity() -> None:
    assert FactEffect(key="reply-17/create_task").activity == "create_task"


def test_nothing_is_no_mail() -> None:
    assert is_message(None) is False

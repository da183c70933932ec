"""What is found in the ways through the steps: loops that nothing ends, ways that none takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starters.mistakes import HEAD, MAIL_STEP
from tests.starters.test_definitions import EVERYTHING, told

CAMPAIGN = HEAD + "campaign: {engagement_window: 30 days%s}\nsteps:\n"
ON = ", counted_from: last_send"
REST = "- {id: rest, kind: wait, for: %s}\n"
BACK = "- {id: back, kind: wait, for: %s, next: intro}\n"
HAND = "- {id: h, kind: outreach_handover, campaign: 3, timeout: 9 days%s}\n"
REMIND = "- {id: b, kind: notify, channel: x, text: y}\n"
END = "- {id: e, kind: end}\n"


def checks(tmp_path: Path, text: str) -> list[str]:
    return sorted({one.check for one in told(tmp_path, text, EVERYTHING)})


def test_a_jump_counts_only_the_way_it_jumps_and_not_the_way_on_from_it(tmp_path: Path) -> None:
    steps = MAIL_STEP + REST % "1 hour" + "- {id: j, kind: jump, go_to: rest, at_most: 3%s}\n"
    (found,) = told(tmp_path, HEAD + "steps:\n" + steps % ", next: intro")
    assert found.check == "unlimited-loops"
    assert "nothing ends the loop intro -> rest -> j -> intro" in found.message
    assert checks(tmp_path, HEAD + "steps:\n" + steps % "") == []


@pytest.mark.parametrize(
    ("settings", "wait", "found"),
    [
        (ON, "5 days", ["unlimited-loops"]),
        (ON, "30 days", ["unlimited-loops"]),
        (ON, "31 days", ["waits-beyond-the-window"]),  # the window ends before the next message
        (ON + ", caps: {max_sends: 5}", "5 days", []),
        ("", "5 days", []),
    ],
)
def test_a_window_that_each_message_begins_anew_ends_no_loop(
    settings: str, wait: str, found: list[str], tmp_path: Path
) -> None:
    assert checks(tmp_path, CAMPAIGN % settings + MAIL_STEP + BACK % wait) == found


def test_a_window_that_begins_with_messages_ends_a_loop_without_any(tmp_path: Path) -> None:
    steps = MAIL_STEP + REST % "1 day" + REMIND.replace("y}", "y, next: rest}")
    assert checks(tmp_path, CAMPAIGN % ON + steps) == []


@pytest.mark.parametrize(
    ("settings", "wait", "count"),
    [
        ("", "1 hour", "720"),
        ("", "8 hours", None),
        (", caps: {max_sends: 5}", "1 hour", None),
        (", caps: {frequency_cap: 3 per 7 days}", "1 hour", None),
        (", caps: {frequency_cap: 9 per 1 day}", "1 hour", "279"),
    ],
)
def test_many_messages_to_one_lead_are_counted(
    settings: str, wait: str, count: str | None, tmp_path: Path
) -> None:
    said = [one.message for one in told(tmp_path, CAMPAIGN % settings + MAIL_STEP + BACK % wait)]
    assert len(said) == (count is not None)
    assert not count or f"has got {count} messages" in said[0]


def test_a_wait_for_an_event_is_reckoned_with_its_time_out(tmp_path: Path) -> None:
    wait = "- {id: w, kind: wait_for, events: [clicked], timeout: %s, on_event: e,\n"
    steps = MAIL_STEP + wait + "   on_timeout: intro}\n" + END
    assert checks(tmp_path, CAMPAIGN % "" + steps % "1 hour") == ["many-messages"]
    assert checks(tmp_path, CAMPAIGN % "" + steps % "3 days") == []


@pytest.mark.parametrize(
    ("step", "ways"),
    [
        ("kind: branch, arms: [{when: {event: x}, go_to: e}], otherwise: e", 0),
        ("kind: branch, arms: [{when: {event: x}, go_to: e}]", 1),
        ("kind: ab_split, arms: [{go_to: e}, {go_to: e}]", 0),
        ("kind: wait_for, events: [x], timeout: 1 day, on_event: e, on_timeout: e", 0),
        ("kind: wait_for, events: [x], timeout: 1 day, on_event: e", 1),
        ("kind: end", 0),
        ("kind: goal", 0),
    ],
)
def test_a_next_that_no_lead_takes_is_refused_and_leads_nowhere(
    step: str, ways: int, tmp_path: Path
) -> None:
    text = HEAD + f"steps:\n- {{id: a, {step}, next: b}}\n" + REMIND + END
    found = told(tmp_path, text)
    refused = [one for one in found if one.check == "next-never-taken"]
    idle = [one.step for one in found if one.check == "idle-steps"]
    assert [(one.severity, one.line) for one in refused] == [("error", 5)] * (1 - ways)
    assert idle[:1] == ["b"] * (1 - ways)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (", mails: 3, on_completed: e, on_answer: e, on_timeout: e", ["idle-steps"]),
        (", mails: 3, on_answer: e, on_timeout: e", []),
        (", on_answer: e, on_timeout: e", ["idle-steps"]),
        (", on_completed: e", ["next-never-taken"]),
    ],
)
def test_a_handover_of_which_every_way_leads_elsewhere_does_not_go_on(
    fields: str, found: list[str], tmp_path: Path
) -> None:
    named = checks(tmp_path, HEAD + "steps:\n" + HAND % fields + REMIND + END)
    assert [name for name in named if name != "missing-connections"] == found


def test_a_phantom_way_past_a_push_is_none(tmp_path: Path) -> None:
    text = (
        HEAD + "steps:\n"
        "- {id: s, kind: ab_split, arms: [{go_to: push}, {go_to: e}], next: add}\n"
        "- {id: push, kind: push, to: salesforce, fields: {LastName: last_name}}\n"
        "- {id: add, kind: add_to_campaign, campaign: 701000000000001AAA}\n" + END
    )
    assert checks(tmp_path, text) == ["next-never-taken"]


def test_a_date_that_may_be_over_is_named_as_what_makes_a_loop_endless(tmp_path: Path) -> None:
    date = "- {id: day, kind: wait_until, field: renewal, next: intro}\n"
    (found,) = (
        one
        for one in told(tmp_path, HEAD + "steps:\n" + MAIL_STEP + date)
        if one.check == "endless-loops"
    )
    assert "'day' holds nobody up whose date is over or whose field is empty" in found.message

"""Settings that cannot have the effect that they are written for are told of."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.starters.commands import Commands
from tests.starters.mistakes import HEAD, STEPS
from tests.starters.test_definitions import EVERYTHING, told
from tests.starters.trigger_mistakes import END, START

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ONCE = START + "  kind: scheduled\n  at: %s\n  zone: %s\n  on: %s\n" + END
UNTIL = HEAD + "campaign: {engagement_window: 1 week, active_until: '%s'}\nsteps:\n"
WINDOW = HEAD + "campaign: {engagement_window: 1 week}\nsteps:\n- {id: a, %s}\n"
AFTER = """id: after
name: After
trigger: {kind: campaign_exited, reasons: [reply_received], campaigns: [%s]}
steps:
- {id: done, kind: end}
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (ONCE % ("09:00", "Europe/London", "2020-01-01"), 7),
        (ONCE % ("09:00", "America/New_York", "2026-11-22"), None),
        (ONCE % ("09:00", "Asia/Tokyo", "2026-11-22"), 7),
        (UNTIL % "2026-11-22T11:00:00Z" + "- {id: e, kind: end}\n", 4),
        (UNTIL % "2026-11-22T11:00:00-05:00" + "- {id: e, kind: end}\n", None),
        (STEPS + "- {id: a, kind: wait_until, date: 2026-11-20}\n", 5),
        (STEPS + "- {id: a, kind: wait_until, date: 2026-11-22}\n", None),
        (STEPS + "- {id: a, kind: wait_until, field: renewal}\n", None),
    ],
)
def test_a_day_that_is_over_is_told_of(text: str, line: int | None, tmp_path: Path) -> None:
    found = [(one.line, one.check) for one in told(tmp_path, text, EVERYTHING, NOW)]
    assert found == ([(line, "days-that-are-over")] if line else [])
    assert told(tmp_path, text, EVERYTHING) == ()


@pytest.mark.parametrize(
    ("step", "warned"),
    [
        ("kind: wait, for: 8 days", 1),
        ("kind: wait, for: 7 days", 0),
        ("kind: wait_until, business_days: 8", 1),
        ("kind: wait_for, events: [clicked], timeout: 8 days", 1),
        ("kind: wait_for, events: [clicked], timeout: 3 days", 0),
    ],
)
def test_a_wait_that_outlasts_the_engagement_window_is_told_of(
    step: str, warned: int, tmp_path: Path
) -> None:
    found = [one.check for one in told(tmp_path, WINDOW % step, EVERYTHING)]
    assert found == ["waits-beyond-the-window"] * warned


def test_a_review_that_outlasts_the_window_is_told_of_only_if_its_length_is_written_down(
    tmp_path: Path,
) -> None:
    review = "kind: approval, of: b%s}\n- {id: b, kind: send_email, template: hello"
    for more, warned in (("", 0), (", timeout: 9 days", 1)):
        found = [one.check for one in told(tmp_path, WINDOW % (review % more), EVERYTHING)]
        assert found == ["waits-beyond-the-window"] * warned


def test_a_campaign_that_the_trigger_waits_for_and_nobody_has_published_is_told_of(
    cut_off: Commands,
) -> None:
    first = cut_off("publish", cut_off.file("after.yaml", AFTER % "spring"))
    assert "no lead leaves 'spring' yet, for which the trigger waits" in first.out
    cut_off(
        "publish",
        cut_off.file("spring.yaml", STEPS.replace("welcome", "spring") + "- {id: e, kind: end}\n"),
    )
    again = cut_off("publish", cut_off.file("after.yaml", AFTER % "spring"))
    assert (again.status, "no lead leaves" in again.out) == (0, False)


def test_the_present_day_is_looked_at_when_a_file_is_validated(cut_off: Commands) -> None:
    file = cut_off.file("a.yaml", ONCE % ("09:00", "Europe/London", "2020-01-01"))
    assert "2020-01-01 09:00 is over" in cut_off("validate", file, "--without-connections").out

"""What is wrong with a value is said in words for authors, and never in those of pydantic."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starters.mistakes import HEAD, STEPS
from tests.starters.test_definitions import told

SETTING = HEAD + "campaign: {engagement_window: 1 day, %s}\nsteps:\n- {id: e, kind: end}\n"
STEP = STEPS + "- {id: a, %s}\n"
DAY = "must be a day of the calendar such as 2026-11-21, not"
INSTANT = "'campaign.active_until' must be an instant such as 2026-11-21T09:00:00Z"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "steps: []\n", "'steps' must have at least 1 item, not 0"),
        (STEP % "kind: branch, arms: []", "'arms' must have at least 1 item, not 0"),
        (
            STEP % "kind: ab_split, arms: [{go_to: a, weight: 0}, {go_to: a}]",
            "'arms.1.weight' must be at least 1, not 0",
        ),
        (STEP % "kind: jump, go_to: a, at_most: 1001", "must be at most 1000, not 1001"),
        (STEP % "kind: wait_until, date: 2026-02-31", f"'date' {DAY} '2026-02-31'"),
        (STEP % "kind: wait_until, date: soon", f"'date' {DAY} 'soon'"),
        (STEP % "kind: wait_until, date: 3", f"'date' {DAY} 3"),
        (
            STEP % "kind: wait_until, weekdays: [mon, mon, mon, mon, mon, mon, mon, mon]",
            "'weekdays' must have at most 7 items, not 8",
        ),
        (STEP % "kind: send_sms, text: ''", "'text' must have at least 1 character, not 0"),
        (
            STEP % f"kind: update_stage, stage: {'x' * 50}",
            "'stage' must have at most 40 characters, not 50",
        ),
        (
            STEP % "kind: http_call, connection: x, method: GET, path: foo",
            "'path' is 'foo', but must begin with '/', or be a whole address with https://",
        ),
        (SETTING % "active_until: soon", f"{INSTANT}, not 'soon'"),
        (SETTING % "active_until: 2026-01-01", f"{INSTANT}, with its zone, not '2026-01-01'"),
        (
            STEP % "kind: set_field, field: x, value: [1]",
            "'value' must be text of at most 1000 characters, a number, true or false, not a list",
        ),
        (
            STEP % "kind: track_event, event: x, properties: [1]",
            "'properties' must be a group of fields, each as 'field: value', not a list",
        ),
    ],
)
def test_a_value_that_cannot_be_is_told_once_in_words_for_authors(
    text: str, said: str, tmp_path: Path
) -> None:
    (found,) = (one for one in told(tmp_path, text) if one.check == "fields")
    assert said in found.message

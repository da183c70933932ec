"""Events that cannot be heard, or that are nearly those that are, are told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starters.mistakes import HEAD
from tests.starters.test_definitions import told

WAIT = "steps:\n- {id: a, kind: wait_for, events: [%s], timeout: 1 day}\n"
CAMPAIGN = "campaign: {engagement_window: 1 week%s}\n"
ASK = "steps:\n- {id: b, kind: branch, arms: [{when: {not: {event: %s}}, go_to: e}]}\n"
STALE = "{kind: stale_lead, exactly: 30 days, stages: [New], activities: [%s]}"
END = "- {id: e, kind: end}\n"


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        (CAMPAIGN % "" + WAIT % "reply", False),
        (CAMPAIGN % ", exits: {on: [bounce]}" + WAIT % "reply", True),
        (WAIT % "reply", True),
        (WAIT % "unsubscribe", False),
        (WAIT % "complaint", False),
        ("goal: {event: bought, stops: true}\n" + WAIT % "bought", False),
        ("goal: {event: bought}\n" + WAIT % "bought", True),
    ],
)
def test_a_wait_for_what_ends_the_enrollment_is_told_of(
    text: str, heard: bool, tmp_path: Path
) -> None:
    found = [one.check for one in told(tmp_path, HEAD + text)]
    assert found == ["waits-for-an-exit"] * (not heard)


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("replied", "reply"),
        ("clciked", "clicked"),
        ("form_submited", "form_submitted"),
        ("clicked", None),
        ("meeting_moved", None),
        ("prices_viewed", None),
    ],
)
def test_a_kind_that_is_nearly_a_known_one_is_asked_about(
    kind: str, meant: str | None, tmp_path: Path
) -> None:
    trigger = HEAD.replace("{kind: manual}", f"{{kind: event_added, event: {kind}}}")
    stale = HEAD.replace("{kind: manual}", STALE % kind)
    starts = (f"{one}steps:\n{END}" for one in (trigger, stale))
    for text in (HEAD + WAIT % kind, HEAD + ASK % kind + END, *starts):
        found = told(tmp_path, text)
        assert [one.check for one in found] == (["misspelt-events"] if meant else [])
        assert not meant or f"did you mean {meant!r}?" in found[0].message

"""What is found in a trigger: stages that nobody works on, activities that are not counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.starters.test_definitions import EVERYTHING, told
from tests.starters.trigger_mistakes import STALE


@pytest.mark.parametrize(
    ("stage", "closed"),
    [
        ("Closed/Lost", True),
        ("Won - closed", True),
        ("LOST (closed)", True),
        ("Closed", False),
        ("Lost contact", False),
        ("Won over", False),
    ],
)
def test_a_stage_that_says_won_or_lost_is_known_in_any_spelling(
    stage: str, closed: bool, tmp_path: Path
) -> None:
    found = told(tmp_path, STALE % f", {stage}")
    assert [one.check for one in found] == ["closed-stages"] * closed


def test_an_author_who_lists_the_activities_is_not_asked_about_those_of_smartlead(
    tmp_path: Path,
) -> None:
    here = replace(EVERYTHING, vendors=EVERYTHING.vendors | {"smartlead"})
    listed = STALE.replace("  stages", "  activities: [reply]\n  stages") % ""
    assert told(tmp_path, listed, here) == ()
    assert [one.check for one in told(tmp_path, STALE % "", here)] == ["outreach-not-counted"]

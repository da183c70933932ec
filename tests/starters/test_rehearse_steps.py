"""Step kinds in a rehearsal: what they would write, and when a day comes."""

from __future__ import annotations

from tests.starters.rehearsals import Rehearsals
from tests.starters.test_rehearse import rehearse

__all__ = ["rehearse"]

STEPS = """\
id: kinds
name: Kinds
trigger: {kind: manual}
campaign: {engagement_window: 30 days}
steps:
  - {id: rate, kind: set_field, field: rating, value: Hot, only_here: true}
  - {id: hot, kind: branch, arms: [{when: {field: rating, op: equals, value: Hot}, go_to: due}]}
  - {id: cold, kind: end}
  - {id: due, kind: wait_until, weekdays: [thu], at: 09:30}
  - {id: again, kind: jump, go_to: due, at_most: 2}
"""


def test_a_rehearsal_sets_fields_and_looks_days_up(rehearse: Rehearsals) -> None:
    file = rehearse.dripstone.file("kinds.yaml", STEPS)
    lines = rehearse.timeline("x-1", campaigns=[file])
    told = [(line["at"][:16], line["step"], line["what"]) for line in lines]
    assert any(step == "rate" and what == "set_field" for _, step, what in told)
    waits = [what for _, step, what in told if step == "due" and what.startswith("Wait until")]
    assert waits == [
        "Wait until 2026-03-05 08:30 UTC",
        "Wait until 2026-03-12 08:30 UTC",
    ]

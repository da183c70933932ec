"""Pictures of files that are not right yet: what can be read of them is drawn."""

from __future__ import annotations

import pytest

from tests.starters.commands import Commands

DRAFT = """id: Draft
name: A draft
trigger: {kind: manual}
%ssteps:
- {id: a, kind: send_email, template: nowhere}
- {id: b, kind: %s, next: a}
"""


@pytest.mark.parametrize("campaign", ["", "campaign: {engagement_window: 3 moons}\n"])
def test_of_a_file_with_errors_what_can_be_read_is_drawn(campaign: str, cut_off: Commands) -> None:
    file = cut_off.file(
        "draft.yaml", DRAFT % (campaign, "branch, arms: [{when: {event: x}, go_to: a}]")
    )
    drawn = cut_off("draw", file)
    assert drawn.status == 0
    assert drawn.out.startswith("flowchart TD")
    assert '-->|"x came"| s1' in drawn.out
    assert "error: 'id' is 'Draft', but must be a name of at most 63 characters" in drawn.err
    assert ("leaves out what cannot be read: campaign, id" in drawn.err) == bool(campaign)


def test_a_file_of_which_a_step_cannot_be_read_is_not_drawn(cut_off: Commands) -> None:
    for step in ("dance", "wait"):
        refused = cut_off("draw", cut_off.file("draft.yaml", DRAFT % ("", step)))
        assert (refused.status, "is no automation yet" in refused.err) == (1, True)

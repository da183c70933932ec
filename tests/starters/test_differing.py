"""How two versions of an automation differ, in words."""

from __future__ import annotations

from typing import Any

from starters.definitions.differing import Difference, differences
from tests.starters.commands import WAITING, Commands
from workflows.engine.automation import Automation

A, B, C = ({"id": name, "kind": "wait", "for": "1 day"} for name in "abc")


def automation(*steps: dict[str, Any], **more: Any) -> Automation:
    whole = {"id": "x", "name": "X", "trigger": {"kind": "manual"}, "steps": steps}
    return Automation.model_validate(whole | more)


def test_the_same_differs_in_nothing() -> None:
    assert differences(automation(A, B), automation(A, B)) == []


def test_steps_are_added_removed_and_changed() -> None:
    found = differences(automation(A, B), automation(A | {"for": "2 days"}, C))
    assert found == [
        Difference("removed", "step b (wait)"),
        Difference("changed", "step a (wait)", "for from 1 day to 2 days"),
        Difference("added", "step c (wait)"),
    ]


def test_a_step_that_stands_elsewhere_is_moved_and_the_others_are_not() -> None:
    found = differences(automation(A, B, C), automation(A, C, B))
    assert [(one.change, one.what) for one in found] == [("moved", "step c")]
    assert found[0].how == "it now follows a"


def test_a_step_of_another_kind_under_the_same_id_is_changed() -> None:
    other = {"id": "a", "kind": "send_email", "template": "intro"}
    (found,) = differences(automation(A, B), automation(other, B))
    assert found.how.startswith("kind from wait to send_email")


def test_settings_are_told_by_their_place() -> None:
    campaign = {"engagement_window": "30 days", "priority": 1}
    old = automation(A, campaign=campaign)
    new = automation(A, campaign=campaign | {"priority": 2, "active_until": "2027-01-01T00:00:00Z"})
    assert differences(old, new) == [
        Difference("changed", "campaign.priority", "from 1 to 2"),
        Difference("added", "campaign.active_until", "2027-01-01T00:00:00Z"),
    ]


def test_versions_and_files_are_compared(cut_off: Commands) -> None:
    cut_off.enabled("a")
    longer = WAITING.replace("2 days", "5 days")
    file = cut_off.file("new.yaml", longer.format(name="a"))
    changed = "changed step more (wait): for from 2 days to 5 days\n"
    assert cut_off("diff", "a", file).out == changed
    assert cut_off("diff", "a", "1", file).out == changed
    assert cut_off("publish", file).status == 0
    assert cut_off("diff", "a").out == cut_off("diff", "a", "1", "2").out == changed
    assert cut_off("diff", "a", "v2", "2").out == "no difference\n"
    document = cut_off("diff", "a", "--json").document
    assert [one["change"] for one in document["differences"]] == ["changed"]


def test_what_cannot_be_compared_is_said(cut_off: Commands) -> None:
    cut_off.enabled("a")
    assert "no published version 7" in cut_off("diff", "a", "7").err
    assert "is no version" in cut_off("diff", "a", "seven").err
    assert "dripstone publish FILE" in cut_off("diff", "nothing").err

"""Commands for campaign settings: with a worker on a real server, and with Temporal down."""

from __future__ import annotations

from tests.starters.commands import Commands
from tests.starters.test_cli_operate import comes_to, entered, until

CRITERIA = "exits: {when: {field: stage, op: equals, value: Won}}"


def test_edited_exit_criteria_end_waiting_leads_at_once_and_no_others(dripstone: Commands) -> None:
    dripstone.enabled("spring")
    with dripstone.worker():
        for lead, stage in (("crm-1", "Won"), ("crm-2", "Open")):
            asked = ("enroll", "spring", "--lead", lead, "--email", f"{lead}@example.com")
            assert dripstone(*asked, "--field", f"stage={stage}").status == 0
            comes_to(dripstone, f"enrollment:spring:{lead}", "waiting")
        preview = dripstone("settings", "edit", "spring", CRITERIA, "--dry-run", "--json")
        assert (preview.document["leaving"], preview.document["number"]) == (1, None)
        done = dripstone("settings", "edit", "spring", CRITERIA, "--by", "ada", "--json")
        assert (done.document["leaving"], done.document["number"]) == (1, 2)
        closed = until(
            lambda: dripstone("list", "spring", "--state", "closed", "--json"),
            lambda result: bool(result.document["enrollments"]),
        )
        exits = [(one["lead"], one["exit"]) for one in closed.document["enrollments"]]
        assert exits == [("crm-1", "custom_exit_criteria_met")]
        comes_to(dripstone, "enrollment:spring:crm-2", "waiting")


def test_settings_are_shown_with_who_changed_them_and_why(cut_off: Commands) -> None:
    cut_off.enabled("a")
    entered(cut_off, "crm-1", "a")
    file = cut_off.file("patch.json", '{"priority": 5}')
    edited = cut_off("settings", "edit", "a", "--file", file, "--by", "ada", "--reason", "spring")
    assert (edited.status, "priority: the default -> 5" in edited.out) == (0, True)
    shown = cut_off("settings", "show", "a", "--json").document
    assert shown["in_force"] == {"priority": 5}
    assert [(row["number"], row["changed_by"]) for row in shown["rows"]][1:] == [(2, "ada")]
    assert "spring" in cut_off("settings", "show", "a").out


def test_an_edit_that_cannot_be_is_refused_with_its_place(cut_off: Commands) -> None:
    cut_off.enabled("a")
    for patch, status, said in (
        ("priority: 5000", 1, "priority: Input should be less than or equal to 1000"),
        (
            "{active_from: 2027-01-01T00:00Z, active_until: 2026-01-01T00:00Z}",
            1,
            "not before active",
        ),
        ("lane: other", 1, "lane: Extra inputs are not permitted"),
        ("5", 2, "a group of settings"),
        ("a: *b", 2, "is an alias"),
    ):
        done = cut_off("settings", "edit", "a", patch)
        assert (done.status, said in done.err) == (status, True), done
    assert cut_off("settings", "edit", "a").status == 2
    assert cut_off("settings", "show", "nothing").status == 1

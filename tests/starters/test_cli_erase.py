"""``dripstone erase`` against a real server: done, told, and repeatable."""

from __future__ import annotations

from pathlib import Path

from tests.activities.ledger.canaries import files_with
from tests.starters.commands import Commands

WORD = "Canary-Grace-Hopper"


def test_a_lead_is_erased_and_the_command_may_be_given_again(
    dripstone: Commands, tmp_path: Path
) -> None:
    dripstone.enabled("erasing")
    leads = dripstone.file("leads.csv", f"id,email,name\nera-1,grace@example.com,{WORD}\n")
    assert dripstone("enroll", "erasing", "--file", leads).status == 0
    enrollment = "enrollment:erasing:era-1"
    assert dripstone("status", enrollment).status == 0
    assert files_with(tmp_path / "ledger.db", WORD) != []
    done = dripstone("erase", "era-1", "--why", "ticket 7", "--json")
    told = done.document
    assert (done.status, told["state"], told["runs_deleted"], told["leads"]) == (
        *(0, "done", 1),
        ["era-1"],
    )
    assert WORD not in done.out + done.err
    assert files_with(tmp_path / "ledger.db", WORD) == []
    again = dripstone("erase", "era-1")
    assert (again.status, "0 workflow runs deleted" in again.out) == (0, True)
    entry = dripstone("status", enrollment, "--json").document["entry"]
    assert (entry["state"], entry["exit"]) == ("CLOSED", "lead_gone")
    assert dripstone("replay", enrollment).status == 0
    second = dripstone("enroll", "erasing", "--lead", "era-1", "--field", f"name={WORD}")
    assert (second.status, "erased" in second.err) == (1, True)
    dripstone("enroll", "erasing", "--file", leads, "--again")
    assert files_with(tmp_path / "ledger.db", WORD) == []


def test_a_lead_that_was_never_there_cannot_be_erased(cut_off: Commands) -> None:
    done = cut_off("erase", "nobody-1")
    assert (done.status, "knows no such lead" in done.err) == (1, True)

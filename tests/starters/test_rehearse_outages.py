"""Outages of vendors in a rehearsal: what waits for them, and what becomes of it afterwards."""

from __future__ import annotations

import pytest

from tests.starters.commands import Commands
from tests.starters.rehearsals import MONDAY, Rehearsals
from tests.starters.test_rehearse import told


@pytest.fixture
def rehearse(cut_off: Commands) -> Rehearsals:
    return Rehearsals(cut_off)


def test_a_mail_waits_out_an_outage(rehearse: Rehearsals) -> None:
    outage = f"{{vendor: smtp, from: '{MONDAY}', to: '2026-03-02T11:00:00+01:00'}}"
    lines = rehearse.timeline("x-1", "--script", rehearse.script(outages=[outage]))
    assert told(lines, "outage") == [("2026-03-02T09:00", "first")]
    assert told(lines, "mail")[0] == ("2026-03-02T11:03", "first")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        # What did not leave uses no cap up.
        ("caps: {frequency_cap: 1 per 2 days}", "2026-03-02T11:03"),
        ("caps: {frequency_cap: 1 per 2 days}, send_window: {closes: '11:00'}", "2026-03-03T09:00"),
        ("send_window: {closes: '11:00'}", "2026-03-03T09:00"),
    ],
)
def test_after_an_outage_a_mail_is_asked_anew_when_it_may_leave(
    rehearse: Rehearsals, more: str, expected: str
) -> None:
    outage = f"{{vendor: smtp, from: '{MONDAY}', to: '2026-03-02T11:00:00+01:00'}}"
    script = rehearse.script(outages=[outage])
    campaigns = [rehearse.campaign(more=more)]
    lines = rehearse.timeline("x-1", "--script", script, campaigns=campaigns)
    assert told(lines, "mail")[0] == (expected, "first")


def test_an_outage_of_days_leaves_the_lead_stuck(rehearse: Rehearsals) -> None:
    outage = f"{{vendor: smtp, from: '{MONDAY}', to: 6 days}}"
    done = rehearse("--script", rehearse.script(outages=[outage]))
    assert done.status == 1
    assert done.document["surprises"]["counts"] == {"lead_stuck": 2}

"""launch, waves, and halt and release of a wave, with Temporal down: the ledger is enough."""

from __future__ import annotations

import pytest

from tests.starters.commands import Commands

WAVES = """\
id: {name}
name: A test
trigger: {{kind: manual}}
audience: {{field: size, op: at_least, value: 10}}
campaign:
  engagement_window: 30 days
  waves: {{sizes: [1, 50 %], window: {{always: true}}}}
steps:
  - {{id: a, kind: send_email, template: intro}}
"""
LEADS = """\
id,email,size
crm-1,a@example.com,10
crm-2,b@example.com,11
crm-3,c@example.com,3
crm-4,no address,12
crm-5,d@example.com,12
crm-6,A@example.com,12
"""


def launched(cut_off: Commands, *more: str) -> None:
    cut_off.enabled("news", WAVES)
    file = cut_off.file("leads.csv", LEADS)
    assert cut_off("launch", "news", "--leads", file, "--by", "ada", *more).status == 0


def test_a_launch_says_who_is_selected_and_who_not_before_it_does_and_after(
    cut_off: Commands,
) -> None:
    cut_off.enabled("news", WAVES)
    file = cut_off.file("leads.csv", LEADS)
    shown = cut_off("launch", "news", "--leads", file, "--dry-run", "--json").document
    assert (shown["selected"], shown["rejected"], shown["known"]) == (3, 1, 0)
    assert shown["excluded"] == {"not in the audience of the automation": 1, "same person": 1}
    assert [wave["size"] for wave in shown["waves"]] == [1, 2]
    assert cut_off("waves", "news").status == 1  # nothing was launched
    done = cut_off("launch", "news", "--leads", file, "--json").document
    assert {name for name in shown if shown[name] != done[name]} <= {"dry_run", "waves", "temporal"}
    rejected = (cut_off.directory / "leads.csv.rejected.csv").read_text("utf-8").splitlines()
    assert [line.partition(",")[0] for line in rejected] == ["line", "4", "5", "7"]
    again = cut_off("launch", "news", "--leads", file, "--json").document
    assert (again["selected"], again["known"]) == (0, 5)


def test_anybody_can_be_shown_why_a_lead_is_in_the_audience(cut_off: Commands) -> None:
    launched(cut_off)
    kept = cut_off("waves", "news", "--lead", "crm-3", "--json").document
    assert (kept["state"], kept["criteria"]["version"]) == ("excluded", 1)
    assert [one["looked_at"] for one in kept["criteria"]["judged"] if not one["met"]] == [
        {"size": "3"}
    ]
    shown = " ".join(cut_off("waves", "news", "--lead", "crm-1").out.split())
    assert "crm-1: waiting" in shown
    assert 'yes audience: {"field": "size", "op": "at_least", "value": 10}' in shown


def test_a_wave_is_released_halted_and_let_go_on_by_hand(cut_off: Commands) -> None:
    launched(cut_off)
    released = cut_off("release", "news", "--wave", "1", "--by", "ada", "--json").document
    assert (released["leads"], released["is_next"]) == (1, True)
    halted = cut_off("halt", "news", "--wave", "1", "--reason", "wrong prices", "--json").document
    assert (halted["is_new"], halted["left"], halted["in_flight"]) == (True, [], [])
    assert "wave 1 is halted" in cut_off("release", "news", "--wave", "2").err
    shown = " ".join(cut_off("waves", "news").out.split())
    assert "to come: 1 waves (2)" in shown
    assert "wrong prices" in shown
    went_on = cut_off("release", "news", "--wave", "1", "--json").document
    assert (went_on["is_next"], went_on["leads"]) == (False, 1)
    acts = [
        line["act"] for line in cut_off("list", "news", "--automations", "--json").document["log"]
    ]
    assert acts[-4:] == ["launched", "wave released", "wave halted", "wave goes on"]
    document = cut_off("waves", "news", "--json").document
    assert (document["audience"], document["ahead"]) == (
        {"waiting": 2, "released": 1, "excluded": 2},
        [2],
    )


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        (("launch", "none", "--leads", "leads.csv"), 1, "not published"),
        (("launch", "plain", "--leads", "leads.csv"), 1, "has no waves: write 'waves: {}'"),
        (("launch", "news", "--leads", "nowhere.csv"), 1, "nowhere.csv"),
        (("launch", "news", "--leads", "leads.csv", "--rejected", "leads.csv"), 2, "overwritten"),
        (("halt", "news", "--wave", "1", "--reason", "x"), 1, "has not been released"),
        (("halt", "--center", "default", "--wave", "1", "--reason", "x"), 2, "an AUTOMATION"),
        (("release", "news", "--wave", "2"), 1, "the next wave is wave 1"),
        (("waves", "news", "--lead", "crm-9"), 1, "is not in a file"),
    ],
)
def test_what_cannot_be_is_refused_with_its_mend(
    cut_off: Commands, command: tuple[str, ...], status: int, says: str
) -> None:
    launched(cut_off)
    cut_off.enabled("plain")
    here = [str(cut_off.directory / one) if one.endswith(".csv") else one for one in command]
    done = cut_off(*here)
    assert (done.status, says in done.err) == (status, True), done

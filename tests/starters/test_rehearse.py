"""``dripstone rehearse``: campaigns played through in virtual time, and what is surprising."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.starters.commands import ROOT, Commands, Result
from tests.starters.rehearsals import LEADS, MONDAY, Rehearsals

FULL_BOUNCE = "{at: 1 hour, lead: x-1, event: bounce, data: {type: soft}}"


@pytest.fixture
def rehearse(cut_off: Commands) -> Rehearsals:
    return Rehearsals(cut_off)


def told(lines: list[Any], kind: str) -> list[tuple[str, str]]:
    """(local time, step) of the lines of one kind."""
    return [(line["local"][:16], line["step"]) for line in lines if line["kind"] == kind]


def exits(done: Result) -> Any:
    return done.document["exits"]


def test_each_mail_leaves_within_the_window_of_its_lead(rehearse: Rehearsals) -> None:
    script = rehearse.script()
    berlin = told(rehearse.timeline("x-1", "--script", script), "mail")
    new_york = told(rehearse.timeline("x-2", "--script", script), "mail")
    assert berlin == [("2026-03-02T09:00", "first"), ("2026-03-05T09:00", "second")]
    assert new_york == [("2026-03-02T09:00", "first"), ("2026-03-05T09:00", "second")]


def test_a_held_mail_is_told_with_its_reason(rehearse: Rehearsals) -> None:
    lines = rehearse.timeline("x-2", "--script", rehearse.script())
    held = next(line for line in lines if line["kind"] == "gate")
    assert held["what"] == "send_email: held"
    assert "outside the send window in America/New_York" in held["why"]


def test_a_mail_without_a_way_out_is_a_surprise(rehearse: Rehearsals) -> None:
    foot = "{{ unsubscribe_url }} {{ sender.postal_address }}"
    body = f"Hi\n{{% unless lead.company == 'Slate' %}}{foot}{{% endunless %}}\n"
    for name in ("intro", "follow_up"):
        rehearse.dripstone.file(f"{name}.liquid", f"---\nsubject: Hi\n---\n{body}")
    rehearse.dripstone.environment["DRIPSTONE_TEMPLATES"] = str(rehearse.dripstone.directory)
    done = rehearse("--script", rehearse.script())
    told_of = [
        one for one in done.document["surprises"]["examples"] if one["kind"] == "render_error"
    ]
    assert {one["lead"] for one in told_of} == {"x-2"}
    assert "does not see the unsubscribe link" in told_of[0]["what"]


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ("x-1,ada@quarry.example\nx-2,none\n", {}),
        ("x-1,none\n", {"rows_rejected": 1, "nobody_entered": 1}),
        ("", {"nobody_entered": 1}),
    ],
)
def test_a_file_of_leads_that_are_none_is_a_surprise(
    rehearse: Rehearsals, rows: str, kinds: dict[str, int]
) -> None:
    leads = rehearse.dripstone.file("leads.csv", "id,email\n" + rows)
    done = rehearse("--script", rehearse.script(), "--leads", leads)
    assert (done.status, done.document["surprises"]["counts"]) == (bool(kinds), kinds)


def test_a_rehearsal_that_the_audience_keeps_everybody_out_of_is_a_surprise(
    rehearse: Rehearsals,
) -> None:
    file = rehearse.campaign()
    with open(file, "a", encoding="utf-8") as text:
        text.write("audience: {field: company, op: equals, value: Nobody}\n")
    done = rehearse("--script", rehearse.script(), campaigns=(file,))
    assert (done.status, done.document["surprises"]["counts"]) == (1, {"nobody_entered": 1})


def test_a_message_is_told_as_rendered(rehearse: Rehearsals) -> None:
    lines = rehearse.timeline("x-1", "--script", rehearse.script())
    first, second = (line["detail"] for line in lines if line["kind"] == "mail")
    assert first["to"] == "ada@quarry.example"
    assert "Hi Ada," in first["text"]
    assert second["subject"] == f"Re: {first['subject']}"


@pytest.mark.parametrize(
    ("event", "exit_reason"),
    [
        ("{at: 1 day, lead: x-1, event: reply}", "reply_received"),
        ("{at: 1 day, lead: x-1, event: unsubscribe}", "unsubscribed"),
        ("{at: 1 day, lead: x-1, event: meeting_booked}", "meeting_booked"),
        ("{at: 1 day, lead: x-1, event: bounce, data: {type: hard}}", "email_bounced"),
        ("{at: '2026-03-03T12:00:00Z', lead: x-1, event: complaint}", "unsubscribed"),
    ],
)
def test_a_scripted_stop_ends_the_campaign_for_its_lead_alone(
    rehearse: Rehearsals, event: str, exit_reason: str
) -> None:
    done = rehearse("--script", rehearse.script(event))
    assert (done.status, exits(done)) == (0, {exit_reason: 1, "completed": 1})


def test_a_campaign_that_is_active_later_is_entered_then(rehearse: Rehearsals) -> None:
    file = rehearse.campaign(more="active_from: 2026-03-04T08:30:00+01:00")
    mails = told(rehearse.timeline("x-1", "--script", rehearse.script(), campaigns=(file,)), "mail")
    assert mails[0] == ("2026-03-04T09:00", "first")


def test_an_event_of_everybody_reaches_everybody(rehearse: Rehearsals) -> None:
    script = rehearse.script("{at: 1 day, lead: '*', event: reply}")
    assert exits(rehearse("--script", script)) == {"reply_received": 2}


def test_a_soft_bounce_sends_the_mail_again(rehearse: Rehearsals) -> None:
    lines = rehearse.timeline("x-1", "--script", rehearse.script(FULL_BOUNCE))
    assert told(lines, "mail")[:2] == [("2026-03-02T09:00", "first"), ("2026-03-02T14:00", "first")]


def test_a_changed_field_may_meet_the_exit_criteria(rehearse: Rehearsals) -> None:
    more = "exits: {when: {field: stage, op: equals, value: Customer}}"
    script = rehearse.script("{at: 1 day, lead: x-1, event: lead_changed, data: {stage: Customer}}")
    done = rehearse("--script", script, campaigns=[rehearse.campaign(more=more)])
    assert exits(done)["custom_exit_criteria_met"] == 1


def test_two_mails_within_an_hour_are_a_surprise(rehearse: Rehearsals) -> None:
    campaign = rehearse.campaign(pause="59 minutes")
    done = rehearse("--script", rehearse.script(), campaigns=[campaign])
    assert (done.status, done.document["surprises"]["counts"]) == (
        1,
        {"two_mails_within_an_hour": 2},
    )


def test_a_mail_that_cannot_be_rendered_is_a_surprise(rehearse: Rehearsals) -> None:
    directory = rehearse.dripstone.directory
    rehearse.dripstone.environment["DRIPSTONE_TEMPLATES"] = str(directory)
    for name in ("intro", "follow_up"):
        needed = "{{ lead.company | default: 'you' | slice: lead.first_name }}"
        foot = "{{ sender.postal_address }} {{ unsubscribe_url }}"
        text = f"---\nsubject: Hi\n---\nOn {needed} {{{{ lead.first_name | default: 'x' }}}} {foot}"
        rehearse.dripstone.file(f"{name}.liquid", f"{text}\n")
    done = rehearse("--script", rehearse.script())
    assert (done.status, done.document["surprises"]["counts"]) == (1, {"render_error": 2})


def test_a_script_that_names_nobody_is_a_surprise(rehearse: Rehearsals) -> None:
    done = rehearse("--script", rehearse.script("{at: 1 day, lead: x-9, event: reply}"))
    assert (done.status, done.document["surprises"]["counts"]) == (1, {"script_without_lead": 1})


def test_the_same_seed_gives_the_same_rehearsal(rehearse: Rehearsals) -> None:
    rows = "".join(f"y-{n},l{n}@quarry.example,L,Q,\n" for n in range(60))
    rehearse.leads = rehearse.dripstone.file("many.csv", LEADS + rows)
    same, again, other = (rehearse("--seed", seed, "--show", "99") for seed in ("1", "1", "2"))
    assert same.document["timelines"] == again.document["timelines"]
    assert same.document["timelines"] != other.document["timelines"]


def test_one_person_is_in_one_campaign_of_a_lane(rehearse: Rehearsals) -> None:
    campaigns = [rehearse.campaign("spring"), rehearse.campaign("summer", more="priority: 9")]
    done = rehearse("--script", rehearse.script(), campaigns=campaigns)
    assert exits(done) == {"joined_other_campaign": 2, "completed": 2}


def test_who_waits_for_a_lane_enters_when_it_is_free(rehearse: Rehearsals) -> None:
    campaigns = [rehearse.campaign("spring"), rehearse.campaign("later", more="when_busy: wait")]
    script = rehearse.script()
    document = rehearse("--script", script, campaigns=campaigns).document
    begun = document["timelines"]["enrollment:later:x-1"][0]
    ended = document["timelines"]["enrollment:spring:x-1"][-1]
    assert (begun["what"], begun["at"]) == ("enrolled", ended["at"])


def test_a_busy_lane_refuses_with_its_reason(rehearse: Rehearsals) -> None:
    campaigns = [rehearse.campaign("spring"), rehearse.campaign("summer")]
    refused = rehearse("--script", rehearse.script(), campaigns=campaigns).document["refused"]
    assert refused == {"summer: lane 'outreach' is busy: in 'spring', priority 0": 2}


def test_every_line_is_written_to_the_file_of_timelines(
    rehearse: Rehearsals, tmp_path: Path
) -> None:
    file = tmp_path / "timelines.jsonl"
    done = rehearse("--script", rehearse.script(), "--show", "0", "--timelines", str(file))
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert done.document["timelines"] == {}
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert {line["lead"] for line in lines} == {"x-1", "x-2"}


def test_people_read_their_time_and_the_message(rehearse: Rehearsals) -> None:
    fixed = ("--engine", "--leads", rehearse.leads, "--from", MONDAY)
    done = rehearse.dripstone(
        "rehearse", rehearse.campaign(), *fixed, "--script", rehearse.script()
    )
    assert "2026-03-02 08:00:00Z  Mon 09:00  first" in done.out
    assert "      | Hi Ada," in done.out
    assert done.out.endswith("no surprises\n")


def test_the_server_cannot_be_put_back_in_time(rehearse: Rehearsals) -> None:
    fixed = ("--leads", rehearse.leads, "--from", MONDAY)
    done = rehearse.dripstone("rehearse", rehearse.campaign(), *fixed)
    assert (done.status, "or --engine" in done.err) == (2, True)


def test_the_sample_script_fits_the_sample_campaign(cut_off: Commands) -> None:
    config = ROOT / "config"
    done = cut_off(
        *("rehearse", str(config / "automations" / "spring-outreach.yaml"), "--engine", "--json"),
        *("--leads", str(config / "leads" / "sample.csv"), "--show", "0"),
        *("--script", str(config / "rehearsals" / "spring-outreach.yaml")),
    )
    assert (done.status, done.document["surprises"]["counts"]) == (0, {})
    assert done.document["exits"]["reply_received"] == 1

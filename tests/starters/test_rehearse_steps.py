"""Step kinds in a rehearsal: what they would write, and when a day comes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.starters.rehearsals import MONDAY, Rehearsals
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


REVIEWED = """\
id: reviewed
name: Reviewed
trigger: {kind: manual}
campaign: {engagement_window: 30 days, send_window: {always: true}}
steps:
  - {id: check, kind: approval, of: intro, timeout: 2 days, on_reject: no-mail, on_timeout: late}
  - {id: pause, kind: wait, for: 1 day}
  - {id: intro, kind: send_email, template: intro}
  - {id: done, kind: end}
  - {id: no-mail, kind: update_stage, stage: Rejected, next: done}
  - {id: late, kind: update_stage, stage: Late, next: done}
"""
FATES = {
    "reviews: []": ["check ask_review: done", "intro send_email: done"],
    "reviews: [{step: intro, verdict: rejected}]": ["no-mail update_stage: done"],
    "reviews: [{step: intro, lead: x-1, verdict: never}]": ["late update_stage: done"],
    "events: [{at: 20 hours, lead: x-1, event: lead_changed, data: {first_name: Eve}}]": [
        "intro held",
        "intro goes on",
        "intro send_email: done",
    ],
}


@pytest.mark.parametrize("script", FATES)
def test_mails_are_approved_in_a_rehearsal_as_the_script_says(
    rehearse: Rehearsals, script: str
) -> None:
    file = rehearse.dripstone.file("reviewed.yaml", REVIEWED)
    options = ("--script", rehearse.dripstone.file("script.yaml", f"{script}\n"))
    lines = rehearse.timeline("x-1", *options, campaigns=[file])
    told = [f"{line['step']} {line['what']}" for line in lines if line["kind"] == "decision"]
    assert [one for one in told if one in FATES[script]] == FATES[script], told


HANDED = """\
id: handed
name: Handed over
trigger: {kind: manual}
campaign: {engagement_window: 30 days}
steps:
  - {id: hand, kind: outreach_handover, campaign: 7, mails: 2, timeout: 9 days, on_timeout: late}
  - {id: done, kind: end}
  - {id: late, kind: update_stage, stage: Late, next: done}
"""
LAST = "{at: 3 days, lead: x-1, event: outreach_sent, data: {step: hand, visit: 1, number: 2}}"


@pytest.mark.parametrize(("events", "late"), [("[]", True), (f"[{LAST}]", False)])
def test_a_handover_is_answered_by_the_script(
    rehearse: Rehearsals, events: str, late: bool
) -> None:
    file = rehearse.dripstone.file("handed.yaml", HANDED)
    options = ("--script", rehearse.dripstone.file("script.yaml", f"events: {events}\n"))
    lines = rehearse.timeline("x-1", *options, campaigns=[file])
    (given,) = (line["detail"] for line in lines if line["what"] == "hand_over_lead")
    assert given["lead"] == {
        **{"first_name": "Ada", "company": "Quarry", "email": "ada@quarry.example"}
    }
    assert ("update_stage" in [line["what"] for line in lines]) is late


TEXTS = """\
id: texts
name: Texts
trigger: {kind: manual}
campaign: {engagement_window: 30 days}
steps:
  - {id: mail, kind: send_email, template: intro}
  - {id: text, kind: send_sms, text: "WORDS"}
  - {id: teams, kind: notify, via: teams, text: hello}
"""


def test_a_text_message_is_told_with_its_segments_and_counts_as_a_message(
    rehearse: Rehearsals,
) -> None:
    rehearse.leads = rehearse.dripstone.file(
        "phones.csv", "id,email,first_name,mobile,tel\nx-1,ada@quarry.example,Ada,,+12025550123\n"
    )
    words = "{{ lead.first_name }}, " + "look at \u20ac and \u2019 " * 20
    file = rehearse.dripstone.file("texts.yaml", TEXTS.replace("WORDS", words))
    document = rehearse(campaigns=[file]).document
    (lines,) = document["timelines"].values()
    (text,) = [line for line in lines if line["kind"] == "sms"]
    assert text["detail"]["to"] == "+12025550123"
    assert (text["detail"]["segments"], text["detail"]["encoding"]) == (5, "UCS-2")
    assert (document["mails"], document["texts"]) == ({"texts/mail": 1}, {"texts/text": 1})
    assert document["surprises"]["counts"] == {
        "two_messages_within_an_hour": 1,
        "long_text_message": 1,
    }
    shown = rehearse.dripstone(
        *("rehearse", file, "--engine", "--leads", rehearse.leads, "--from", MONDAY)
    ).out
    assert "Segments: 5 x UCS-2" in shown


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


ASKING = """\
id: asking
name: Asking
trigger: {kind: manual}
campaign: {engagement_window: 30 days}
steps:
  - id: score
    kind: http_call
    connection: crm
    method: POST
    path: /leads/{{ lead.id }}
    body: {name: "{{ lead.first_name }}"}
    answer: {tier: {from: result.tier}}
  - {id: gold, kind: branch, arms: [{when: {field: tier, op: equals, value: gold}, go_to: track}]}
  - {id: none, kind: end}
  - {id: track, kind: track_event, event: scored, properties: {n: 1}}
"""
CONNECTIONS = """\
centers:
  default:
    http: {crm: {base_url: "https://crm.invalid/v1"}}
    event_listeners: {site: {connection: crm}}
"""


def asked(rehearse: Rehearsals, monkeypatch: pytest.MonkeyPatch, answers: str) -> list[Any]:
    accounts = rehearse.dripstone.file("connections.yaml", CONNECTIONS)
    monkeypatch.setitem(rehearse.dripstone.environment, "DRIPSTONE_CONNECTIONS", accounts)
    script = rehearse.dripstone.file("script.yaml", f"http: {answers}\n")
    file = rehearse.dripstone.file("asking.yaml", ASKING)
    return rehearse.timeline("x-1", "--script", script, campaigns=[file])


def test_a_call_is_told_and_not_made_and_is_answered_as_the_script_says(
    rehearse: Rehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = asked(rehearse, monkeypatch, "{score: {body: {result: {tier: gold}}}}")
    call, event = [line for line in lines if line["kind"] == "web"]
    assert (call["step"], call["detail"]["method"]) == ("score", "POST")
    assert call["detail"]["url"] == "https://crm.invalid/v1/leads/x-1"
    assert call["detail"]["content"] == '{"name": "Ada"}'
    assert event["detail"] == {"event": "scored", "properties": {"n": 1}}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("{}", "exit: completed"),
        ("{score: {status: 200, body: {result: {tier: 7}}}}", "exit: completed"),
        ("{score: {status: 500}}", "http_call: unknown"),
        ("{score: {status: 404}}", "needs attention"),
    ],
)
def test_an_answer_of_another_kind_leads_elsewhere(
    rehearse: Rehearsals, monkeypatch: pytest.MonkeyPatch, answers: str, told: str
) -> None:
    lines = asked(rehearse, monkeypatch, answers)
    assert told in [line["what"] for line in lines]
    assert "track" not in [line["step"] for line in lines]

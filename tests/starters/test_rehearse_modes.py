"""A rehearsal on a real server that skips time tells the same as one of the engine alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.starters.commands import ROOT, Commands

CAMPAIGN = """\
id: both
name: Both modes
trigger: {kind: manual}
campaign:
  engagement_window: 40 days
  exits:
    on: [reply, bounce, unsubscribe, meeting_booked]
    when: {field: stage, op: equals, value: Customer}
steps:
  - {id: intro, kind: send_email, template: intro}
  - {id: pause, kind: wait, for: 3 days}
  - id: score
    kind: http_call
    connection: crm
    method: POST
    path: /leads/{{ lead.id }}
    body: {name: "{{ lead.first_name }}"}
    answer: {tier: {from: result.tier, save: true}}
  - {id: gold, kind: branch, arms: [{when: {field: tier, op: equals, value: gold}, go_to: track}]}
  - {id: lost, kind: end}
  - {id: track, kind: track_event, event: scored, properties: {tier: "{{ lead.tier }}"}}
  - id: size
    kind: branch
    arms: [{when: {field: employees, op: at_least, value: 1000}, go_to: tell}]
    otherwise: more
  - {id: tell, kind: notify, channel: sales, text: "{{ lead.company }} is large"}
  - {id: more, kind: send_email, template: follow_up}
  - {id: viewed, kind: wait_for, events: [prices_viewed], timeout: 6 days, on_event: hand-over,
     when: {field: rating, op: equals, value: hot}}
  - {id: check, kind: approval, of: last, on_reject: give-up}
  - {id: text, kind: send_sms, text: "{{ lead.first_name }}, have a look. STOP ends this",
     otherwise: note}
  - {id: later, kind: wait, for: 1 day, next: last}
  - {id: note, kind: notify, via: app, text: "{{ lead.first_name }} gets no texts"}
  - {id: last, kind: send_email, template: last_note}
  - {id: silent, kind: wait_for, events: [prices_viewed], timeout: 8 days, on_event: hand-over}
  - {id: give-up, kind: update_stage, stage: Unresponsive}
  - {id: sync, kind: push, to: marketo, fields: {email: email}}
  - {id: listed, kind: marketo_program, program: 1001, status: Member, next: done}
  - {id: hand-over, kind: notify, channel: sales, text: "{{ lead.first_name }} has looked"}
  - {id: done, kind: end}
"""
PHONES = ("+1 202 555 0123", "extension 4")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata")
SCRIPT = """\
events:
  - {at: 1 day, lead: x-1, event: reply}
  - {at: 4 days, lead: x-2, event: unsubscribe}
  - {at: 5 days, lead: x-3, event: bounce, data: {type: hard, step: more}}
  - {at: 2 days, lead: x-4, event: bounce, data: {type: soft, step: intro}}
  - {at: 5 days, lead: x-5, event: out_of_office, data: {until: "UNTIL"}}
  - {at: 6 days, lead: x-6, event: meeting_booked}
  - {at: 5 days, lead: x-7, event: lead_changed, data: {stage: Customer}}
  - {at: 5 days, lead: x-8, event: prices_viewed}
  - {at: 5 days, lead: x-9, event: lead_changed, data: {rating: Hot}}
  - {at: 4 days, lead: sf-00Q5e0000000001EAA, event: complaint}
  - {at: 5 days, lead: sf-00Q5e0000000002EAA, event: sms_opt_out}
reviews:
  - {step: last, lead: sf-00Q5e0000000002EAA, verdict: rejected, after: 1 day}
outages:
  - {vendor: smtp, from: 9 days, to: 9 days 3 hours}
http:
  score: {body: {result: {tier: gold}}}
"""
HTTP = """\
    http:
      crm: {base_url: "https://crm.invalid", auth: {kind: bearer, token_env: NOT_SET_HERE}}
"""
MANY_BRANCHES = "id: both\nname: Many\ntrigger: {kind: manual}\nsteps:\n" + "".join(
    f"- {{id: s{number}, kind: branch, arms: [{{when: {{event: x}}, go_to: done}}]}}\n"
    for number in range(120)
)
COMPARED = ("decision", "mail", "sms", "chat", "crm", "web")


def test_both_modes_tell_the_same(cut_off: Commands) -> None:
    begins = _a_monday_to_come()
    rows = [
        f"x-{n},l{n}@quarry.example,L{n},Q{n},{n * 300},{ZONES[n % 3]},{PHONES[n % 2]}"
        for n in range(1, 10)
    ]
    rows += [
        f"sf-00Q5e000000000{n}EAA,s{n}@q.example,S,Q,5,Europe/Berlin,+12025550177" for n in (1, 2)
    ]
    leads = "\n".join(["id,email,first_name,company,employees,zone,Phone Number", *rows]) + "\n"
    until = (begins + timedelta(days=15)).date().isoformat()
    options = (
        *("--leads", cut_off.file("leads.csv", leads), "--json", "--show", "11"),
        *("--from", begins.isoformat()),
        *("--script", cut_off.file("script.yaml", SCRIPT.replace("UNTIL", until))),
    )
    campaign = cut_off.file("both.yaml", CAMPAIGN)
    accounts = (ROOT / "config" / "connections.yaml").read_text()
    accounts = accounts.replace("  shop:", f"{HTTP}  shop:", 1)
    here = {"DRIPSTONE_CONNECTIONS": cut_off.file("connections.yaml", accounts)}
    here |= {"NOT_SET_HERE": "a token", "DRIPSTONE_GOOGLE_ANALYTICS__MEASUREMENT_ID": "G-1"}
    here |= {"DRIPSTONE_GOOGLE_ANALYTICS__API_SECRET": "a secret"}
    alone = cut_off("rehearse", campaign, *options, "--engine", **here)
    served = cut_off("rehearse", campaign, *options, **here)
    assert (alone.status, served.status) == (0, 0), served.err
    assert served.document["exits"] == alone.document["exits"]
    assert served.document["mode"] == "server"
    assert len(served.document["timelines"]) == 11
    for name, lines in alone.document["timelines"].items():
        assert _story(served.document["timelines"][name]) == _story(lines), name


def test_who_enters_is_counted_however_long_the_way(cut_off: Commands) -> None:
    many = cut_off.file("many.yaml", MANY_BRANCHES + "- {id: done, kind: end}\n")
    options = ("--leads", cut_off.file("leads.csv", "id,email\nx-1,l@quarry.example\n"), "--json")
    for mode in (("--engine",), ()):
        done = cut_off("rehearse", many, *options, *mode)
        assert (done.status, done.document["entered"]) == (0, 1), done.err
        assert done.document["exits"] == {"completed": 1}


def test_who_has_no_address_is_passed_over_in_both_modes(cut_off: Commands) -> None:
    steps = (
        "[{id: n, kind: notify, channel: s, text: x}, {id: m, kind: send_email, template: intro}]"
    )
    file = cut_off.file("a.yaml", f"id: a\nname: A\ntrigger: {{kind: manual}}\nsteps: {steps}\n")
    leads = cut_off.file("leads.csv", "id,email,first_name\nx-1,,Ada\n")
    for mode in (("--engine",), ()):
        done = cut_off("rehearse", file, "--leads", leads, "--json", *mode)
        assert (done.status, done.document["exits"]) == (0, {"completed": 1}), done.err
        (lines,) = done.document["timelines"].values()
        told = [(line["step"], line["what"]) for line in lines if line["kind"] == "decision"]
        assert ("m", "send_email: skipped") in told


def _a_monday_to_come() -> datetime:
    """Nine o'clock in Berlin or ten, and early in a week: the modes differ by seconds at most."""
    day = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    return day + timedelta(days=7 - day.weekday())


def _story(lines: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """What both modes can tell, by the hour: on the server, activities take milliseconds."""
    return sorted(_told(line) for line in lines if line["kind"] in COMPARED)


def _told(line: dict[str, Any]) -> tuple[str, ...]:
    detail = line["detail"] or {}
    text = re.sub(r"/u/[\w-]+", "/u/", str(detail.get("text", "")))
    subject = str(detail.get("subject", detail.get("fields", {}).get("Subject", "")))
    # Write-backs belong to a fact, and not to a step.
    step = "" if line["kind"] == "crm" else line["step"]
    return (line["at"][:13], line["kind"], step, line["what"], line["why"], subject, text)

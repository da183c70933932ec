"""Steps at the CRM and the marketing platforms in a rehearsal: told instead of done."""

from __future__ import annotations

import pytest

from tests.starters.rehearsals import Rehearsals
from tests.starters.test_rehearse import rehearse

__all__ = ["rehearse"]

STEPS = """\
id: platforms
name: Platforms
trigger: {kind: manual}
steps:
  - {id: w, kind: wait, for: 1 day}
  - {id: push, kind: push, to: salesforce, fields: {LastName: first_name, Company: company}}
  - {id: fair, kind: add_to_campaign, campaign: 701000000000001AAA, status: Responded}
  - {id: hub, kind: push, to: hubspot, fields: {email: email}}
  - {id: said, kind: hubspot_timeline_event, title: "{{ lead.first_name }} wrote"}
  - {id: mark, kind: push, to: marketo, fields: {email: email}}
  - {id: stage, kind: marketo_status, status: Meeting Booked}
  - {id: program, kind: marketo_program, program: 1001, status: Member}
"""


def test_a_rehearsal_pushes_first_and_then_has_a_record(rehearse: Rehearsals) -> None:
    file = rehearse.dripstone.file("platforms.yaml", STEPS)
    talk = "data: {session: s1, by: visitor, text: Hello}"
    script = rehearse.script(f"{{at: 1 hour, lead: x-1, event: message, {talk}}}")
    lines = rehearse.timeline("x-1", "--script", script, campaigns=[file])
    told = {line["step"]: line["detail"] for line in lines if line["kind"] == "crm"}
    assert list(told) == ["push", "fair", "hub", "said", "mark", "stage", "program"]
    assert told["push"]["fields"] == {"LastName": "Ada", "Company": "Quarry"}
    assert (told["fair"]["group"], told["fair"]["status"]) == ("701000000000001AAA", "Responded")
    assert told["said"]["extra"] == {"transcript": "Visitor: Hello"}
    assert told["stage"]["fields"] == {"leadStatus": "Meeting Booked"}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{id: a, kind: hubspot_meeting}", "no meeting of this lead is known"),
        ("{id: a, kind: marketo_program, program: 7, status: Member}", "let a push step come"),
    ],
)
def test_what_would_need_attention_is_a_surprise(
    rehearse: Rehearsals, step: str, said: str
) -> None:
    head = "id: bare\nname: Bare\ntrigger: {kind: manual}\nsteps:\n"
    file = rehearse.dripstone.file("bare.yaml", f"{head}  - {step}\n")
    done = rehearse("--script", rehearse.script(), campaigns=[file])
    assert done.status == 1
    assert said in str(done.document["surprises"])


def test_an_outage_of_a_platform_is_waited_for(rehearse: Rehearsals) -> None:
    file = rehearse.dripstone.file("platforms.yaml", STEPS)
    outage = "{vendor: marketo, from: 1 day, to: 1 day 2 hours}"
    script = rehearse.script(outages=[outage])
    lines = rehearse.timeline("x-1", "--script", script, campaigns=[file])
    (down,) = [line for line in lines if line["kind"] == "outage"]
    assert (down["step"], down["what"]) == ("mark", "push: marketo is down")
    assert lines[-1]["at"][:13] >= "2026-03-03T10"

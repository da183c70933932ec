"""Step kinds in a rehearsal: what they would write, and when a day comes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.starters.rehearsals import Rehearsals
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

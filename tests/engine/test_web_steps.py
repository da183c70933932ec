"""http_call and track_event: what each asks for, what the journey learns, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.engine.journey import Journey, define
from workflows.engine.effects import HttpCall, TrackEvent
from workflows.engine.state import Perform

CAMPAIGN = "campaign: {engagement_window: 10 days}\n"
ASK = """
steps:
- id: ask
  kind: http_call
  connection: crm
  method: POST
  path: /score
  body: {mail: "{{ lead.email }}"}
  answer: {tier: {from: result.tier}}
- {id: gold, kind: branch, arms: [{when: {field: tier, op: equals, value: gold}, go_to: mail}]}
- {id: done, kind: end}
- {id: mail, kind: send_email, template: hello}
"""


def test_a_call_asks_with_its_templates_and_the_answer_decides_the_branch() -> None:
    journey = Journey(ASK)
    assert journey.doing == "ask/1/http_call"
    assert isinstance(journey.state.wanted, Perform)
    effect = journey.state.wanted.effect
    assert isinstance(effect, HttpCall)
    assert (effect.connection, effect.method, effect.path) == ("crm", "POST", "/score")
    assert (effect.body, effect.queue) == ({"mail": "{{ lead.email }}"}, "crm")
    assert journey.answer(state="sent", values={"tier": "Gold"}).doing == "mail/1/send_email"


def test_an_unknown_end_counts_as_done_and_forgets_the_value_of_an_earlier_visit() -> None:
    journey = Journey(ASK, {"tier": "gold"}).answer(state="unknown", values={"tier": None})
    assert (journey.exit, journey.state.unknowns) == ("completed", 1)


@pytest.mark.parametrize(("reaches", "ends"), [("true", True), ("false", False)])
def test_only_a_message_to_the_lead_ends_with_the_engagement_window(
    reaches: str, ends: bool
) -> None:
    fields = f"kind: http_call, connection: sms, method: POST, reaches_lead: {reaches}"
    wanted = Journey(f"{CAMPAIGN}steps:\n- {{id: it, {fields}}}").state.wanted
    assert isinstance(wanted, Perform)
    assert isinstance(wanted.effect, HttpCall)
    assert (wanted.effect.not_after is not None) is ends


def test_an_event_is_tracked_with_its_properties_as_they_are() -> None:
    fields = "kind: track_event, event: demo, properties: {a: x, n: 1.5, t: true}, client_id: ga"
    wanted = Journey(f"steps:\n- {{id: it, {fields}}}").state.wanted
    assert isinstance(wanted, Perform)
    effect = wanted.effect
    assert isinstance(effect, TrackEvent)
    assert (effect.event, effect.client_id) == ("demo", "ga")
    assert effect.properties == {"a": "x", "n": 1.5, "t": True}


CALL = "kind: http_call, connection: crm, method: POST"
TRACK = "kind: track_event, event: demo"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("kind: http_call, connection: crm, method: HEAD", "method"),
        (f"{CALL}, path: leads", "path"),
        (f"{CALL}, path: //evil.example", "path"),
        (f"{CALL}, path: 'http://api.example'", "path"),
        (f"{CALL}, headers: {{Host: x}}", "no header for a step"),
        (f"{CALL}, headers: {{Authorization: x}}", "no header for a step"),
        (f"{CALL}, headers: {{idempotency-key: x}}", "no header for a step"),
        (f"{CALL}, headers: {{Transfer-Encoding: chunked}}", "no header for a step"),
        (f"{CALL}, headers: {{Proxy-Authorization: x}}", "no header for a step"),
        (f"{CALL}, headers: {{X-Forwarded-For: x}}", "no header for a step"),
        (f"{CALL}, headers: {{'X A': x}}", "headers"),
        (f'{CALL}, headers: {{"X-A: 1\\r\\nX-B": x}}', "headers"),
        (f"{CALL}, headers: {{X-A: x, x-a: y}}", "there twice"),
        (f"{CALL}, body: {{a: 1}}, form: {{a: '1'}}", "not both"),
        ("kind: http_call, connection: crm, method: GET, body: {a: 1}", "GET has no body"),
        ("kind: http_call, connection: crm, method: DELETE, form: {a: b}", "DELETE has no body"),
        (f"{CALL}, body: {'x' * 20_001}", "shorter than"),
        (f"{CALL}, success: [500]", "success"),
        (f"{CALL}, answer: {{email: {{from: a, save: true}}}}", "says who the lead is"),
        (f"{CALL}, answer: {{'a b': {{from: a}}}}", "answer"),
        (f"{CALL}, answer: {{a: {{from: 'a..b'}}}}", "from"),
        (f"{CALL}, answer: {{a: {{from: b, longest: 5000}}}}", "longest"),
        (f"{CALL}, answer: {{a: {{from: b}}}}, status_as: a", "another name"),
        ("kind: track_event, event: session_start", "keeps for itself"),
        ("kind: track_event, event: ga_demo", "keeps for itself"),
        ("kind: track_event, event: 'a b'", "event"),
        (f"kind: track_event, event: {'a' * 41}", "event"),
        (f"{TRACK}, properties: {{google_x: 1}}", "keeps for itself"),
        (f"{TRACK}, properties: {{_x: 1}}", "properties"),
        (f"{TRACK}, properties: {{{', '.join(f'p{n}: 1' for n in range(26))}}}", "properties"),
        (f"{TRACK}, client_id: 'a@b'", "client_id"),
    ],
)
def test_a_step_that_could_do_harm_or_mean_two_things_is_refused(fields: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        define(f"steps:\n- {{id: it, {fields}}}")

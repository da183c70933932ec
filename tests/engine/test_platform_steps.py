"""Steps at the CRM and the marketing platforms: what each asks for, and what is no step."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.engine.journey import Journey, define
from workflows.engine.state import Perform

ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "kind: push, to: hubspot, fields: {firstname: first_name}": (
        "push",
        {"system": "hubspot", "fields": {"firstname": "first_name"}},
    ),
    "kind: add_to_campaign, campaign: '701000000000001'": (
        "add_to_campaign",
        {"campaign": "701000000000001", "status": None},
    ),
    "kind: add_to_campaign, campaign: 701000000000001AAA, status: Responded": (
        "add_to_campaign",
        {"campaign": "701000000000001AAA", "status": "Responded"},
    ),
    "kind: marketo_status, status: Meeting Booked": (
        "marketo_status",
        {"status": "Meeting Booked"},
    ),
    "kind: marketo_program, program: 1001, status: Attended": (
        "marketo_program",
        {"program": 1001, "status": "Attended"},
    ),
    "kind: hubspot_timeline_event, title: Wrote, transcript: false": (
        "hubspot_timeline_event",
        {"title": "Wrote", "text": "", "transcript": False},
    ),
    "kind: hubspot_meeting": ("hubspot_meeting", {"title": "Meeting"}),
}


@pytest.mark.parametrize(("step", "asked"), ASKED.items())
def test_a_step_asks_for_its_effect_on_the_queue_of_the_crm_and_goes_on(
    step: str, asked: tuple[str, dict[str, Any]]
) -> None:
    journey = Journey(f"steps:\n- {{id: it, {step}}}")
    assert isinstance(journey.state.wanted, Perform)
    effect = journey.state.wanted.effect
    left_out = {"enrollment", "entry", "step", "visit", "kind"}
    assert (effect.activity, effect.model_dump(exclude=left_out)) == asked
    assert effect.queue == "crm"
    assert journey.sent().exit == "completed"


@pytest.mark.parametrize(
    "step",
    [
        "kind: push, to: pipedrive, fields: {a: b}",
        "kind: push, to: hubspot, fields: {}",
        'kind: push, to: hubspot, fields: {"first name": first_name}',
        "kind: push, to: hubspot, fields: {firstname: lead.first_name}",
        "kind: add_to_campaign, campaign: Spring",
        "kind: add_to_campaign, campaign: 00Q000000000001AAA",
        "kind: add_to_campaign, campaign: 7010000000000012",
        "kind: marketo_program, program: 0, status: Member",
        "kind: marketo_program, program: 1001",
        "kind: marketo_status, status: ''",
    ],
)
def test_what_cannot_be_meant_is_refused(step: str) -> None:
    with pytest.raises(ValidationError):
        define(f"steps:\n- {{id: it, {step}}}")

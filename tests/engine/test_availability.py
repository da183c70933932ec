"""Which action is available for which trigger: the table, its documentation, its enforcement."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import JsonValue

from tests.engine.occasions import TRIGGER
from workflows.engine.automation import Automation
from workflows.engine.availability import (
    ACTIONS,
    DURING_A_CONVERSATION,
    PAIRS,
    Objection,
    as_markdown,
    objections,
    pair_of,
)
from workflows.engine.loops import loop_warnings
from workflows.engine.steps import AnyStep
from workflows.engine.triggers import KINDS

PAGE = Path(__file__).parents[2] / "docs" / "triggers.md"
NEEDED: dict[str, dict[str, JsonValue]] = {
    "scheduled": {"every": "1 day"},
    "lead_status_changed": {"stages": ["Working"]},
    "stale_lead": {"at_least": "30 days", "stages": ["New"]},
    "segment_added": {"segment": "hot"},
    "segment_removed": {"segment": "hot"},
    "event_added": {"event": "ticket_bought"},
    "campaign_exited": {"reasons": ["meeting_booked"]},
}
STEPS: dict[str, dict[str, JsonValue]] = {
    "send_email": {"template": "hello"},
    "send_sms": {"text": "Hello"},
    "outreach_handover": {"campaign": 3, "timeout": "9 days"},
    "update_stage": {"stage": "Working"},
    "notify": {"channel": "sales", "text": "Look"},
    "http_call": {"connection": "crm", "method": "GET"},
    "track_event": {"event": "demo"},
    "set_field": {"field": "Rating", "value": "Hot"},
    "assign": {"pool": "sales"},
    "create_task": {"subject": "Call"},
    "create_event": {"subject": "Call", "in_days": 1, "at": "10:00"},
    "create_note": {"text": "Seen"},
    "push": {"to": "hubspot", "fields": {"email": "email"}},
    "add_to_campaign": {"campaign": "701000000000001AAA"},
    "marketo_status": {"status": "Meeting Booked"},
    "marketo_program": {"program": 1001, "status": "Member"},
    "hubspot_timeline_event": {"title": "Wrote"},
    "hubspot_meeting": {},
    "wait": {"for": "1 day"},
    "wait_for": {"events": ["clicked"], "timeout": "1 day"},
    "wait_until": {"weekdays": ["mon"]},
    "jump": {"go_to": "it", "at_most": 2},
    "ab_split": {"arms": [{"go_to": "it"}, {"go_to": "it"}]},
    "branch": {"arms": [{"when": {"event": "clicked"}, "go_to": "it"}]},
    "goal": {},
    "end": {},
}


CREATES = ("create_task", "create_event", "create_note")
PLATFORMS = ("push", "add_to_campaign", "marketo_status", "marketo_program")
TIMELINES = ("hubspot_timeline_event", "hubspot_meeting")
MESSAGES = ("send_email", "send_sms", "outreach_handover")
NEED_A_LEAD = (*MESSAGES, "update_stage", "assign", *CREATES, *PLATFORMS, *TIMELINES)


def written(kind: str, timing: str | None = None) -> dict[str, JsonValue]:
    return {"kind": kind, **NEEDED.get(kind, {}), **({"timing": timing} if timing else {})}


def automation(
    trigger: dict[str, JsonValue], *steps: str, re_entry: str | None = None
) -> Automation:
    ids = {step: "it" if place == 0 else f"s{place}" for place, step in enumerate(steps)}
    whole: dict[str, JsonValue] = {
        "id": "spring",
        "name": "Spring",
        "trigger": trigger,
        "steps": [{"id": ids[step], "kind": step, **STEPS[step]} for step in steps],
    }
    if re_entry:
        rule: JsonValue = {"rule": re_entry}
        whole["campaign"] = {"engagement_window": "30 days", "re_entry": rule}
    return Automation.model_validate(whole)


def test_the_table_has_a_row_for_each_kind_of_step_and_a_reason_for_each_refusal() -> None:
    kinds = [model.model_fields["kind"].annotation for model in get_args(get_args(AnyStep)[0])]
    lesson = "add a row to ACTIONS in workflows/engine/availability.py: where is it available?"
    assert set(ACTIONS) == {get_args(kind)[0] for kind in kinds}, lesson
    assert [
        name for name, row in ACTIONS.items() if row.where < set(PAIRS) and not row.why_not
    ] == []
    assert len(PAIRS) == 19 + 9
    assert len(KINDS) == 24


def test_the_documentation_shows_the_table_as_it_is() -> None:
    lesson = "write the table of docs/triggers.md anew, from as_markdown() of availability.py"
    assert as_markdown() in PAGE.read_text(encoding="utf-8"), lesson


def test_the_documentation_tells_of_each_trigger() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"kind: {kind}" not in page] == []


@pytest.mark.parametrize("pair", PAIRS)
def test_the_table_is_enforced(pair: tuple[str, str | None]) -> None:
    for step in STEPS:
        made = automation(written(*pair), step)
        assert pair_of(made.trigger) == pair
        found = objections(made)
        if pair in DURING_A_CONVERSATION and step in NEED_A_LEAD:
            (objection,) = found
            assert objection.step == "it"
            said = f"{step} is not available for the trigger {pair[0]} (immediately): "
            assert objection.message.startswith(said)
            assert "take lead_captured" in objection.message
        else:
            assert found == ()


def test_another_timing_or_trigger_can_make_a_step_illegal() -> None:
    after = automation(written("conversation_with_rep", "after_conversation"), "send_email")
    now = after.model_copy(
        update={"trigger": TRIGGER.validate_python(written("conversation_with_rep", "immediately"))}
    )
    pounce = after.model_copy(update={"trigger": TRIGGER.validate_python(written("pounce_sent"))})
    assert [len(objections(one)) for one in (after, now, pounce)] == [0, 1, 1]


def test_an_action_without_a_row_is_available_nowhere() -> None:
    made = automation(written("manual"), "notify", "end")
    unknown = made.steps[0].model_copy(update={"kind": "dance"})
    (objection,) = objections(made.model_copy(update={"steps": (unknown, made.steps[1])}))
    assert objection == Objection(
        "it", "dance has no row in the table of actions, and so is available nowhere"
    )


def test_mail_upon_mail_sent_is_refused_unless_it_says_which() -> None:
    fed: dict[str, JsonValue] = {"kind": "event_added", "event": "email_sent"}
    (objection,) = objections(automation(fed, "send_email", "notify"))
    assert "the very event that the trigger waits for (email_sent)" in objection.message
    which: JsonValue = {"field": "step", "op": "equals", "value": "offer"}
    assert objections(automation(fed | {"where": which}, "send_email")) == ()
    assert objections(automation(fed, "notify")) == ()


def test_a_condition_on_the_messages_that_set_it_off_does_not_silence_the_warning() -> None:
    where: JsonValue = {"field": "step", "op": "is_empty"}
    for sent, step in (("email_sent", "send_email"), ("sms_sent", "send_sms")):
        trigger: dict[str, JsonValue] = {"kind": "event_added", "event": sent, "where": where}
        (warning,) = loop_warnings(automation(trigger, step, "notify"))
        assert warning.step == "it"
        assert f"the trigger waits for ({sent}): be sure that 'where:'" in warning.message


def test_a_handover_upon_mail_sent_by_the_other_tool_is_refused() -> None:
    fed: dict[str, JsonValue] = {"kind": "event_added", "event": "outreach_sent"}
    (objection,) = objections(automation(fed, "outreach_handover", "notify"))
    assert "the very event that the trigger waits for (outreach_sent)" in objection.message


def setting(field: str, value: JsonValue, trigger: dict[str, JsonValue], **more: JsonValue) -> int:
    """How many objections and warnings there are against setting a field."""
    made = automation(trigger, "set_field", re_entry="after_exit")
    update = {"field": field, "value": value, **more}
    made = made.model_copy(update={"steps": (made.steps[0].model_copy(update=update),)})
    return len((*objections(made), *loop_warnings(made)))


def test_to_set_the_field_of_the_stage_is_to_move_the_lead() -> None:
    for trigger in (
        written("pounce_sent"),
        written("lead_status_changed"),
        written("stale_lead") | {"stages": ["Working"]},
    ):
        assert setting("stage", "working", trigger) == 1
        assert setting("Rating", "Hot", trigger) == 0
    assert setting("stage", "Working", written("lead_status_changed"), fill_if_empty=True) == 0
    assert setting("stage", None, written("lead_status_changed")) == 0


@pytest.mark.parametrize(("step", "warned"), [("update_stage", 1), ("set_field", 1), ("notify", 0)])
def test_a_change_of_the_lead_upon_a_change_of_the_lead_is_told_of(step: str, warned: int) -> None:
    trigger: dict[str, JsonValue] = {"kind": "event_added", "event": "lead_changed"}
    assert len(list(loop_warnings(automation(trigger, step)))) == warned


@pytest.mark.parametrize(
    ("step", "re_entry", "warned"),
    [
        ("send_email", "after_exit", True),
        ("send_email", "once", False),
        ("send_email", None, False),
        ("notify", "after_exit", False),
        ("update_stage", "after_exit", False),  # to a stage that is not watched
    ],
)
def test_a_stale_automation_that_wakes_its_own_clock_is_told_of(
    step: str, re_entry: str | None, warned: bool
) -> None:
    made = automation(written("stale_lead"), step, re_entry=re_entry)
    found = [warning.message for warning in loop_warnings(made)]
    assert [message[:18] for message in found] == ["is activity itself"] * warned


def test_a_stale_automation_that_sets_a_watched_stage_is_told_of() -> None:
    trigger = written("stale_lead") | {"stages": ["Working"]}
    assert len(list(loop_warnings(automation(trigger, "update_stage", re_entry="after_exit")))) == 1
    for kind, step in (("outreach_sent", "outreach_handover"), ("sms_sent", "send_sms")):
        made = automation(trigger | {"activities": [kind]}, step, re_entry="after_exit")
        assert len(list(loop_warnings(made))) == 1
    trigger |= {"activities": ["reply"]}
    assert list(loop_warnings(automation(trigger, "send_email", re_entry="after_exit"))) == []


@pytest.mark.parametrize(("stages", "warned"), [("any", 1), (["working"], 1), (["New"], 0)])
def test_a_step_that_sets_off_its_own_trigger_is_told_of(stages: JsonValue, warned: int) -> None:
    trigger: dict[str, JsonValue] = {"kind": "lead_status_changed", "stages": stages}
    assert len(list(loop_warnings(automation(trigger, "update_stage", "notify")))) == warned

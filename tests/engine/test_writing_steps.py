"""wait_until, set_field and the steps that create records: what each asks for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from tests.engine.journey import Journey, define
from workflows.engine.effects import AddEvent, AddNote, AddTask, Assign, Effect, PlanWait, SetField
from workflows.engine.state import Perform, Wait

MONDAY = """
steps:
- {id: monday, kind: wait_until, weekdays: [mon], at: 09:30}
- {id: done, kind: end}
"""
RENEWAL = """
steps:
- {id: due, kind: wait_until, field: renewal, days: -7, on_missing: told}
- {id: done, kind: end}
- {id: told, kind: notify, channel: sales, text: no date}
"""


def wanted(steps: str) -> Effect:
    journey = Journey(f"steps:\n- {{id: it, {steps}}}")
    assert isinstance(journey.state.wanted, Perform)
    return journey.state.wanted.effect


def test_wait_until_asks_for_the_instant_and_sleeps_until_the_answer() -> None:
    journey = Journey(MONDAY)
    assert journey.doing == "monday/1/plan_wait"
    journey.answer(state="sent", until="2026-03-09T08:30:00Z")
    assert isinstance(journey.state.wanted, Wait)
    assert journey.state.wanted.until == datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
    assert journey.event("clicked").after("6 days").doing == "wait for step"
    assert journey.after("1 day").exit == "completed"


def test_a_day_that_is_over_holds_nobody_up() -> None:
    journey = Journey(MONDAY).answer(state="sent", until="2026-03-01T08:30:00Z")
    assert journey.exit == "completed"


def test_a_field_without_a_day_leads_elsewhere() -> None:
    assert Journey(RENEWAL).answer(state="sent").doing == "told/1/notify"
    effect = wanted("kind: wait_until, field: renewal, days: -7")
    assert isinstance(effect, PlanWait)
    assert (effect.field, effect.days, effect.time) == ("renewal", -7, "09:00")


def test_a_pause_in_the_wait_keeps_its_end() -> None:
    journey = Journey(MONDAY).answer(state="sent", until="2026-03-09T08:30:00Z")
    journey.order("pause").after("1 day").order("resume")
    assert journey.doing == "wait for step"
    assert journey.after("6 days").exit == "completed"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("at: 09:00", "one of date"),
        ("date: 2026-03-02, weekdays: [mon]", "one of date"),
        ("weekdays: [mon], days: 2", "go with field"),
        ("weekdays: [mon], on_missing: it", "go with field"),
        ("weekdays: [mon], at: 24:00", "at"),
        ("weekdays: []", "weekdays"),
    ],
)
def test_a_wait_until_without_one_clear_day_is_refused(fields: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        define(f"steps:\n- {{id: it, kind: wait_until, {fields}}}")


@pytest.mark.parametrize(
    ("fields", "asked"), [("to: ada@x.example", ("ada@x.example", None)), ("pool: p", (None, "p"))]
)
def test_assign_asks_for_a_user_or_a_pool(
    fields: str, asked: tuple[str | None, str | None]
) -> None:
    effect = wanted(f"kind: assign, {fields}")
    assert isinstance(effect, Assign)
    assert (effect.to, effect.pool) == asked


@pytest.mark.parametrize("fields", ["name: x", "to: ada@x.example, pool: p"])
def test_assign_names_one_of_user_and_pool(fields: str) -> None:
    with pytest.raises(ValidationError, match="one of to and pool"):
        wanted(f"kind: assign, {fields}")


def test_set_field_names_field_and_value() -> None:
    effect = wanted("kind: set_field, field: Rating, value: Hot, fill_if_empty: true")
    assert isinstance(effect, SetField)
    asked = (effect.field, effect.value, effect.fill_if_empty, effect.only_here)
    assert asked == ("Rating", "Hot", True, False)


@pytest.mark.parametrize("field", ["email", "Zone", "id"])
def test_set_field_does_not_change_who_the_lead_is(field: str) -> None:
    with pytest.raises(ValidationError, match="who the lead is"):
        wanted(f"kind: set_field, field: {field}, value: x")


def test_a_condition_sees_the_value_that_was_set() -> None:
    steps = """
steps:
- {id: set, kind: set_field, field: Rating, value: Hot}
- {id: hot, kind: branch, arms: [{when: {field: Rating, op: equals, value: hot}, go_to: mail}]}
- {id: done, kind: end}
- {id: mail, kind: send_email, template: hello}
"""
    journey = Journey(steps).answer(state="sent", values={"Rating": "Hot"})
    assert journey.doing == "mail/1/send_email"


def test_create_task_event_and_note_ask_under_names_of_their_own() -> None:
    task = wanted("kind: create_task, subject: Call, due_in_days: 2, due_time: '14:00'")
    event = wanted("kind: create_event, subject: Demo, in_days: 3, at: '10:00', lasting: 1 hour")
    note = wanted("kind: create_note, text: seen")
    assert isinstance(task, AddTask)
    assert (task.activity, task.days, task.time, task.priority) == (
        "add_task",
        2,
        "14:00",
        "Normal",
    )
    assert isinstance(event, AddEvent)
    assert (event.activity, event.days, event.time, event.minutes) == ("add_event", 3, "10:00", 60)
    assert isinstance(note, AddNote)
    assert (note.activity, note.subject, note.text) == ("add_note", "Note", "seen")

"""What each step kind asks for, and where it lets the lead go on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.engine.journey import START, Journey
from workflows.engine.effects import Effect, Notify, Outcome, SendEmail, UpdateStage
from workflows.engine.events import Event
from workflows.engine.state import Perform, Wait
from workflows.engine.steps.base import BaseStep, Go, Moment, TimeUp

MOMENT = Moment("e", 1, 1, START, None, {}, frozenset(), 0)

TWO_MAILS = """
campaign: {engagement_window: 30 days}
steps:
- {id: intro, kind: send_email, template: hello, name: Hello}
- {id: rest, kind: wait, for: 1 day}
- {id: again, kind: send_email, template: reminder}
"""
WAITING = """
steps:
- {id: ask, kind: wait_for, events: [replied_yes, clicked], timeout: 7 days, on_event: won,
   on_timeout: lost, already: ALREADY}
- {id: won, kind: update_stage, stage: Won}
- {id: done, kind: end}
- {id: lost, kind: notify, channel: "#sales", text: no answer}
"""


def effect_of(journey: Journey) -> Effect:
    assert isinstance(journey.state.wanted, Perform)
    return journey.state.wanted.effect


def test_a_mail_names_its_template_and_may_leave_until_the_window_ends() -> None:
    mail = effect_of(Journey(TWO_MAILS))
    assert isinstance(mail, SendEmail)
    assert (mail.template, mail.thread) == ("hello", False)
    assert mail.not_after == START + timedelta(days=30)
    assert (mail.queue, mail.activity) == ("messaging", "send_email")


def test_the_second_mail_goes_into_the_thread_of_the_first() -> None:
    mail = effect_of(Journey(TWO_MAILS).sent().after("1 day"))
    assert isinstance(mail, SendEmail)
    assert mail.thread is True


def test_a_mail_without_thread_starts_a_conversation_of_its_own() -> None:
    own = TWO_MAILS.replace("template: reminder", "template: reminder, thread: false")
    mail = effect_of(Journey(own).sent().after("1 day"))
    assert isinstance(mail, SendEmail)
    assert mail.thread is False


def test_after_the_last_step_the_lead_has_completed() -> None:
    journey = Journey(TWO_MAILS).sent().after("1 day").sent()
    assert journey.exit == "completed"
    assert journey.closed().state.label == "running"
    assert (journey.state.sends, journey.state.wanted) == (2, None)


def test_a_key_names_enrollment_entry_step_visit_and_effect() -> None:
    journey = Journey(TWO_MAILS).sent().after("1 day")
    assert journey.keys == [
        "enrollment:spring:x-1/1/intro/1/send_email",
        "enrollment:spring:x-1/1/again/1/send_email",
    ]


def test_a_wait_ends_after_its_exact_hours_and_no_event_shortens_it() -> None:
    journey = Journey(TWO_MAILS).sent().after("23 hours").event("clicked")
    assert journey.doing == "wait for step"
    assert isinstance(journey.state.wanted, Wait)
    assert journey.state.wanted.until == START + timedelta(days=1)
    assert journey.after("1 hour").doing == "again/1/send_email"


@pytest.mark.parametrize("kind", ["replied_yes", "clicked"])
def test_wait_for_goes_on_with_the_event(kind: str) -> None:
    journey = Journey(WAITING.replace("ALREADY", "false")).event("opened").event(kind)
    stage = effect_of(journey)
    assert isinstance(stage, UpdateStage)
    assert (stage.stage, stage.queue, stage.activity) == ("Won", "crm", "update_stage")
    assert journey.sent().exit == "completed"


def test_wait_for_goes_elsewhere_when_the_time_is_up() -> None:
    told = effect_of(Journey(WAITING.replace("ALREADY", "false")).after("7 days"))
    assert isinstance(told, Notify)
    assert (told.channel, told.text, told.queue) == ("#sales", "no answer", "notifications")


@pytest.mark.parametrize(("already", "doing"), [("true", "won"), ("false", "wait for step")])
def test_an_event_from_before_counts_only_if_the_step_says_so(already: str, doing: str) -> None:
    first = "steps:\n- {id: mail, kind: send_email, template: hello}"
    journey = Journey(WAITING.replace("steps:", first).replace("ALREADY", already))
    assert journey.event("clicked").sent().doing.startswith(doing)


TRUE = "field: vip, op: equals, value: true"
BRANCHING = """
steps:
- {id: mail, kind: send_email, template: hello}
- id: which
  kind: branch
  arms:
  - {when: {field: country, op: equals, value: DE}, go_to: german}
  - {when: {event: clicked}, go_to: keen}
  otherwise: rest
- {id: skipped, kind: end}
- {id: german, kind: send_email, template: german, next: rest}
- {id: keen, kind: send_email, template: keen}
- {id: rest, kind: wait, for: 2 days}
"""


@pytest.mark.parametrize(
    ("country", "clicked", "doing"),
    [
        ("de", True, "german/1/send_email"),  # the first arm that holds, top to bottom
        ("DE", False, "german/1/send_email"),
        ("FR", True, "keen/1/send_email"),
        ("FR", False, "wait for step"),
        (None, False, "wait for step"),
    ],
)
def test_the_first_arm_that_holds_is_taken(country: str | None, clicked: bool, doing: str) -> None:
    journey = Journey(BRANCHING, {"country": country})
    if clicked:
        journey.event("clicked")
    assert journey.sent().doing == doing


def test_next_leads_past_the_steps_between() -> None:
    assert Journey(BRANCHING, {"country": "de"}).sent().sent().state.step == "rest"


def test_a_branch_without_otherwise_falls_through_to_the_following_step() -> None:
    falling = BRANCHING.replace("  otherwise: rest\n", "")
    assert Journey(falling).sent().exit == "completed"


def test_a_branch_sees_a_changed_field_and_what_an_effect_returned() -> None:
    assert Journey(BRANCHING).event("lead_changed", country="DE", age=3).sent().doing == (
        "german/1/send_email"
    )
    told = Journey(BRANCHING).answer(state="sent", values={"country": "DE"})
    assert told.doing == "german/1/send_email"


def test_only_fields_that_conditions_name_are_carried_along() -> None:
    journey = Journey(BRANCHING).event("lead_changed", country="DE", phone="+49 1")
    assert journey.state.values == {"country": "DE"}
    journey.event("lead_changed", fields={"country": "FR", "phone": "+33 1"})
    assert journey.state.values == {"country": "FR"}


def test_end_ends_at_once() -> None:
    ending = "steps:\n- {id: stop, kind: end}\n- {id: mail, kind: send_email, template: a}"
    assert Journey(ending).exit == "completed"


def test_who_comes_to_the_goal_has_reached_it_and_is_done() -> None:
    winning = "steps:\n- {id: won, kind: goal}\n- {id: mail, kind: send_email, template: a}"
    journey = Journey(winning)
    assert journey.exit == "goal_reached"
    assert journey.state.timeline[-1].why == "goal reached"


def test_a_loop_over_a_mail_counts_its_visits() -> None:
    loop = """
steps:
- {id: mail, kind: send_email, template: hello}
- {id: rest, kind: wait, for: 1 day, next: mail}
"""
    journey = Journey(loop).sent().after("1 day").sent().after("1 day")
    assert [key.split("/", 2)[2] for key in journey.keys] == [
        f"mail/{visit}/send_email" for visit in (1, 2, 3)
    ]


def test_a_loop_of_branches_is_parked_and_goes_on_once_there_is_a_way_out() -> None:
    loop = """
campaign: {engagement_window: 30 days}
steps:
- {id: a, kind: branch, arms: [{when: {event: clicked}, go_to: out}], otherwise: a}
- {id: out, kind: send_email, template: hello}
"""
    journey = Journey(loop)
    assert journey.state.label == "attention"
    assert journey.state.hold is not None
    assert "without a wait" in journey.state.hold.reason
    assert journey.order("pause").order("resume").state.label == "attention"
    assert journey.event("clicked").order("retry").doing == "out/1/send_email"
    assert Journey(loop).after("30 days").exit == "engagement_window_ended"


MANY_BRANCHES = "steps:\n" + "".join(
    f"- {{id: s{number}, kind: branch, arms: [{{when: {{event: x}}, go_to: s0}}]}}\n"
    for number in range(200)
)


def test_as_many_branches_as_a_file_may_have_are_no_loop() -> None:
    assert Journey(MANY_BRANCHES).exit == "completed"
    begun_before = Journey(MANY_BRANCHES, semantics=1)
    assert begun_before.state.hold is not None
    assert "100 steps in a row without a wait" in begun_before.state.hold.reason


def test_an_enrollment_compares_as_it_began() -> None:
    only_true = BRANCHING.replace("field: country, op: equals, value: DE", TRUE)
    assert Journey(only_true, {"vip": "true"}).sent().doing == "german/1/send_email"
    assert Journey(only_true, {"vip": "true"}, semantics=1).sent().doing == "wait for step"


def test_a_step_is_not_hurried_past_its_effect_by_other_news() -> None:
    journey = Journey(TWO_MAILS).event("clicked").event("lead_changed").event("hold_released")
    assert journey.doing == "intro/1/send_email"
    unsaid = BaseStep(id="x")  # what a new step kind does unless it says otherwise
    assert unsaid.resume(MOMENT, TimeUp()) is None
    assert unsaid.resume(MOMENT, Event(id="e", kind="clicked", at=START)) is None
    assert unsaid.resume(MOMENT, Outcome(state="sent")) == Go()


def test_a_step_kind_that_forgets_to_say_what_entering_does_is_told_so() -> None:
    with pytest.raises(TypeError, match="BaseStep does not say"):
        BaseStep(id="x").enter(MOMENT)

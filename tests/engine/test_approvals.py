"""approval: a mail waits for a person, and what the decision does at whatever time it comes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.engine.journey import Journey, define
from workflows.engine.effects import AskReview
from workflows.engine.state import Perform

STEPS = """
steps:
- {id: check, kind: approval, of: intro, timeout: 5 days, on_reject: told, on_timeout: late}
- {id: intro, kind: send_email, template: hello}
- {id: done, kind: end}
- {id: told, kind: notify, channel: sales, text: rejected}
- {id: late, kind: notify, channel: sales, text: late}
"""
PLAIN = STEPS.replace(", on_reject: told, on_timeout: late", "")


def decided(journey: Journey, verdict: str, visit: int = 1) -> Journey:
    return journey.event("review_decided", step="check", visit=visit, verdict=verdict)


def asked(steps: str = STEPS) -> Journey:
    return Journey(steps).sent()


def test_the_review_is_of_the_mail_that_will_be_sent() -> None:
    wanted = Journey(STEPS).state.wanted
    assert isinstance(wanted, Perform)
    assert isinstance(wanted.effect, AskReview)
    assert (wanted.effect.of, wanted.effect.of_visit) == ("intro", 1)


@pytest.mark.parametrize(
    ("verdict", "steps", "doing"),
    [
        ("approved", STEPS, "intro/1/send_email"),
        ("rejected", STEPS, "told/1/notify"),
        ("approved", PLAIN, "intro/1/send_email"),
        ("rejected", PLAIN, "exit completed"),
    ],
)
def test_a_decision_moves_the_lead_on(verdict: str, steps: str, doing: str) -> None:
    journey = asked(steps).event("clicked").after("4 days")
    assert journey.doing == "wait for step"
    assert decided(journey, verdict).doing == doing


@pytest.mark.parametrize(("steps", "doing"), [(STEPS, "late/1/notify"), (PLAIN, "exit completed")])
def test_a_mail_that_nobody_looks_at_does_not_leave(steps: str, doing: str) -> None:
    assert asked(steps).after("5 days").doing == doing


def test_a_decision_that_comes_before_the_wait_is_not_lost() -> None:
    journey = decided(Journey(STEPS), "approved")
    assert journey.doing == "check/1/ask_review"
    assert journey.sent().doing == "intro/1/send_email"


def test_a_decision_during_a_pause_counts_afterwards() -> None:
    journey = decided(asked().order("pause"), "rejected")
    assert journey.doing == "wait for paused"
    assert journey.order("resume").doing == "told/1/notify"


def test_a_decision_on_another_visit_changes_nothing() -> None:
    journey = asked().order("move_to", target="check").sent()
    assert decided(journey, "approved", visit=1).doing == "wait for step"
    assert decided(journey, "approved", visit=2).doing == "intro/1/send_email"


def test_a_decision_releases_a_mail_that_the_gate_held_for_it() -> None:
    held = decided(asked(), "approved").answer(state="held", cause="waits for its review")
    assert held.doing == "wait for gate"
    again = held.event("review_decided", step="", visit=0, verdict="approved")
    assert again.doing == "intro/1/send_email"


@pytest.mark.parametrize("of", ["nowhere", "done"])
def test_an_approval_is_of_a_mail(of: str) -> None:
    with pytest.raises(ValidationError, match="no send_email step of: intro"):
        define(PLAIN.replace("of: intro", f"of: {of}"))

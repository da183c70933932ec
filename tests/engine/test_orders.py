"""An operator's orders, and the objections to those that came too late or to the wrong place."""

from __future__ import annotations

import pytest

from tests.engine.journey import Journey
from tests.engine.situations import CAMPAIGN, SITUATIONS, resting
from workflows.engine.holds import objection
from workflows.engine.state import Order

OBJECTIONS = [
    ("in a wait", {"verb": "remove", "step": "intro"}, "at step 'rest', not 'intro'"),
    ("in a wait", {"verb": "skip", "step": "rest", "visit": 2}, "on visit 1 of 'rest', not 2"),
    ("in a wait", {"verb": "resume"}, "not paused"),
    ("in need of attention", {"verb": "resume"}, "not paused"),
    ("in a pause", {"verb": "pause"}, "paused already"),
    ("in a wait", {"verb": "retry"}, "nothing needs attention"),
    ("held by the gate for a cause", {"verb": "retry"}, "nothing needs attention"),
    ("in a wait", {"verb": "move_to"}, "the steps are: intro, rest"),
    ("in a wait", {"verb": "move_to", "target": "nowhere"}, "no step 'nowhere'"),
    ("in a wait", {"verb": "resend", "target": "rest"}, "no mail of a step 'rest'"),
    ("in a wait", {"verb": "resend", "target": "last"}, "no mail of a step 'last'"),
    ("in a pause", {"verb": "resend", "target": "intro"}, "not at rest"),
    ("in need of attention", {"verb": "resend", "target": "intro"}, "not at rest"),
]


@pytest.mark.parametrize(("situation", "order", "phrase"), OBJECTIONS)
def test_an_order_that_does_not_fit_is_objected_to_and_changes_nothing(
    situation: str, order: dict[str, object], phrase: str
) -> None:
    journey = SITUATIONS[situation]()
    before = journey.state
    assert phrase in objection(journey.automation, before, Order.model_validate(order))
    assert journey.tell(Order.model_validate(order)).state == before


@pytest.mark.parametrize(
    "verb", ["remove", "pause", "resume", "retry", "skip", "move_to", "resend"]
)
def test_every_order_is_objected_to_after_the_end(verb: str) -> None:
    journey, order = resting().event("reply"), Order.model_validate({"verb": verb})
    assert "closing" in objection(journey.automation, journey.state, order)
    assert "reply_received" in objection(journey.automation, journey.closed().state, order)


@pytest.mark.parametrize(
    ("situation", "order", "doing"),
    [
        ("in a wait", {"verb": "skip", "step": "rest", "visit": 1}, "second/1/send_email"),
        ("in a wait_for", {"verb": "skip"}, "last/1/send_email"),
        ("in need of attention", {"verb": "skip"}, "wait for step"),
        ("in need of attention", {"verb": "retry"}, "intro/2/send_email"),
        ("in a pause", {"verb": "resume"}, "wait for step"),
        ("in a pause", {"verb": "move_to", "target": "last"}, "last/1/send_email"),
        ("in a wait", {"verb": "move_to", "target": "intro"}, "intro/2/send_email"),
        ("in a wait", {"verb": "resend", "target": "intro"}, "intro/2/send_email"),
        ("in a wait", {"verb": "remove", "step": "rest"}, "exit manually_removed"),
        ("held by the gate for a cause", {"verb": "skip"}, "wait for step"),
        ("before the resend of a softly bounced mail", {"verb": "skip"}, "wait for step"),
    ],
)
def test_an_order_that_fits_is_carried_out(
    situation: str, order: dict[str, object], doing: str
) -> None:
    journey = SITUATIONS[situation]()
    assert objection(journey.automation, journey.state, Order.model_validate(order)) == ""
    assert journey.tell(Order.model_validate(order)).doing == doing


def test_skipping_the_last_step_completes_the_enrollment() -> None:
    journey = Journey(CAMPAIGN).order("move_to", target="last").order("skip")
    assert journey.exit == "completed"


def test_the_timeline_says_who_ordered_what_and_why() -> None:
    journey = resting().order("pause", by="anna", reason="asked by the owner").order("resume")
    assert [(line.step, line.what, line.why) for line in journey.state.timeline[-2:]] == [
        ("rest", "paused", "anna asked by the owner"),
        ("rest", "goes on", "resumed"),
    ]


def test_the_timeline_keeps_the_last_fifty_decisions() -> None:
    journey = resting()
    for _ in range(30):
        journey.order("pause").order("resume")
    assert len(journey.state.timeline) == 50
    assert journey.state.timeline[-1].what == "goes on"

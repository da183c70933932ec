"""Holds: pause, attention and the gate's; each goes on with exactly what it suspended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.engine.journey import START, Journey
from tests.engine.situations import CAMPAIGN, SITUATIONS, resting
from workflows.engine.effects import Outcome
from workflows.engine.state import Done, Failed, Fired, Wait


def ends_after(journey: Journey) -> timedelta | None:
    wanted = journey.state.wanted
    assert isinstance(wanted, Wait)
    return wanted.until - START if wanted.until else None


@pytest.mark.parametrize("situation", [name for name in SITUATIONS if "pause" not in name])
def test_a_pause_goes_on_with_what_it_suspended(situation: str) -> None:
    journey = SITUATIONS[situation]()
    before = journey.state.hold.suspended if journey.state.hold else journey.state.wanted
    assert journey.order("pause", by="anna").doing == "wait for paused"
    assert journey.state.label == "held"
    assert journey.after("1 minute").order("resume").state.label != "attention"
    after = journey.state.hold.suspended if journey.state.hold else journey.state.wanted
    assert before is not None
    assert after is not None
    assert after.model_copy(update={"serial": before.serial}) == before


def test_a_pause_may_come_as_a_signal_and_twice() -> None:
    journey = resting().signal("pause")
    held = journey.state.hold
    assert held is not None
    assert journey.signal("pause").state.hold == held
    assert journey.order("resume").doing == "wait for step"


def test_the_clock_of_a_wait_runs_on_in_a_pause() -> None:
    journey = resting().order("pause").after("10 days").order("resume")
    assert ends_after(journey) == timedelta(days=3)
    assert journey.after("1 second").doing == "second/1/send_email"


def test_a_pause_ends_with_the_engagement_window() -> None:
    assert resting().order("pause").after("30 days").exit == "engagement_window_ended"


def test_an_event_that_a_step_waits_for_is_not_lost_in_a_pause() -> None:
    journey = resting().after("3 days").sent().order("pause").event("clicked").event("clicked")
    assert journey.doing == "wait for paused"
    assert journey.order("resume").doing == "last/1/send_email"
    assert journey.state.unheard is None


def test_an_event_from_a_pause_does_not_count_for_a_later_step() -> None:
    twice = CAMPAIGN + "- {id: more, kind: wait_for, events: [clicked], timeout: 2 days}"
    journey = Journey(twice).sent().after("3 days").sent().order("pause").event("clicked")
    journey.order("move_to", target="more").order("pause").order("resume")
    assert journey.doing == "wait for step"


def test_a_failed_effect_needs_attention_until_it_is_tried_again_under_a_new_key() -> None:
    journey = Journey(CAMPAIGN).failed("smtp: retries used up")
    assert journey.state.label == "attention"
    assert journey.state.hold is not None
    assert journey.state.hold.reason == "smtp: retries used up"
    assert journey.order("retry").doing == "intro/2/send_email"
    assert journey.failed("again").order("skip").doing == "wait for step"


def test_a_refusal_with_an_exit_ends_the_enrollment() -> None:
    journey = Journey(CAMPAIGN).answer(state="refused", cause="suppressed", exit="unsubscribed")
    assert journey.exit == "unsubscribed"


def test_a_refusal_without_an_exit_needs_attention() -> None:
    journey = Journey(CAMPAIGN).answer(state="refused", cause="mailbox unknown")
    assert journey.doing == "wait for attention"
    assert journey.state.hold is not None
    assert journey.state.hold.reason == "mailbox unknown"


def test_a_mail_held_until_a_time_is_asked_for_again_under_the_same_key() -> None:
    journey = Journey(CAMPAIGN)
    journey.answer(state="held", cause="send window", until=START + timedelta(hours=20))
    assert (journey.doing, journey.state.label) == ("wait for gate", "held")
    assert ends_after(journey) == timedelta(hours=20)
    assert journey.after("20 hours").doing == "intro/1/send_email"
    assert journey.sent().state.sends == 1
    assert len(journey.keys) == 1


def test_a_mail_held_for_a_cause_waits_for_its_removal() -> None:
    journey = Journey(CAMPAIGN).answer(state="held", cause="feed is old").after("2 days")
    assert journey.doing == "wait for gate"
    assert journey.event("hold_released").doing == "intro/1/send_email"


def test_a_cause_removed_while_the_answer_is_on_its_way_is_not_missed() -> None:
    journey = Journey(CAMPAIGN).event("hold_released").answer(state="held", cause="feed is old")
    assert journey.doing == "intro/1/send_email"
    assert journey.answer(state="held", cause="feed is old").doing == "wait for gate"


@pytest.mark.parametrize("situation", ["in a wait", "in a pause", "in need of attention"])
def test_a_release_loosens_only_the_holds_of_the_gate(situation: str) -> None:
    journey = SITUATIONS[situation]()
    before = journey.doing
    assert journey.event("hold_released").doing == before


def test_an_unknown_outcome_counts_as_sent_and_is_counted_apart() -> None:
    journey = Journey(CAMPAIGN).answer(state="unknown", cause="connection lost after DATA")
    assert journey.doing == "wait for step"
    assert (journey.state.sends, journey.state.unknowns) == (1, 1)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_stale_answers_and_timers_change_nothing(situation: str) -> None:
    journey = SITUATIONS[situation]()
    before = journey.state
    for serial in (0, journey.serial - 1, journey.serial + 1):
        journey.tell(Fired(serial=serial)).tell(Failed(serial=serial, reason="late"))
        assert journey.tell(Done(serial=serial, outcome=Outcome(state="sent"))).state == before


def test_an_answer_of_the_wrong_sort_changes_nothing() -> None:
    sending, waiting = Journey(CAMPAIGN), resting()
    assert sending.tell(Fired(serial=sending.serial)).doing == "intro/1/send_email"
    assert waiting.failed("what?").sent().doing == "wait for step"

"""wait_for with a condition: judged on arrival, and at every fact that may change it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.engine.journey import Journey, define
from tests.engine.test_migrating import moved
from workflows.engine.state import Wait

ASKING = """
campaign: {engagement_window: 30 days, soft_bounces: {retries: 2, after: 1 hour}}
steps:
- {id: mail, kind: send_email, template: hello}
- {id: ask, kind: wait_for, EVENTS when: WHEN, timeout: 7 days, on_event: won, on_timeout: lost}
- {id: won, kind: update_stage, stage: Won}
- {id: done, kind: end}
- {id: lost, kind: notify, channel: sales, text: nothing}
"""
HOT = "{field: rating, op: equals, value: Hot}"
BOTH = ASKING.replace("EVENTS", "events: [clicked],")
ALONE = ASKING.replace("EVENTS", "")


def asking(written: str = ALONE, when: str = HOT, rating: str = "Cold") -> Journey:
    return Journey(written.replace("WHEN", when), {"rating": rating}).sent()


@pytest.mark.parametrize("written", [ALONE, BOTH])
def test_a_condition_that_holds_on_arrival_is_not_waited_for(written: str) -> None:
    journey = asking(written, rating="hot")
    assert journey.doing == "won/1/update_stage"
    assert any(line.why == "the condition holds" for line in journey.state.timeline)


@pytest.mark.parametrize("written", [ALONE, BOTH])
def test_the_lead_goes_on_with_the_change_that_makes_it_hold(written: str) -> None:
    journey = asking(written).event("lead_changed", rating="Warm")
    assert journey.doing == "wait for step"
    assert journey.event("lead_changed", fields={"rating": "Hot"}).doing == "won/1/update_stage"


def test_beside_a_condition_an_event_ends_the_wait_as_ever() -> None:
    assert asking(BOTH).event("clicked").doing == "won/1/update_stage"
    assert asking(ALONE).event("clicked").doing == "wait for step"


def test_a_condition_that_never_holds_leads_to_on_timeout() -> None:
    assert asking().event("lead_changed", rating="Warm").after("7 days").state.step == "lost"


def test_a_condition_may_ask_for_several_events() -> None:
    """Which ``events`` cannot say: there any one of them is enough."""
    journey = asking(when="{all: [{event: opened}, {event: visited}]}").event("visited")
    assert journey.doing == "wait for step"
    assert journey.event("opened").doing == "won/1/update_stage"
    early = "{all: [{event: opened}, {event: visited}]}"
    before = Journey(ALONE.replace("WHEN", early)).event("opened").event("visited").sent()
    assert before.doing == "won/1/update_stage"


def test_a_condition_counts_when_a_pause_is_over_if_it_still_holds() -> None:
    paused = asking(BOTH).order("pause").event("lead_changed", rating="Hot")
    assert paused.doing == "wait for paused"
    assert paused.order("resume").doing == "won/1/update_stage"
    changed_back = asking(BOTH).order("pause").event("lead_changed", rating="Hot")
    changed_back.event("lead_changed", rating="Cold")
    assert changed_back.order("resume").doing == "wait for step"


def test_an_event_in_a_pause_is_not_lost_to_a_condition_that_held_for_a_while() -> None:
    paused = asking(BOTH).order("pause").event("lead_changed", rating="Hot")
    paused.event("clicked").event("lead_changed", rating="Cold")
    assert paused.order("resume").doing == "won/1/update_stage"


def test_a_condition_that_holds_during_a_resend_counts_after_it() -> None:
    bounced = asking().event("bounce", type="soft", step="mail").event("lead_changed", rating="Hot")
    assert bounced.doing == "wait for resend"
    assert bounced.after("1 hour").sent().doing == "won/1/update_stage"


def test_out_of_office_does_not_keep_a_condition_from_being_judged() -> None:
    away = asking(when="{event: out_of_office}")
    assert away.event("out_of_office", until="2026-03-05").doing == "won/1/update_stage"


def test_a_lead_that_is_moved_to_a_version_whose_condition_holds_goes_on() -> None:
    new = define(ALONE.replace("WHEN", "{field: rating, op: equals, value: Cold}"))
    journey = asking()
    assert moved(journey, new, values={"rating": "Cold"}).doing == "won/1/update_stage"


def test_the_wait_says_what_it_waits_for() -> None:
    journey = asking(BOTH)
    assert isinstance(journey.state.wanted, Wait)
    assert journey.state.wanted.summary == "Wait for clicked or the condition, at most 1 week"


def test_waiting_for_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="name 'events', a condition under 'when', or both"):
        define("steps: [{id: w, kind: wait_for, timeout: 1 day}]")

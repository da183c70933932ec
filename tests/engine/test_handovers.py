"""outreach_handover: another tool mails the lead, and hears of it when it must stop."""

from __future__ import annotations

import pytest

from tests.engine.journey import Journey
from workflows.engine.effects import HandOverLead
from workflows.engine.state import Perform

STEPS = """
campaign: {engagement_window: 60 days, exits: {"on": [unsubscribe]}}
steps:
- {id: hand, kind: outreach_handover, campaign: 7, mails: 3, timeout: 20 days, fields: [industry],
   on_completed: done, on_answer: told, on_timeout: late}
- {id: done, kind: end}
- {id: told, kind: notify, channel: sales, text: answered}
- {id: late, kind: wait, for: 1 day}
"""
KEY = "enrollment:spring:x-1/1/hand/1"


def handed() -> Journey:
    return Journey(STEPS).sent()


def asked(journey: Journey) -> list[str]:
    """What the other tool is to be told, without the serial numbers."""
    told = [key.rsplit("/", 2) for key in journey.state.writebacks]
    assert all((place, last) == (KEY, "steer_handover") for place, _, last in told), told
    serials = [int(wish.partition("-")[0]) for _, wish, _ in told]
    assert serials == sorted(set(serials))
    return [wish.partition("-")[2] for _, wish, _ in told]


def test_the_lead_is_handed_over_to_the_campaign() -> None:
    wanted = Journey(STEPS).state.wanted
    assert isinstance(wanted, Perform)
    assert isinstance(wanted.effect, HandOverLead)
    assert (wanted.effect.campaign, wanted.effect.fields) == (7, ("industry",))
    assert handed().doing == "wait for step"


def sent(number: object, visit: int = 1) -> dict[str, object]:
    return {"step": "hand", "visit": visit, "number": number}


@pytest.mark.parametrize(
    ("kind", "data", "doing"),
    [
        ("outreach_sent", sent(2), "wait for step"),
        ("outreach_sent", sent(3, visit=2), "wait for step"),
        ("outreach_sent", sent("3"), "wait for step"),
        ("outreach_sent", sent(3), "exit completed"),
        ("reply", {}, "told/1/notify"),
        ("bounce", {"type": "hard"}, "told/1/notify"),
        ("bounce", {"type": "soft"}, "wait for step"),
        ("unsubscribe", {}, "exit unsubscribed"),
        ("clicked", {}, "wait for step"),
    ],
)
def test_what_the_other_tool_reports_ends_the_handover(
    kind: str, data: dict[str, str | int], doing: str
) -> None:
    assert handed().event(kind, **data).doing == doing


def test_the_timeout_stops_the_lead_there_and_moves_it_on() -> None:
    journey = handed().after("20 days")
    assert (journey.state.step, asked(journey)) == ("late", ["end"])


def test_an_exit_is_told_by_the_ledger_and_not_by_the_workflow() -> None:
    assert asked(handed().event("unsubscribe").closed()) == []


def test_a_pause_is_told_and_so_is_its_end() -> None:
    journey = handed().order("pause")
    assert asked(journey) == ["pause"]
    assert asked(journey.order("resume")) == ["pause", "go"]
    assert journey.doing == "wait for step"


def test_a_pause_while_the_lead_is_being_handed_over_is_told_too() -> None:
    journey = Journey(STEPS).order("pause").order("resume")
    assert (asked(journey), journey.doing) == (["pause", "go"], "hand/1/hand_over_lead")


def test_who_is_moved_away_is_stopped() -> None:
    assert asked(handed().order("move_to", target="late")) == ["end"]


def test_a_retry_ends_what_an_attempt_may_have_begun() -> None:
    journey = Journey(STEPS).failed("retries used up").order("retry")
    assert asked(journey) == ["pause", "end"]
    assert journey.doing == "hand/2/hand_over_lead"


def test_a_lead_that_is_away_is_not_handed_over() -> None:
    assert Journey(STEPS).event("out_of_office", until="2026-03-09").doing == "wait for away"

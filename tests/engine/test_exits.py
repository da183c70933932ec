"""Every exit, from every situation: at once, once, and with nothing lost for the ledger."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from tests.engine.journey import Journey
from tests.engine.situations import CAMPAIGN, SITUATIONS, resting
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason, strongest
from workflows.engine.state import Close, Closed, Done, Failed, Fired, Order

STOPS = {
    "reply": "reply_received",
    "bounce": "email_bounced",
    "unsubscribe": "unsubscribed",
    "complaint": "unsubscribed",
    "meeting_booked": "meeting_booked",
    "goal_reached": "goal_reached",
    "lead_gone": "lead_gone",
    "remove": "manually_removed",
    "criteria_met": "custom_exit_criteria_met",
    "superseded": "joined_other_campaign",
    "turned_off": "campaign_turned_off_or_expired",
}
STALE = "{kind: stale_lead, at_least: 30 days, stages: [New]}"


@pytest.mark.parametrize(("kind", "reason"), STOPS.items())
def test_each_stop_event_has_its_exit(kind: str, reason: str) -> None:
    assert resting().event(kind).exit == reason


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("kind", ["unsubscribe", "superseded"])
def test_a_stop_acts_at_once_in_every_situation(situation: str, kind: str) -> None:
    journey = SITUATIONS[situation]()
    before = journey.serial
    wanted = journey.event(kind).state.wanted
    assert isinstance(wanted, Close)
    assert (wanted.reason, wanted.cause) == (STOPS[kind], f"e{journey.events}")
    assert wanted.serial > before  # what was in flight is abandoned
    assert journey.state.hold is None


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_operator_removes_a_lead_in_every_situation(situation: str) -> None:
    assert SITUATIONS[situation]().order("remove").exit == "manually_removed"


BEYOND_THE_WINDOW: dict[str, Callable[[], Journey]] = {
    "in a pause": SITUATIONS["in a pause"],
    "in a pause of a mail": SITUATIONS["in a pause of a mail"],
    "in need of attention": SITUATIONS["in need of attention"],
    "held by the gate for a cause": SITUATIONS["held by the gate for a cause"],
    "held by the gate for long": lambda: Journey(CAMPAIGN).answer(
        state="held", cause="cap", until="2026-12-01T00:00:00Z"
    ),
    "out of office for long": lambda: Journey(CAMPAIGN).event("out_of_office", until="2026-12-01"),
    "before a late resend": lambda: (
        Journey(CAMPAIGN.replace("exits:", "soft_bounces: {after: 40 days}\n  exits:"))
        .sent()
        .event("bounce", type="soft", step="intro")
    ),
}


@pytest.mark.parametrize("situation", BEYOND_THE_WINDOW)
def test_the_engagement_window_ends_whatever_the_lead_waits_for(situation: str) -> None:
    journey = BEYOND_THE_WINDOW[situation]().after("29 days 23 hours")
    assert journey.exit == ""
    assert journey.after("1 hour").exit == "engagement_window_ended"


@pytest.mark.parametrize("order", list(permutations(["reply", "meeting_booked", "unsubscribe"])))
def test_of_simultaneous_stops_the_first_closes_and_the_others_are_recorded(
    order: tuple[str, ...],
) -> None:
    journey = resting()
    for kind in order:
        journey.event(kind)
    wanted = journey.state.wanted
    assert isinstance(wanted, Close)
    assert wanted.reason == STOPS[order[0]]
    assert [event.kind for event in wanted.events] == [order[0]]
    assert [event.kind for event in journey.state.unrecorded] == list(order[1:])


def test_the_ledger_has_the_last_word_on_the_reason() -> None:
    journey = resting().event("reply").event("unsubscribe")
    assert journey.tell(Closed(reason=ExitReason.UNSUBSCRIBED)).exit == "unsubscribed"


def test_the_strongest_reason_is_the_first_in_the_list() -> None:
    assert strongest([ExitReason.COMPLETED, ExitReason.REPLY_RECEIVED]) == "reply_received"
    assert strongest(reversed(ExitReason)) == "unsubscribed"


def test_the_close_carries_what_the_ledger_lacks_and_nothing_that_it_has() -> None:
    journey = resting().event("clicked")
    known = Event(id="k", kind="opened", at=journey.now, recorded=True)
    journey.tell(known).signal("reply", {"id": "r1"})
    wanted = journey.state.wanted
    assert isinstance(wanted, Close)
    assert [event.id for event in wanted.events] == ["e1", "r1"]
    assert journey.state.unrecorded == ()


def test_an_event_after_the_exit_is_kept_and_changes_nothing_else() -> None:
    journey = resting().event("reply").closed().event("meeting_booked").signal("nonsense")
    assert journey.exit == "reply_received"
    assert [event.kind for event in journey.state.unrecorded] == ["meeting_booked", "malformed"]


AFTERWARDS = [
    Fired(serial=2),
    Failed(serial=3, reason="late"),
    Done.model_validate({"serial": 3, "outcome": {"state": "sent"}}),
    Order(verb="skip"),
    Order(verb="move_to", target="last"),
    Order(verb="pause"),
    Order(verb="remove"),
]


@pytest.mark.parametrize("news", AFTERWARDS, ids=lambda news: type(news).__name__)
def test_nothing_reopens_what_is_closing_or_closed(news: Fired | Failed | Done | Order) -> None:
    closing = resting().event("reply")
    assert closing.tell(news).state.wanted == resting().event("reply").state.wanted
    closed = closing.closed().state
    assert closing.tell(news).state == closed
    assert closing.tell(Closed(reason=ExitReason.COMPLETED)).state == closed


def test_stops_that_the_campaign_does_not_name_do_not_end_it() -> None:
    journey = Journey(CAMPAIGN.replace("goal_reached]", "]").replace("reply, ", "")).sent()
    assert journey.event("reply").event("goal_reached").exit == ""
    assert journey.event("meeting_booked").exit == "meeting_booked"


PLAIN = """
steps:
- {id: rest, kind: wait, for: 300 days}
"""


@pytest.mark.parametrize(
    ("kind", "exit_"),
    [
        ("reply", ""),
        ("meeting_booked", ""),
        ("bounce", "email_bounced"),
        ("remove", "manually_removed"),
    ],
)
def test_an_automation_without_campaign_stops_on_less(kind: str, exit_: str) -> None:
    assert Journey(PLAIN).event(kind).exit == exit_


def test_an_automation_without_campaign_has_no_window() -> None:
    assert Journey(PLAIN).after("299 days").exit == ""
    assert Journey(PLAIN).after("300 days").exit == "completed"


WINDOW = """
campaign: {engagement_window: 5 days, counted_from: FROM}
steps:
- {id: intro, kind: send_email, template: hello}
- {id: rest, kind: wait, for: 4 days}
- {id: second, kind: send_email, template: hello}
- {id: long, kind: wait, for: 20 days}
"""


def test_the_window_counts_from_enrollment_and_ends_inside_a_wait() -> None:
    journey = Journey(WINDOW.replace("FROM", "enrollment")).sent().after("4 days").sent()
    assert journey.doing == "wait for window"
    assert journey.after("23 hours").exit == ""
    assert journey.after("1 hour").exit == "engagement_window_ended"


def test_the_window_counts_anew_from_each_send() -> None:
    journey = Journey(WINDOW.replace("FROM", "last_send")).sent().after("4 days").sent()
    assert journey.after("4 days").exit == ""
    assert journey.after("1 day").exit == "engagement_window_ended"


def test_a_resend_moves_the_window_and_the_wait_keeps_its_own_end() -> None:
    text = WINDOW.replace("FROM", "last_send").replace("20 days", "5 days 2 hours")
    journey = Journey(text).sent().after("4 days").sent()
    assert journey.doing == "wait for window"
    journey.event("bounce", type="soft", step="second").after("4 hours").sent()
    assert journey.doing == "wait for step"
    assert journey.after("4 days 22 hours").exit == "completed"


@pytest.mark.parametrize(
    ("trigger", "stage", "exit_"),
    [
        (STALE, "Won", "lead_gone"),
        (STALE, "Closed - Lost", "lead_gone"),
        (STALE, "Contacted", ""),
        ("{kind: manual}", "Won", ""),
    ],
)
def test_a_stale_lead_that_is_won_or_lost_is_not_revived_any_more(
    trigger: str, stage: str, exit_: str
) -> None:
    journey = Journey(f"{{trigger: {trigger}, steps: [{{id: a, kind: wait, for: 9 days}}]}}")
    assert journey.event("lead_changed", stage=stage).exit == exit_
    assert ("stage" in journey.automation.fields_looked_at) is (trigger == STALE)

"""The router: which automations an event enters a lead into, and why not into the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import JsonValue

from tests.engine.occasions import START, event, talk
from workflows.engine.automation import Automation
from workflows.engine.events import Event
from workflows.engine.router import (
    LONGEST_CAUSE,
    Published,
    Verdict,
    caused_by,
    chain_after,
    judge,
    routes,
)
from workflows.engine.sessions import fold
from workflows.engine.triggers.base import Occasion

HOT: JsonValue = {"field": "rating", "op": "equals", "value": "hot"}
BIG: JsonValue = {"field": "size", "op": "at_least", "value": 100}
DAY = timedelta(days=1)


def published(name: str, trigger: JsonValue, **more: JsonValue) -> Published:
    steps: JsonValue = [{"id": "only", "kind": "end"}]
    written = {"id": name, "name": name, "trigger": trigger, "steps": steps} | more
    return Published(Automation.model_validate(written), START - DAY)


CREATED = published("welcome", {"kind": "lead_created"})
OCCASION = Occasion(event("lead_created"), lead="x-1")


def entered(occasion: Occasion, *automations: Published) -> list[str]:
    return [verdict.automation for verdict in routes(occasion, automations)]


def test_an_event_enters_each_automation_whose_trigger_waits_for_it() -> None:
    others = [
        published("by-hand", {"kind": "manual"}),
        published("also", {"kind": "event_added", "event": "lead_created"}),
        published("changes", {"kind": "lead_status_changed", "stages": "any"}),
    ]
    assert entered(OCCASION, CREATED, *others) == ["welcome", "also"]
    assert judge(OCCASION, others[0]).why == "not what its trigger waits for"
    assert judge(OCCASION, CREATED).cause == "welcome/event/lead_created-1"


@pytest.mark.parametrize(
    ("values", "in_leads", "in_audience", "enters"),
    [
        ({"rating": "hot", "size": 200}, True, True, True),
        ({"rating": "hot", "size": 20}, True, False, False),
        ({"rating": "cold", "size": 200}, False, True, False),
        ({"rating": "cold", "size": 20}, False, False, False),
    ],
)
def test_the_filter_of_the_trigger_and_the_audience_must_both_let_a_lead_in(
    values: dict[str, JsonValue], in_leads: bool, in_audience: bool, enters: bool
) -> None:
    occasion = replace(OCCASION, values=values)
    filtered: JsonValue = {"kind": "lead_created", "leads": HOT}
    automations = [
        published("leads", filtered),
        published("audience", {"kind": "lead_created"}, audience=BIG),
        published("both", filtered, audience=BIG),
    ]
    expected = {"leads": in_leads, "audience": in_audience, "both": enters}
    assert entered(occasion, *automations) == [name for name, goes in expected.items() if goes]


def test_enabling_enters_nobody_for_what_is_or_was() -> None:
    just_now = replace(CREATED, enabled_at=START + timedelta(seconds=1))
    assert judge(OCCASION, just_now).why == "the event happened before it was enabled and active"
    assert entered(OCCASION, replace(CREATED, enabled_at=START)) == ["welcome"]
    assert judge(OCCASION, replace(CREATED, enabled_at=None)).why == "it is not enabled"
    segment = published("vip", {"kind": "segment_added", "segment": "vip"})
    edited = [
        Occasion(event("segment_added", segment="vip", because="definition"), lead=f"x-{n}")
        for n in range(1000)
    ]
    assert [entered(occasion, segment) for occasion in edited] == [[]] * 1000
    joined = Occasion(event("segment_added", segment="vip"))
    assert entered(joined, segment) == ["vip"]


def test_a_lead_enters_automations_of_its_own_center_only() -> None:
    north = replace(OCCASION, center="north")
    assert judge(north, CREATED).why == "it belongs to center 'default'"
    here = published("welcome", {"kind": "lead_created"}, center="north")
    assert entered(north, CREATED, here) == ["welcome"]


@pytest.mark.parametrize("kind", ["schedule_due", "lead_stale"])
def test_what_is_due_for_one_automation_enters_no_other(kind: str) -> None:
    data: dict[str, JsonValue] = {"automation": "one", "since": (START - 40 * DAY).isoformat()}
    triggers: dict[str, JsonValue] = {
        "schedule_due": {"kind": "scheduled", "every": "1 day"},
        "lead_stale": {"kind": "stale_lead", "at_least": "30 days", "stages": ["New"]},
    }
    due = Occasion(event(kind, **data), lead="x-1", values={"stage": "New"})
    assert entered(due, *(published(name, triggers[kind]) for name in ("one", "two"))) == ["one"]


def test_two_automations_do_not_set_each_other_off_for_ever() -> None:
    ping = published("ping", {"kind": "lead_status_changed", "stages": ["A"]})
    pong = published("pong", {"kind": "lead_status_changed", "stages": ["B"]})
    chain: tuple[str, ...] = ()
    first = event("lead_changed", fields={"stage": "A"})
    cause: Event | None = None
    stages = ("B", "A")
    while found := routes(_moved(cause or first, stages[0], stages[1]), [ping, pong]):
        (verdict,) = found
        chain = chain_after(cause, verdict.automation)
        stages = (stages[1], stages[0])
        cause = event("lead_changed", fields={"stage": stages[1]}, caused_by=list(chain))
    assert chain == ("ping", "pong")
    assert cause is not None
    assert judge(_moved(cause, "B", "A"), ping).why == (
        "loop: it caused the event itself, through ping -> pong"
    )


def _moved(cause: Event, before: str, after: str) -> Occasion:
    return Occasion(cause, before={"stage": before}, values={"stage": after})


def test_an_automation_does_not_enter_a_lead_for_what_it_caused_itself() -> None:
    itself = Occasion(event("lead_created", caused_by=["welcome"]))
    assert entered(itself, CREATED) == []
    through_others = Occasion(event("lead_created", caused_by=["first", "welcome", "last"]))
    assert entered(through_others, CREATED) == []
    assert entered(Occasion(event("lead_created", caused_by=["other"])), CREATED) == ["welcome"]


def test_a_chain_of_causes_ends_some_time() -> None:
    chain: list[JsonValue] = [f"a{n}" for n in range(10)]
    assert judge(Occasion(event("lead_created", caused_by=chain)), CREATED).why.startswith("loop")
    assert entered(Occasion(event("lead_created", caused_by=chain[1:])), CREATED) == ["welcome"]
    assert caused_by(event("lead_created", caused_by="nonsense")) == ()
    assert chain_after(None, "welcome") == ("welcome",)


def test_a_session_enters_once_whatever_its_events_are_called() -> None:
    automation = published("chat", {"kind": "lead_captured"})
    events = talk(["email", "book", "end"])
    causes = [
        verdict.cause
        for last in range(1, 4)
        for verdict in routes(
            Occasion(events[last - 1], session=fold("s1", events[:last])), [automation]
        )
    ]
    assert causes == ["chat/session/s1"]


def test_a_meeting_enters_once_though_it_is_told_twice() -> None:
    automation = published("thanks", {"kind": "meeting_booked"})
    told = [
        Occasion(Event(id=name, kind="meeting_booked", at=START, data={"id": "m1"}))
        for name in ("calendar-1", "chat-7")
    ]
    assert {judge(occasion, automation).cause for occasion in told} == {"thanks/id/m1"}


def test_a_cause_is_short_enough_to_be_kept() -> None:
    long = Event(id="x" * 320, kind="lead_created", at=START)
    cause = judge(Occasion(long), CREATED).cause
    assert len(cause) <= LONGEST_CAUSE
    assert cause.startswith("welcome/")
    with pytest.raises(ValueError, match="is not entered: no"):
        _ = Verdict("welcome", None, "no").cause

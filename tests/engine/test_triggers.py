"""Triggers of leads, campaigns, segments and single events: what each fires on."""

from __future__ import annotations

from itertools import combinations

import pytest
from pydantic import JsonValue, ValidationError

from tests.engine.occasions import event, trigger
from workflows.engine.exits import ExitReason
from workflows.engine.triggers.base import BaseTrigger, Match, Occasion

NINE = (
    *("engagement_window_ended", "campaign_turned_off_or_expired", "custom_exit_criteria_met"),
    *("email_bounced", "reply_received", "joined_other_campaign", "manually_removed"),
    *("meeting_booked", "unsubscribed"),
)
OTHERS = sorted({str(reason) for reason in ExitReason} - set(NINE))
SETS = [(reason,) for reason in NINE] + list(combinations(NINE, 2)) + [NINE]


def match(
    written: dict[str, JsonValue], kind: str, /, data: dict[str, JsonValue] | None = None
) -> Match | None:
    return trigger(**written).matches(Occasion(event(kind, **(data or {}))))


@pytest.mark.parametrize("reasons", SETS)
def test_a_campaign_exit_fires_for_any_set_of_the_nine_reasons(reasons: tuple[str, ...]) -> None:
    written: dict[str, JsonValue] = {"kind": "campaign_exited", "reasons": list(reasons)}
    for reason in (*NINE, *OTHERS):
        left = match(written, "campaign_exited", {"automation": "spring", "reason": reason})
        assert (left is not None) is (reason in reasons)


@pytest.mark.parametrize("reasons", [[], ["completed"], ["goal_reached"], ["left"], "unsubscribed"])
def test_what_is_none_of_the_nine_reasons_is_refused(reasons: JsonValue) -> None:
    with pytest.raises(ValidationError, match="reasons"):
        trigger(kind="campaign_exited", reasons=reasons)


@pytest.mark.parametrize(
    ("campaigns", "data", "fires"),
    [
        ([], {"automation": "spring"}, True),
        (["spring", "autumn"], {"automation": "spring"}, True),
        (["autumn"], {"automation": "spring"}, False),
        ([], {"automation": "welcome", "campaign": False}, False),
        ([], {"automation": "spring", "campaign": True}, True),
    ],
)
def test_a_campaign_exit_may_be_of_chosen_campaigns(
    campaigns: list[JsonValue], data: dict[str, JsonValue], fires: bool
) -> None:
    written: dict[str, JsonValue] = {"kind": "campaign_exited", "reasons": ["meeting_booked"]}
    left = match(written | {"campaigns": campaigns}, "campaign_exited", data | {"reason": NINE[7]})
    assert (left is not None) is fires


@pytest.mark.parametrize("source", ["form", "integration", "manual entry"])
def test_a_created_lead_fires_each_time_wherever_it_comes_from(source: str) -> None:
    found = match({"kind": "lead_created"}, "lead_created", {"source": source})
    assert found == Match("event/lead_created-1", "lead created")
    assert match({"kind": "lead_created"}, "lead_changed", {"source": source}) is None


@pytest.mark.parametrize(
    ("stages", "before", "after", "fires"),
    [
        ("any", "New", "Working", True),
        ("any", "Working", "New", True),  # back is a change as well
        ("any", "New", " new ", False),  # the stage it has
        ("any", None, "Working", False),  # known for the first time
        ("any", "", "Working", False),
        ("any", "New", None, False),
        (["Working", "Won"], "New", "Won", True),
        (["working"], "New", "Working", True),
        (["Working"], "Working", "Won", False),
        (["Working"], "Working", "Working", False),
        (["any"], "New", "Won", True),
    ],
)
def test_a_status_change_is_a_move_between_two_stages(
    stages: JsonValue, before: str | None, after: str | None, fires: bool
) -> None:
    changed = trigger(kind="lead_status_changed", stages=stages)
    occasion = Occasion(event("lead_changed", fields={"stage": after}), before={"stage": before})
    assert (changed.matches(occasion) is not None) is fires


def test_a_change_of_other_fields_is_no_status_change() -> None:
    changed = trigger(kind="lead_status_changed", stages="any")
    occasion = Occasion(event("lead_changed", fields={"city": "Bonn"}), before={"stage": "New"})
    assert changed.matches(occasion) is None


@pytest.mark.parametrize("stages", [[], "Working", None])
def test_a_status_change_names_its_stages_or_any(stages: JsonValue) -> None:
    with pytest.raises(ValidationError, match="stages"):
        trigger(kind="lead_status_changed", stages=stages)


@pytest.mark.parametrize("kind", ["segment_added", "segment_removed"])
@pytest.mark.parametrize(
    ("data", "fires"),
    [
        ({"segment": "hot"}, True),
        ({"segment": "hot", "because": "activity"}, True),
        ({"segment": "hot", "because": "definition"}, False),
        ({"segment": "cold"}, False),
        ({}, False),
    ],
)
def test_a_segment_fires_on_what_its_lead_did(
    kind: str, data: dict[str, JsonValue], fires: bool
) -> None:
    written: dict[str, JsonValue] = {"kind": kind, "segment": "hot"}
    other = {"segment_added": "segment_removed", "segment_removed": "segment_added"}[kind]
    assert (match(written, kind, data) is not None) is fires
    assert match(written, other, data) is None


TICKET: dict[str, JsonValue] = {"event_name": "Summer Fair", "price": "49.50", "seats": 2}


@pytest.mark.parametrize(
    ("where", "fires"),
    [
        (None, True),
        ({"field": "event_name", "op": "equals", "value": "summer fair"}, True),
        ({"field": "event_name", "op": "not_equals", "value": "Summer Fair"}, False),
        ({"field": "event_name", "op": "in", "value": ["Summer Fair", "Ball"]}, True),
        ({"field": "event_name", "op": "not_in", "value": ["Ball"]}, True),
        ({"field": "event_name", "op": "contains", "value": "fair"}, True),
        ({"field": "voucher", "op": "is_empty"}, True),
        ({"field": "voucher", "op": "is_not_empty"}, False),
        ({"field": "price", "op": "greater_than", "value": 49}, True),
        ({"field": "price", "op": "at_least", "value": 49.5}, True),
        ({"field": "seats", "op": "less_than", "value": 2}, False),
        ({"field": "seats", "op": "at_most", "value": 2}, True),
        (
            {
                "all": [
                    {"field": "seats", "op": "equals", "value": 2},
                    {"not": {"field": "price", "op": "is_empty"}},
                ]
            },
            True,
        ),
    ],
)
def test_an_event_fires_if_it_has_the_properties(where: JsonValue, fires: bool) -> None:
    written: dict[str, JsonValue] = {"kind": "event_added", "event": "ticket_bought"}
    written |= {"where": where} if where else {}
    assert (match(written, "ticket_bought", TICKET) is not None) is fires
    assert match(written, "ticket_returned", TICKET) is None


@pytest.mark.parametrize(
    ("kind", "happening", "data", "key"),
    [
        ("pounce_sent", "pounce_sent", {"pounce": "p1"}, "pounce/p1"),
        ("pounce_reply", "pounce_reply", {}, "event/pounce_reply-1"),
        ("auto_pounce_sent", "auto_pounce_sent", {"pounce": 7}, "pounce/7"),
        ("auto_pounce_reply", "auto_pounce_reply", {"pounce": ""}, "event/auto_pounce_reply-1"),
        ("pounce_sent", "auto_pounce_sent", {}, None),
        ("auto_pounce_reply", "pounce_reply", {}, None),
        ("inbound_chat_request", "chat_requested", {}, "event/chat_requested-1"),
        ("inbound_chat_request", "chat_requested", {"request": "r"}, "request/r"),
        ("inbound_chat_request", "chat_requested", {"by": "ai_sdr"}, None),
        ("inbound_chat_request_from_ai_sdr", "chat_requested", {"by": "ai_sdr"}, "event/"),
        ("inbound_chat_request_from_ai_sdr", "chat_requested", {"by": "visitor"}, None),
        ("meeting_offered", "meeting_offered", {"offer": "o1"}, "offer/o1"),
        ("meeting_booked", "meeting_booked", {"id": "m1"}, "id/m1"),
        ("meeting_booked", "meeting_offered", {"id": "m1"}, None),
    ],
)
def test_a_moment_of_the_chat_fires_once_for_what_it_is_about(
    kind: str, happening: str, data: dict[str, JsonValue], key: str | None
) -> None:
    found = match({"kind": kind}, happening, data)
    assert (found is None) is (key is None)
    assert not found or found.key.startswith(str(key))


def test_nothing_that_happens_enrolls_a_lead_by_hand() -> None:
    for kind in ("enroll", "lead_created", "manual"):
        assert match({"kind": "manual"}, kind) is None


HOT: JsonValue = {"field": "rating", "op": "equals", "value": "hot"}


def test_the_filter_of_a_trigger_lets_some_leads_in() -> None:
    created = trigger(kind="lead_created", leads=HOT)
    for rating, fires in (("Hot", True), ("cold", False), (None, False)):
        occasion = Occasion(event("lead_created"), values={"rating": rating})
        assert (created.matches(occasion) is not None) is fires


@pytest.mark.parametrize("nested", [{"event": "clicked"}, {"not": {"any": [{"event": "clicked"}]}}])
def test_a_trigger_tests_fields_and_no_events(nested: JsonValue) -> None:
    with pytest.raises(ValidationError, match="events in a branch step"):
        trigger(kind="lead_created", leads=nested)
    with pytest.raises(ValidationError, match="events in a branch step"):
        trigger(kind="event_added", event="clicked", where={"all": [HOT, nested]})


def test_a_filter_cannot_mix_and_with_or() -> None:
    with pytest.raises(ValidationError, match=r"leads\.all\.any"):
        trigger(kind="lead_created", leads={"all": [HOT], "any": [HOT]})


def test_a_kind_that_does_not_say_when_it_fires_is_found_out() -> None:
    with pytest.raises(TypeError, match="does not say when it fires"):
        BaseTrigger().fires(Occasion(event("clicked")))


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"every": "15 minutes"}, None),
        ({"at": "09:00", "zone": "Europe/London"}, None),
        ({"at": "09:00", "zone": "Europe/London", "days": ["mon"]}, None),
        ({"at": "09:00", "zone": "Europe/London", "on": "2026-11-21"}, None),
        ({}, "either 'every: 1 day' or 'at: 09:00'"),
        ({"every": "1 day", "at": "09:00", "zone": "UTC"}, "and not both"),
        ({"every": "14 minutes"}, "at least 15 minutes"),
        ({"at": "09:00"}, "goes with 'at'"),
        ({"every": "1 day", "zone": "UTC"}, "goes with 'at'"),
        ({"every": "1 day", "days": ["mon"]}, "'every' runs through all days"),
        ({"every": "1 day", "on": "2026-11-21"}, "'every' runs through all days"),
        ({"at": "09:00", "zone": "UTC", "days": ["mon"], "on": "2026-11-21"}, "not both"),
        ({"at": "09:00", "zone": "UTC", "on": "2026-02-30"}, "is no date"),
        ({"at": "24:00", "zone": "UTC"}, "of the next day"),
    ],
)
def test_a_schedule_is_an_interval_or_a_time_of_day(
    written: dict[str, JsonValue], problem: str | None
) -> None:
    if problem is None:
        scheduled = trigger(kind="scheduled", **written)
        assert scheduled.matches(Occasion(event("schedule_due"))) is not None
        assert scheduled.matches(Occasion(event("clicked"))) is None
    else:
        with pytest.raises(ValidationError, match=problem):
            trigger(kind="scheduled", **written)

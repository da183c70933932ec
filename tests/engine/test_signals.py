"""Signals of any shape: read, kept or honoured, and never a reason to stop working."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from tests.engine.journey import START, Journey
from tests.engine.situations import CAMPAIGN, resting
from workflows.engine.events import Event, Malformed, plain_json, read_signal

DEEP: JsonValue = "bottom"
for _ in range(300):
    DEEP = [DEEP]

MALFORMED: dict[str, tuple[str, object]] = {
    "a name nobody knows": ("nonsense", {"id": "1"}),
    "no name": ("", {}),
    "an event without body": ("event", None),
    "an event without kind": ("event", {"id": "1"}),
    "a kind that is no word": ("event", {"kind": "what?!"}),
    "a kind that begins with an underline": ("event", {"kind": "_private"}),
    "a kind that is too long": ("event", {"kind": "x" * 64}),
    "a kind that is a number": ("event", {"kind": 5}),
    "a kind in another alphabet": ("event", {"kind": "ответ"}),
    "an event that is a number": ("event", 42),
    "an event that is broken JSON": ("event", '{"kind": "reply"'),
    "text for a body": ("reply", "yes please"),
    "a list for a body": ("reply", ["yes", {"id": "1"}]),
    "a truth for a body": ("meeting_booked", True),
    "bytes for a body": ("reply", b"\xff\xfe"),
    "a moment that is none": ("reply", {"id": "1", "at": "yesterday"}),
    "a moment without a zone": ("reply", {"id": "1", "at": "2026-03-02T10:00:00"}),
    "an id that is too long": ("reply", {"id": "x" * 321}),
    "text that UTF-8 cannot hold": ("event", {"kind": "\ud800"}),
    "not a number": ("event", [float("nan"), float("inf")]),
    "nested without end": ("reply", DEEP),
    "no JSON at all": ("reply", object()),
}


@pytest.mark.parametrize("shape", MALFORMED)
def test_a_malformed_signal_is_kept_and_changes_nothing(shape: str) -> None:
    name, body = MALFORMED[shape]
    journey = resting()
    before = journey.state.wanted
    journey.signal(name, body)  # type: ignore[arg-type]
    assert (journey.state.wanted, journey.state.malformed) == (before, 1)
    assert journey.state.timeline[-1].what == "malformed signal"
    (kept,) = journey.state.unrecorded
    assert (kept.kind, kept.data["name"]) == ("malformed", name)
    assert kept.data["problem"]


OPT_OUTS: dict[str, tuple[str, object]] = {
    "plain": ("unsubscribe", {"id": "1", "at": "2026-03-02T09:00:00Z"}),
    "no body": ("unsubscribe", None),
    "a number": ("unsubscribe", 5),
    "a list": ("unsubscribe", [1, {"x": None}]),
    "text": ("unsubscribe", "please stop"),
    "bytes": ("unsubscribe", b"\xff"),
    "capitals": ("Unsubscribe", {}),
    "a hyphen": ("opt-out", {}),
    "spaces": (" opt out ", {}),
    "a participle": ("unsubscribed", {}),
    "a complaint": ("complaint", "spam!"),
    "a moment that is none": ("unsubscribe", {"at": "tomorrow?"}),
    "an id that is too long": ("unsubscribe", {"id": "x" * 500}),
    "a kind": ("event", {"kind": "unsubscribe"}),
    "a kind, spelled otherwise": ("event", {"Kind": " Opted Out "}),
    "a kind as text": ("event", "unsubscribe"),
    "a kind in a list": ("event", ["id-1", {"kind": "unsubscribe"}]),
    "a list of kinds": ("event", {"kind": ["changed", "unsubscribe"]}),
    "JSON encoded twice": ("event", json.dumps({"kind": "unsubscribe"})),
    "JSON as bytes": ("event", b'{"kind": "unsubscribe"}'),
    "a kind with a broken rest": ("event", {"kind": "unsubscribe", "at": [], "id": {"a": 1}}),
}


@pytest.mark.parametrize("shape", OPT_OUTS)
def test_an_opt_out_is_honoured_in_any_shape(shape: str) -> None:
    name, body = OPT_OUTS[shape]
    assert resting().signal(name, body).exit == "unsubscribed"  # type: ignore[arg-type]


def test_an_opt_out_that_the_campaign_does_not_stop_on_is_still_kept() -> None:
    text = 'campaign: {engagement_window: 9 days, exits: {"on": []}}\nsteps:\n'
    journey = Journey(text + "- {id: w, kind: wait, for: 1 day}").signal("unsubscribe", 5)
    assert journey.exit == ""
    assert journey.state.unrecorded[0].kind == "unsubscribe"


def test_a_well_formed_signal_is_read_in_full() -> None:
    body: JsonValue = {
        "id": "m1",
        "at": "2026-03-02T11:00:00+02:00",
        "kind": "ignored here",
        "class": "positive",
        "data": {"thread": "t1"},
        "recorded": True,
        "writebacks": ["m1/create_task"],
    }
    assert read_signal("reply", body, 0, START) == Event(
        id="m1",
        kind="reply",
        at=START,
        data={"thread": "t1", "class": "positive"},
        recorded=True,
        writebacks=("m1/create_task",),
    )


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("event", {"kind": "Web-Visit"}, "web_visit"),
        ("event", "web visit", "web_visit"),
        ("Meeting-Booked", None, "meeting_booked"),
        ("reply", "reply", "reply"),
        ("event", {"kind": "visited", "writebacks": "none", "recorded": "yes"}, "visited"),
    ],
)
def test_a_signal_that_is_nearly_right_is_read(name: str, body: JsonValue, kind: str) -> None:
    event = read_signal(name, body, 0, START)
    assert isinstance(event, Event)
    assert (event.kind, event.recorded, event.writebacks) == (kind, False, ())


def test_the_problem_says_which_field_is_wrong() -> None:
    long = read_signal("reply", {"id": "x" * 321}, 0, START)
    when = read_signal("reply", {"at": "noon"}, 0, START)
    assert isinstance(long, Malformed)
    assert isinstance(when, Malformed)
    assert long.problem.startswith("id: ")
    assert when.problem.startswith("at: ")


def test_events_without_an_id_get_ids_that_are_the_same_in_a_replay() -> None:
    def ids(journey: Journey) -> list[str]:
        told: list[tuple[str, JsonValue]] = [
            ("event", {"kind": "visited"}),
            ("event", {"kind": "visited"}),
            ("reply", "what?"),
            ("reply", "what?"),
            ("event", {"kind": "visited", "page": "prices"}),
        ]
        for name, body in told:
            journey.signal(name, body)
        return [event.id for event in journey.state.unrecorded]

    first = ids(resting())
    assert ids(resting()) == first
    assert len(set(first)) == 5


def test_the_order_of_keys_does_not_change_an_id() -> None:
    one = read_signal("event", {"kind": "visited", "page": "x"}, 0, START)
    other = read_signal("event", {"page": "x", "kind": "visited"}, 0, START)
    assert one.id == other.id


def test_an_event_that_comes_twice_counts_once() -> None:
    journey = resting().signal("event", {"id": "v1", "kind": "visited"})
    before = journey.state
    assert journey.signal("event", {"id": "v1", "kind": "visited"}).state == before


def test_the_first_time_of_a_fact_is_kept_in_any_order_of_arrival() -> None:
    journey = resting().event("visited").after("1 day").event("visited")
    assert journey.state.facts == {"visited": START}
    assert journey.state.last_event == "visited"


def test_what_is_remembered_of_events_is_bounded() -> None:
    journey = resting()
    state = journey.state
    crowd = {"seen": tuple(map(str, range(200))), "anonymous": {str(n): 1 for n in range(200)}}
    journey.state = state.model_copy(update=crowd)
    journey.signal("event", {"kind": "visited"})
    assert (len(journey.state.seen), len(journey.state.anonymous)) == (200, 200)


def test_what_is_kept_of_a_body_is_json_that_every_store_takes() -> None:
    kept = plain_json({"a\0": ["\ud800", float("inf"), 1.5, None, True], 7: b"x", "z": {1}})
    assert kept == {"a\ufffd": ["?", "inf", 1.5, None, True], "7": "x", "z": "left out: set"}


LOOSENING: dict[str, JsonValue] = {
    **{verb: {"by": "ada"} for verb in ("resume", "retry", "skip", "move_to", "resend")},
    **{verb: {"by": "ada"} for verb in ("migrate", "approve", "unsuppress", "enable", "release")},
    **{f"event {kind}": {"kind": kind} for kind in ("resume", "hold_released", "sms_opt_in")},
    "event review_decided": {"kind": "review_decided", "verdict": "approved", "visit": 1},
    "event consent_given": {"kind": "consent_given", "consent": "newsletter"},
    "event outreach_sent": {"kind": "outreach_sent", "number": 1},
}


@pytest.mark.parametrize("told", LOOSENING)
@pytest.mark.parametrize("held", ["paused", "attention"])
def test_no_signal_lets_go_who_is_held(held: str, told: str) -> None:
    journey = Journey(CAMPAIGN)
    journey = journey.order("pause") if held == "paused" else journey.failed("refused")
    name, _, _ = told.partition(" ")
    journey.signal(name, LOOSENING[told])
    assert journey.state.hold
    assert (journey.state.hold.cause, journey.state.sends) == (held, 0)
    assert not journey.state.exit

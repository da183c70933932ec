"""Replies: what words and classes are read as, and what each class does to a journey."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from tests.engine.journey import Journey
from tests.engine.situations import CAMPAIGN, resting
from workflows.engine.events import Event
from workflows.engine.replies import class_named, heard, read_reply
from workflows.presentation import attributes_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
AUTO: dict[str, JsonValue] = {"Auto-Submitted": "auto-replied"}


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("Sounds good, let's talk next week.", "POSITIVE"),
        ("This is interesting. Could you send me more information?", "POSITIVE"),
        ("What does it cost?", "POSITIVE"),
        ("Das klingt spannend, rufen Sie mich bitte an.", "POSITIVE"),
        ("Nous sommes intéressés, appelez-moi demain.", "POSITIVE"),
        ("Me interesa, envíeme más información.", "POSITIVE"),
        ("Mi interessa, mi chiami domani.", "POSITIVE"),
        ("Klinkt goed, stuur me meer informatie.", "POSITIVE"),
        ("Temos interesse, me ligue amanhã.", "POSITIVE"),
        ("Låter bra, ring mig.", "POSITIVE"),
        ("Not interested.", "NEGATIVE"),
        ("No thanks, we are all set", "NEGATIVE"),
        ("Kein Interesse, danke.", "NEGATIVE"),
        ("Nous ne sommes pas intéressés.", "NEGATIVE"),
        ("Non, merci.", "NEGATIVE"),
        ("No nos interesa, gracias.", "NEGATIVE"),
        ("Non mi interessa.", "NEGATIVE"),
        ("Geen interesse.", "NEGATIVE"),
        ("Não, obrigado.", "NEGATIVE"),
        ("Inte intresserad.", "NEGATIVE"),
        ("Please remove me from your list", "UNSUBSCRIBE"),
        ("Bitte nehmen Sie mich aus dem Verteiler.", "UNSUBSCRIBE"),
        ("Désabonnez-moi", "UNSUBSCRIBE"),
        ("Not interested. Take me off this list.", "UNSUBSCRIBE"),
        ("Not interested in that, but let's talk about the other one.", "NEGATIVE?"),
        ("We pass. " + "Here is what happened in our last quarter. " * 10, "NEGATIVE?"),
        ("Not interested at the moment, ask again in spring.", "NEGATIVE?"),
        ("Derzeit kein Bedarf.", "NEGATIVE?"),
        ("Pas intéressé pour le moment.", "NEGATIVE?"),
        ("Got it.", "NEUTRAL?"),
        ("Ask my colleague Kim.", "NEUTRAL?"),
        ("I am on vacation next week, then we see.", "NEUTRAL?"),
    ],
)
def test_words_are_read_in_several_languages_and_doubt_is_said(text: str, reads: str) -> None:
    reading = read_reply({"text": text})
    assert reading
    assert f"{reading.reply_class.value}{'' if reading.sure else '?'}" == reads


@pytest.mark.parametrize(
    ("data", "reads"),
    [
        ({"class": "positive"}, ("POSITIVE", True, "upstream")),
        ({"class": "Not interested"}, ("NEGATIVE", True, "upstream")),
        ({"class": "OUT-OF-OFFICE"}, ("OOO", True, "upstream")),
        ({"class": "NEGATIVE", "confidence": 0.4}, ("NEGATIVE", False, "upstream")),
        ({"class": "NEGATIVE", "sure": False}, ("NEGATIVE", False, "upstream")),
        ({"class": "hot lead"}, ("NEUTRAL", False, "rules")),
        ({"class": "NEGATIVE", "text": "please remove me"}, ("UNSUBSCRIBE", True, "rules")),
        ({"class": "POSITIVE", "text": "please remove me"}, ("UNSUBSCRIBE", False, "rules")),
        ({"text": "I am out of office.", "headers": AUTO}, ("OOO", True, "rules")),
        ({"text": "I am away", "subject": "Automatic reply: x"}, ("OOO", True, "rules")),
        ({"text": "We will call you.", "headers": AUTO}, ("NEUTRAL", False, "rules")),
        (
            {"text": "Sounds good!", "headers": {"auto-submitted": "no"}},
            ("POSITIVE", True, "rules"),
        ),
        ({}, None),
        ({"text": " "}, None),
    ],
)
def test_who_gave_the_class_and_whether_it_is_sure(
    data: dict[str, JsonValue], reads: tuple[str, bool, str] | None
) -> None:
    reading = read_reply(data)
    found = (reading.reply_class.value, reading.sure, reading.by) if reading else None
    assert found == reads


@pytest.mark.parametrize(
    ("kind", "data", "becomes"),
    [
        ("reply", {"class": "OOO"}, ("out_of_office", "OOO")),
        ("reply", {"text": "unsubscribe me"}, ("unsubscribe", "UNSUBSCRIBE")),
        ("reply", {"class": "POSITIVE"}, ("reply", "POSITIVE")),
        ("reply", {}, ("reply", None)),
        ("out_of_office", {}, ("out_of_office", "OOO")),
        ("unsubscribe", {"via": "reply"}, ("unsubscribe", "UNSUBSCRIBE")),
        ("unsubscribe", {"via": "link"}, ("unsubscribe", None)),
    ],
)
def test_an_event_is_heard_under_the_kind_of_its_class_and_only_once(
    kind: str, data: dict[str, JsonValue], becomes: tuple[str, str | None]
) -> None:
    event = heard(Event(id="e", kind=kind, at=AT, data=data))
    assert (event.kind, event.data.get("class")) == becomes
    assert heard(event) == event


@pytest.mark.parametrize(
    ("data", "exits"),
    [
        ({}, "reply_received"),
        ({"class": "POSITIVE"}, "reply_received"),
        ({"class": "NEGATIVE"}, "reply_received"),
        ({"class": "NEUTRAL", "sure": False}, "reply_received"),
        ({"class": "NEUTRAL"}, ""),
    ],
)
def test_a_reply_ends_the_journey_unless_it_surely_says_neither_yes_nor_no(
    data: dict[str, JsonValue], exits: str
) -> None:
    journey = resting().event("reply", **data)
    assert journey.exit == exits
    assert journey.state.reply_class == data.get("class", "")


@pytest.mark.parametrize(
    ("told", "exits"),
    [("OOO", ""), ("UNSUBSCRIBE", "unsubscribed"), ("POSITIVE", "reply_received")],
)
def test_a_direct_signal_is_heard_by_its_class(told: str, exits: str) -> None:
    journey = resting().signal("reply", {"id": "r", "class": told})
    assert journey.exit == exits
    assert (journey.state.away_until is not None) == (told == "OOO")


def neutral() -> Journey:
    return resting().event("reply", **{"class": "NEUTRAL"})


def test_after_a_neutral_reply_no_message_leaves_and_the_clock_of_a_wait_runs_on() -> None:
    journey = neutral()
    assert (journey.doing, journey.exit) == ("wait for step", "")
    assert journey.after("3 days").doing == "wait for gate"
    assert journey.event("hold_released").doing == "wait for gate"
    journey.event("reply_classified", **{"class": "NEUTRAL", "verdict": "go_on"})
    assert journey.doing == "second/1/send_email"


@pytest.mark.parametrize(
    ("data", "exits"),
    [
        ({"class": "POSITIVE"}, "reply_received"),
        ({"class": "NEGATIVE", "verdict": "stop"}, "reply_received"),
        ({"class": "NEUTRAL", "verdict": "stop"}, "reply_received"),
        ({"class": "UNSUBSCRIBE"}, "unsubscribed"),
        ({"class": "NEUTRAL", "verdict": ""}, ""),
        ({"class": "OOO"}, ""),
    ],
)
def test_a_second_look_ends_it_or_does_not(data: dict[str, JsonValue], exits: str) -> None:
    journey = neutral().event("reply_classified", **data)
    assert journey.exit == exits
    assert journey.state.reply_waits == (data.get("verdict") in ("stop", "") or bool(exits))


def test_a_message_that_is_being_asked_for_is_taken_back_by_a_neutral_reply() -> None:
    journey = Journey(CAMPAIGN).event("reply", **{"class": "NEUTRAL"})
    assert journey.doing == "wait for gate"
    journey.event("reply_classified", **{"class": "NEUTRAL", "verdict": "go_on"})
    assert (journey.doing, len(journey.keys)) == ("intro/1/send_email", 1)


def test_the_class_is_a_search_attribute_while_inside_and_after_the_exit() -> None:
    assert "DripReplyClass" not in attributes_of(resting().state)
    assert attributes_of(neutral().state)["DripReplyClass"] == "NEUTRAL"
    gone = resting().event("reply", **{"class": "POSITIVE"}).closed()
    assert attributes_of(gone.state)["DripReplyClass"] == "POSITIVE"


def test_a_class_has_several_names_and_nothing_else_is_one() -> None:
    assert [class_named(name) for name in ("Opt-out", "ooo", "maybe", None, 3)] == [
        "UNSUBSCRIBE",
        "OOO",
        None,
        None,
        None,
    ]

"""Triggers on paper: written as in a file, told of events, asked what they fire on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue, TypeAdapter

from workflows.engine.events import Event
from workflows.engine.sessions import Session, hear
from workflows.engine.triggers import AnyTrigger
from workflows.engine.triggers.base import Match, Occasion

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TRIGGER: TypeAdapter[AnyTrigger] = TypeAdapter(AnyTrigger)

TALK: dict[str, tuple[str, dict[str, JsonValue]]] = {
    "start": ("session_started", {}),
    "rep writes": ("message", {"party": "rep", "by": "rep"}),
    "to rep": ("message", {"party": "rep", "by": "visitor"}),
    "rep exchange": ("message", {"party": "rep"}),
    "AI writes": ("message", {"party": "ai_sdr", "by": "ai_sdr"}),
    "to AI": ("message", {"party": "ai_sdr", "by": "visitor"}),
    "AI exchange": ("message", {"party": "ai_sdr"}),
    "bot writes": ("message", {"party": "bot", "by": "bot"}),
    "to bot": ("message", {"party": "bot", "by": "visitor"}),
    "bot": ("bot_interaction", {}),
    "email": ("email_collected", {}),
    "fields": ("required_fields_collected", {}),
    "asks": ("chat_requested", {}),
    "asks 1": ("chat_requested", {"request": "r1"}),
    "asks 2": ("chat_requested", {"request": "r2"}),
    "AI routes": ("chat_requested", {"by": "ai_sdr"}),
    "answer": ("chat_answered", {}),
    "answer 1": ("chat_answered", {"request": "r1"}),
    "offer": ("meeting_offered", {}),
    "book": ("meeting_booked", {"id": "m1"}),
    "experience ends": ("experience_ended", {}),
    "end": ("session_ended", {}),
}
"""Events of a session in short."""


def trigger(**written: JsonValue) -> AnyTrigger:
    return TRIGGER.validate_python(written)


def event(kind: str, /, **data: JsonValue) -> Event:
    return Event(id=f"{kind}-1", kind=kind, at=START, data=data)


def talk(words: Iterable[str]) -> list[Event]:
    """The events of one session, a minute apart."""
    return [
        Event(id=f"e{n}", kind=TALK[word][0], at=START + n * timedelta(minutes=1), data=data)
        for n, word in enumerate(words, start=1)
        for data in [TALK[word][1] | {"session": "s1"}]
    ]


def firings(asked: AnyTrigger, events: Iterable[Event]) -> list[tuple[str, Match]]:
    """(id of the event, firing) as the events of one session arrive one by one."""
    session, fired = Session(id="s1"), []
    for one in events:
        session = hear(session, one)
        match = asked.matches(Occasion(one, session=session))
        fired += [(one.id, match)] if match else []
    return fired


def fires_at(asked: AnyTrigger, *words: str) -> list[int]:
    """The places, from 1, of the words that the trigger fires on."""
    return [int(event_id[1:]) for event_id, _ in firings(asked, talk(words))]

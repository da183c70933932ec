"""A visitor's session with the chat, folded from its events: what has happened so far, in order.

Each fact is noted once, with the event that brought it. So a trigger can tell which event made a
rule true, an event that comes twice changes nothing, and a session stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime

from workflows.engine.base import Frozen
from workflows.engine.events import Event

Fact = Literal[
    "rep_wrote",
    "wrote_to_rep",
    "ai_sdr_wrote",
    "wrote_to_ai_sdr",
    "bot_used",
    "email_collected",
    "required_fields_collected",
    "meeting_offered",
    "meeting_booked",
    "experience_ended",
    "ended",
    "request_missed",
]
Facts = frozenset[Fact]

IDLE = timedelta(minutes=30)
"""A session without an event for this long is over, if the chat system does not end it itself."""

_SAYS_IT_ALL: Mapping[str, Fact] = {
    "bot_interaction": "bot_used",
    "email_collected": "email_collected",
    "required_fields_collected": "required_fields_collected",
    "meeting_offered": "meeting_offered",
    "meeting_booked": "meeting_booked",
    "experience_ended": "experience_ended",
    "session_ended": "ended",
}
_WRITTEN: Mapping[tuple[str, str], Fact] = {
    ("rep", "visitor"): "wrote_to_rep",
    ("rep", "rep"): "rep_wrote",
    ("ai_sdr", "visitor"): "wrote_to_ai_sdr",
    ("ai_sdr", "ai_sdr"): "ai_sdr_wrote",
    ("bot", "visitor"): "bot_used",
}

SESSION_EVENTS = frozenset(
    (
        *_SAYS_IT_ALL,
        *("session_started", "message", "chat_requested", "chat_answered"),
        *("pounce_sent", "pounce_reply", "auto_pounce_sent", "auto_pounce_reply"),
    )
)
"""The kinds of events that a session is folded from; ``data.session`` names the session."""


class Noted(Frozen):
    """A fact, and the id of the event that brought it first."""

    fact: Fact
    event: str


class Session(Frozen):
    """One session: its facts in the order in which they became known.

    ``requests`` has each request of the visitor for a rep, and whether it was answered.
    """

    id: str
    last_at: AwareDatetime | None = None
    facts: tuple[Noted, ...] = ()
    requests: dict[str, bool] = {}

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return "ended" in _facts(self.facts)

    def turned(self, event: Event, rule: Callable[[Facts], bool]) -> bool:
        """Whether ``event`` is the one that made ``rule`` true.

        A rule that facts can only make true is turned by one event at most, in whatever order the
        events come.
        """
        before, after = self._around(event)
        return rule(after) and not rule(before)

    def ended_with(self, event: Event, rule: Callable[[Facts], bool]) -> bool:
        """Whether ``event`` ended the session, and ``rule`` was true then.

        It is decided once: what becomes known later, and a second end, change nothing.
        """
        before, after = self._around(event)
        return "ended" in after - before and rule(after)

    def _around(self, event: Event) -> tuple[Facts, Facts]:
        """The facts before an event and after it; the same if it brought none."""
        places = [place for place, noted in enumerate(self.facts) if noted.event == event.id]
        first, behind = (places[0], places[-1] + 1) if places else (0, 0)
        return _facts(self.facts[:first]), _facts(self.facts[:behind])


def hear(session: Session, event: Event) -> Session:
    """Take an event into account; one that is not of this session changes nothing.

    An event without ``data.session`` is taken for one of it: whoever hands it in knows.
    """
    if event.kind not in SESSION_EVENTS or event.data.get("session", session.id) != session.id:
        return session
    requests = _requests(session.requests, event)
    known = _facts(session.facts)
    new = [fact for fact in _facts_of(event) if fact not in known]
    if "ended" in new and not all(requests.values()):
        new.append("request_missed")
    last = max(session.last_at, event.at) if session.last_at else event.at
    noted = tuple(Noted(fact=fact, event=event.id) for fact in new)
    changed = {"facts": (*session.facts, *noted), "requests": requests, "last_at": last}
    return session.model_copy(update=changed)


def fold(session_id: str, events: Iterable[Event]) -> Session:
    """The session of these events in the order in which they happened, not that of arrival.

    Of events of one instant the end is the last: who books in the last second has booked.
    """
    session = Session(id=session_id)
    for event in sorted(events, key=lambda event: (event.at, event.kind == "session_ended")):
        session = hear(session, event)
    return session


def idle_from(session: Session, idle: timedelta = IDLE) -> datetime | None:
    """When the session will count as ended unless something happens; None if it is over."""
    if session.is_over or session.last_at is None:
        return None
    return session.last_at + idle


def _facts(noted: Iterable[Noted]) -> Facts:
    return frozenset(one.fact for one in noted)


def _facts_of(event: Event) -> Iterator[Fact]:
    if event.kind in _SAYS_IT_ALL:
        yield _SAYS_IT_ALL[event.kind]
    if event.kind == "message":
        for author in _authors(event):
            fact = _WRITTEN.get((str(event.data.get("party")), author))
            if fact:
                yield fact


def _authors(event: Event) -> tuple[str, ...]:
    """Who wrote: the visitor or the party. A message that does not say it is a whole exchange."""
    by, party = event.data.get("by"), str(event.data.get("party"))
    return (party, "visitor") if by is None else (str(by),)


def _requests(requests: Mapping[str, bool], event: Event) -> dict[str, bool]:
    """Requests and answers may come in any order, if they carry the id of the request."""
    request = event.data.get("request")
    if event.kind == "chat_requested" and event.data.get("by", "visitor") == "visitor":
        return {str(request or event.id): False} | dict(requests)
    if event.kind == "chat_answered" and request:
        return dict(requests) | {str(request): True}
    if event.kind == "chat_answered" or "rep_wrote" in _facts_of(event):
        return dict.fromkeys(requests, True)
    return dict(requests)

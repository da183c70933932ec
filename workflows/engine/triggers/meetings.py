"""meeting_offered, meeting_booked, and the offer that came to nothing."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.sessions import Facts
from workflows.engine.triggers.base import ChatTrigger, Match, Occasion, UnhappyEnd, named


class MeetingOffered(ChatTrigger):
    """A meeting is offered to the visitor."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"meeting_offered"})
    why_not: ClassVar[str] = (
        "an offer counts when it is made; for offers without a booking take "
        "meeting_offered_but_not_booked"
    )

    kind: Literal["meeting_offered"]
    timing: Literal["immediately"] = "immediately"

    def fires(self, occasion: Occasion) -> Match | None:
        """Once an offer, if the event names it (``data.offer``); else with each event."""
        return Match(named(occasion.event, "offer"), "a meeting was offered")


class MeetingBooked(ChatTrigger):
    """A meeting is booked, in the chat or through any other channel."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"meeting_booked"})
    why_not: ClassVar[str] = (
        "a meeting may be booked outside of any conversation, and one that is booked is booked"
    )

    kind: Literal["meeting_booked"]
    timing: Literal["immediately"] = "immediately"

    def fires(self, occasion: Occasion) -> Match | None:
        """Once a meeting, if the event names it (``data.id``): changed times fire nothing."""
        return Match(named(occasion.event, "id"), "a meeting was booked")


class MeetingOfferedButNotBooked(UnhappyEnd):
    """A meeting was offered and none is booked when the session ends; decided then, once."""

    why_not: ClassVar[str] = (
        "that nothing was booked is known only when the conversation is over; until then the "
        "visitor may still book"
    )
    says: ClassVar[str] = "the session ended with an offer and no booking"

    kind: Literal["meeting_offered_but_not_booked"]
    timing: Literal["after_conversation"] = "after_conversation"

    def ended_so(self, facts: Facts) -> bool:
        """With an offer, and without a booking."""
        return "meeting_offered" in facts and "meeting_booked" not in facts

"""lead_captured: there is an address, and one of four things has happened, in whatever order."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.sessions import SESSION_EVENTS, Facts
from workflows.engine.triggers.base import ChatTrigger, Match, Occasion, once_a_session


def is_captured(facts: Facts) -> bool:
    """An e-mail address was collected, and one of the four events occurred.

    They are: a meeting was booked; a conversation with a rep in which all required fields were
    collected; the experience ended; the session ended. Only the second asks for the fields.
    """
    complete = facts >= {"rep_wrote", "wrote_to_rep", "required_fields_collected"}
    others = facts & {"meeting_booked", "experience_ended", "ended"}
    return "email_collected" in facts and (complete or bool(others))


class LeadCaptured(ChatTrigger):
    """A visitor has become a lead. Once a session, with the event that completes it."""

    listens_to: ClassVar[frozenset[str]] = SESSION_EVENTS
    why_not: ClassVar[str] = (
        "the end of the session is itself one of the events that complete a lead"
    )

    kind: Literal["lead_captured"]
    timing: Literal["immediately"] = "immediately"

    def fires(self, occasion: Occasion) -> Match | None:
        """With the event that brings what was still missing."""
        session, event = occasion.session, occasion.event
        if session is None or not session.turned(event, is_captured):
            return None
        return once_a_session(session, f"{event.kind} completed the lead")

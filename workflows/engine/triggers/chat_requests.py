"""inbound_chat_request, the same from an AI SDR, and the request that nobody answered."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.sessions import Facts
from workflows.engine.triggers.base import ChatTrigger, Match, Occasion, UnhappyEnd, named


class _Request(ChatTrigger):
    listens_to: ClassVar[frozenset[str]] = frozenset({"chat_requested"})
    asked_by: ClassVar[str]
    why_not: ClassVar[str] = (
        "somebody is waiting for a rep now; for requests that nobody answered take "
        "missed_inbound_chat_request"
    )

    timing: Literal["immediately"] = "immediately"

    def fires(self, occasion: Occasion) -> Match | None:
        """Once a request, if the event names it (``data.request``); else with each event."""
        event = occasion.event
        if event.data.get("by", "visitor") != self.asked_by:
            return None
        return Match(named(event, "request"), f"a rep asked for by the {self.asked_by}")


class InboundChatRequest(_Request):
    """A visitor asks to chat with a live rep."""

    asked_by: ClassVar[str] = "visitor"

    kind: Literal["inbound_chat_request"]


class InboundChatRequestFromAiSdr(_Request):
    """An AI SDR routes a conversation to a live rep."""

    asked_by: ClassVar[str] = "ai_sdr"

    kind: Literal["inbound_chat_request_from_ai_sdr"]


class MissedInboundChatRequest(UnhappyEnd):
    """A visitor's request for a rep is unanswered when the session ends; decided then, once."""

    why_not: ClassVar[str] = (
        "that nobody answered is known only when the conversation is over; until then a rep may "
        "still answer"
    )
    says: ClassVar[str] = "the session ended with an unanswered request"

    kind: Literal["missed_inbound_chat_request"]
    timing: Literal["after_conversation"] = "after_conversation"

    def ended_so(self, facts: Facts) -> bool:
        """With a request that was noted as missed."""
        return "request_missed" in facts

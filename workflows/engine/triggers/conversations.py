"""conversation_with_...: the visitor talks with a rep, a bot or an AI SDR.

An AI SDR is a bot; a rep's single message makes the session one that was not solely with bots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

from workflows.engine.sessions import SESSION_EVENTS, Facts
from workflows.engine.triggers.base import ChatTrigger, Match, Occasion, Timing, once_a_session


def _with_rep(facts: Facts) -> bool:
    return facts >= {"rep_wrote", "wrote_to_rep"}


def _with_ai_sdr(facts: Facts) -> bool:
    return facts >= {"ai_sdr_wrote", "wrote_to_ai_sdr"}


def _with_bot(facts: Facts) -> bool:
    return "bot_used" in facts or _with_ai_sdr(facts)


def _with_anybody(facts: Facts) -> bool:
    return _with_rep(facts) or _with_bot(facts)


def _no_rep(facts: Facts) -> bool:
    return facts.isdisjoint({"rep_wrote", "wrote_to_rep"})


def _solely_with_bot(facts: Facts) -> bool:
    return _with_bot(facts) and _no_rep(facts)


def _only_with_ai_sdr(facts: Facts) -> bool:
    return _with_ai_sdr(facts) and _no_rep(facts) and "bot_used" not in facts


Rule = Callable[[Facts], bool]


class _Conversation(ChatTrigger):
    listens_to: ClassVar[frozenset[str]] = SESSION_EVENTS
    rules: ClassVar[Mapping[Timing, Rule]]
    """What must be true of the session, by timing."""

    timing: Timing

    def fires(self, occasion: Occasion) -> Match | None:
        """Once a session: with the event that makes the rule true, or with the session's end."""
        session, event = occasion.session, occasion.event
        if session is None:
            return None
        rule = self.rules[self.timing]
        if self.timing == "immediately":
            fires = session.turned(event, rule)
        else:
            fires = session.ended_with(event, rule)
        return once_a_session(session, f"{event.kind} in the session") if fires else None


class ConversationWithRep(_Conversation):
    """The visitor and a live rep exchange a message: each has written to the other."""

    rules: ClassVar[Mapping[Timing, Rule]] = {
        "immediately": _with_rep,
        "after_conversation": _with_rep,
    }

    kind: Literal["conversation_with_rep"]


class ConversationWithBot(_Conversation):
    """The visitor uses a rules-based bot or exchanges a message with an AI SDR.

    After the conversation: and no rep wrote or was written to in the session.
    """

    rules: ClassVar[Mapping[Timing, Rule]] = {
        "immediately": _with_bot,
        "after_conversation": _solely_with_bot,
    }

    kind: Literal["conversation_with_bot"]


class ConversationWithRepOrBot(_Conversation):
    """The visitor talks with anybody: a rep, a bot or an AI SDR."""

    rules: ClassVar[Mapping[Timing, Rule]] = {
        "immediately": _with_anybody,
        "after_conversation": _with_anybody,
    }

    kind: Literal["conversation_with_rep_or_bot"]


class ConversationWithAiSdr(_Conversation):
    """The visitor and an AI SDR exchange a message.

    After the conversation: and the visitor dealt with nobody else in the session.
    """

    rules: ClassVar[Mapping[Timing, Rule]] = {
        "immediately": _with_ai_sdr,
        "after_conversation": _only_with_ai_sdr,
    }

    kind: Literal["conversation_with_ai_sdr"]

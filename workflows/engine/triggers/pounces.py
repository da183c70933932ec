"""pounce_sent, pounce_reply and their automatic twins: a rep, or a rule, speaks to a visitor."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.triggers.base import ChatTrigger, Match, Occasion, named


class _Pounce(ChatTrigger):
    why_not: ClassVar[str] = (
        "a pounce often begins no conversation, so there is no end of one to wait for"
    )

    timing: Literal["immediately"] = "immediately"

    def fires(self, occasion: Occasion) -> Match | None:
        """Once a pounce, if the event names it (``data.pounce``); else with each event."""
        return Match(named(occasion.event, "pounce"), occasion.event.kind)


class PounceSent(_Pounce):
    """A rep sends a pounce to a visitor."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"pounce_sent"})

    kind: Literal["pounce_sent"]


class PounceReply(_Pounce):
    """The visitor responds to a pounce."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"pounce_reply"})

    kind: Literal["pounce_reply"]


class AutoPounceSent(_Pounce):
    """A pounce is sent to a visitor by a rule."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"auto_pounce_sent"})

    kind: Literal["auto_pounce_sent"]


class AutoPounceReply(_Pounce):
    """The visitor responds to an automatic pounce."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"auto_pounce_reply"})

    kind: Literal["auto_pounce_reply"]

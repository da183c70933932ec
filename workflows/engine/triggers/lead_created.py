"""lead_created: a new lead is there."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.triggers.base import BaseTrigger, Match, Occasion


class LeadCreated(BaseTrigger):
    """A lead is added, by a form, an integration or by hand: each time, wherever it comes from."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"lead_created"})

    kind: Literal["lead_created"]

    def fires(self, occasion: Occasion) -> Match | None:
        """With each creation."""
        return Match(f"event/{occasion.event.id}", "lead created")

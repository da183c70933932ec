"""event_added: an event of a kind is reported of a lead, perhaps one with certain properties."""

from __future__ import annotations

from typing import Literal

from workflows.engine.base import EventKind
from workflows.engine.triggers.base import BaseTrigger, Filter, Match, Occasion, Values


class EventAdded(BaseTrigger):
    """An event of this kind comes. ``where`` tests its properties: the members of its data."""

    kind: Literal["event_added"]
    event: EventKind
    where: Filter | None = None

    @property
    def kinds_heard(self) -> frozenset[str]:
        """The one kind that the author chose."""
        return frozenset({self.event})

    def fires(self, occasion: Occasion) -> Match | None:
        """With each such event that has the properties."""
        event = occasion.event
        if self.where and not self.where.holds(Values(event.data)):
            return None
        return Match(f"event/{event.id}", f"{event.kind} came")

"""The ``goal:`` block: what an automation is there for, and whether reaching it ends the run."""

from __future__ import annotations

from workflows.engine.base import EventKind, Frozen
from workflows.engine.events import Event


class Goal(Frozen):
    """An event of this kind is the goal. It always counts; it ends the run only with ``stops``.

    Who has reached it before is not enrolled.
    """

    event: EventKind
    stops: bool = False

    def is_reached_by(self, event: Event) -> bool:
        """Whether this event is the goal."""
        return event.kind == self.event

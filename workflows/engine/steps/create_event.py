"""create_event: an appointment about the lead, as an Event in the CRM's calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from workflows.engine.base import TimeOfDay
from workflows.engine.durations import Duration
from workflows.engine.effects import AddEvent
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class CreateEvent(BaseStep):
    """Create an Event ``in_days`` days after the step, ``at`` a time in the assignee's zone.

    ``subject`` and ``text`` may use the lead's fields as ``{{ lead.x }}``.
    """

    kind: Literal["create_event"]
    subject: str = Field(min_length=1, max_length=255)
    text: str = Field(default="", max_length=10_000)
    in_days: int = Field(ge=0, le=3650)
    at: TimeOfDay
    lasting: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=14))] = timedelta(
        minutes=30
    )
    assigned_to: str | None = Field(default=None, min_length=3, max_length=255)

    def enter(self, moment: Moment) -> Move:
        """Ask for the Event."""
        effect = AddEvent(
            kind="add_event",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            subject=self.subject,
            text=self.text,
            days=self.in_days,
            time=self.at,
            minutes=int(self.lasting.total_seconds()) // 60,
            assigned_to=self.assigned_to,
        )
        return Do(effect, f"Create an event: {self.name or self.id}")

"""create_task: something for a colleague to do about the lead, as a Task in the CRM."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.base import TimeOfDay
from workflows.engine.effects import AddTask
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class CreateTask(BaseStep):
    """Create a Task. ``subject`` and ``text`` may use the lead's fields as ``{{ lead.x }}``.

    It is due ``due_in_days`` days after the step, in the assignee's zone; ``due_time`` is when the
    assignee is reminded on that day. ``assigned_to`` is a user id of the CRM, or an address.
    """

    kind: Literal["create_task"]
    subject: str = Field(min_length=1, max_length=255)
    text: str = Field(default="", max_length=10_000)
    type: str = Field(default="Other", min_length=1, max_length=40)
    priority: Literal["High", "Normal", "Low"] = "Normal"
    due_in_days: int = Field(default=0, ge=0, le=3650)
    due_time: TimeOfDay | None = None
    assigned_to: str | None = Field(default=None, min_length=3, max_length=255)

    def enter(self, moment: Moment) -> Move:
        """Ask for the Task."""
        effect = AddTask(
            kind="add_task",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            subject=self.subject,
            text=self.text,
            type=self.type,
            priority=self.priority,
            days=self.due_in_days,
            time=self.due_time,
            assigned_to=self.assigned_to,
        )
        return Do(effect, f"Create a task: {self.name or self.id}")

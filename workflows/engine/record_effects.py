"""Effects that write a record about the lead into the CRM: a Task, an Event, a note."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.base import TimeOfDay
from workflows.engine.effect_base import Effect, Queue


class Written(Effect):
    """A record about the lead in the CRM. ``subject`` and ``text`` are Liquid templates."""

    queue: ClassVar[Queue] = "crm"

    subject: str
    text: str


class AddTask(Written):
    """Create a Task, due ``days`` days from now; ``time`` is when to remind of it."""

    activity: ClassVar[str] = "add_task"

    kind: Literal["add_task"]
    type: str
    priority: str
    days: int
    time: TimeOfDay | None = None
    assigned_to: str | None = None


class AddEvent(Written):
    """Create an Event of ``minutes`` minutes, ``days`` days from now at ``time``."""

    activity: ClassVar[str] = "add_event"

    kind: Literal["add_event"]
    days: int
    time: TimeOfDay
    minutes: int
    assigned_to: str | None = None


class AddNote(Written):
    """Write a note."""

    activity: ClassVar[str] = "add_note"

    kind: Literal["add_note"]

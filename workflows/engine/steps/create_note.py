"""create_note: something to be remembered about the lead, in the CRM."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.effects import AddNote
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class CreateNote(BaseStep):
    """Write a note. ``title`` and ``text`` may use the lead's fields as ``{{ lead.x }}``."""

    kind: Literal["create_note"]
    title: str = Field(default="Note", min_length=1, max_length=255)
    text: str = Field(min_length=1, max_length=10_000)

    def enter(self, moment: Moment) -> Move:
        """Ask for the note."""
        effect = AddNote(
            kind="add_note",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            subject=self.title,
            text=self.text,
        )
        return Do(effect, f"Write a note: {self.name or self.id}")

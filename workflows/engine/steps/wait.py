"""wait: let time pass."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.durations import Duration, write_duration
from workflows.engine.effects import Outcome
from workflows.engine.events import Event
from workflows.engine.steps.base import BaseStep, Go, Moment, Move, Sleep, TimeUp


class Wait(BaseStep):
    """Wait for a duration of exact hours (a day is 24 of them)."""

    kind: Literal["wait"]
    lasting: Duration = Field(alias="for")

    def enter(self, moment: Moment) -> Move:
        """Sleep."""
        return Sleep(self.lasting, f"Wait {write_duration(self.lasting)}")

    def resume(self, moment: Moment, news: Outcome | TimeUp | Event) -> Move | None:
        """Go on when the time is over; no other news shortens a wait."""
        return Go() if isinstance(news, TimeUp) else None

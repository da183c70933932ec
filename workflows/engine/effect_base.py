"""What every effect has: whom, when and where it is for, and a key that is the same each time."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.base import Frozen

Queue = Literal["enrollments", "messaging", "crm", "notifications"]


class Effect(Frozen):
    """One thing asked of the outside world, for one visit of one step of one enrollment."""

    enrollment: str
    entry: int
    step: str
    visit: int

    queue: ClassVar[Queue]
    activity: ClassVar[str]

    @property
    def key(self) -> str:
        """The same for every attempt, restart and reset: ``enrollment/entry/step/visit/effect``."""
        return f"{self.enrollment}/{self.entry}/{self.step}/{self.visit}/{self.activity}"

"""end: the automation is done with this lead."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.steps.base import BaseStep, Finish, Moment, Move


class End(BaseStep):
    """End the enrollment; nothing after it is carried out."""

    kind: Literal["end"]
    ends: ClassVar[bool] = True

    def enter(self, moment: Moment) -> Move:
        """Finish."""
        return Finish()

"""marketo_program: make the lead a member of a Marketo program."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.platform_effects import MarketoProgram as MarketoProgramEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class MarketoProgram(BaseStep):
    """Give the lead a ``status`` in the program; a lead may be in several programs.

    Who has that status or a later one already keeps it.
    """

    kind: Literal["marketo_program"]
    program: int = Field(ge=1)
    status: str = Field(min_length=1, max_length=100)

    def enter(self, moment: Moment) -> Move:
        """Ask for the membership."""
        effect = MarketoProgramEffect(
            kind="marketo_program",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            program=self.program,
            status=self.status,
        )
        return Do(effect, f"Add to program {self.program}")

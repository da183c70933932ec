"""marketo_status: set the status of the lead's record in Marketo."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.platform_effects import MarketoStatus as MarketoStatusEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class MarketoStatus(BaseStep):
    """Set the lead's status in Marketo; which field that is, the connections file says."""

    kind: Literal["marketo_status"]
    status: str = Field(min_length=1, max_length=255)

    def enter(self, moment: Moment) -> Move:
        """Ask for the status to be set."""
        effect = MarketoStatusEffect(
            kind="marketo_status",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            status=self.status,
        )
        return Do(effect, f"Set the status in Marketo: {self.status}")

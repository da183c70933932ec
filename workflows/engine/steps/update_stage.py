"""update_stage: move the lead to a stage of the sales process."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.effects import UpdateStage as UpdateStageEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class UpdateStage(BaseStep):
    """Set the lead's stage, here and in the CRM (Salesforce: the field Status)."""

    kind: Literal["update_stage"]
    stage: str = Field(min_length=1, max_length=40)

    def enter(self, moment: Moment) -> Move:
        """Ask for the stage to be set."""
        effect = UpdateStageEffect(
            kind="update_stage",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            stage=self.stage,
        )
        return Do(effect, f"Set stage {self.stage}")

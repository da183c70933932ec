"""notify: tell the team in its chat."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.effects import Notify as NotifyEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class Notify(BaseStep):
    """Post a message to a Slack channel; ``text`` may use the lead's fields as ``{{ lead.x }}``."""

    kind: Literal["notify"]
    channel: str = Field(min_length=1, max_length=80)
    text: str = Field(min_length=1, max_length=3000)

    def enter(self, moment: Moment) -> Move:
        """Ask for the message to be posted."""
        effect = NotifyEffect(
            kind="notify",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            channel=self.channel,
            text=self.text,
        )
        return Do(effect, f"Tell {self.channel}")

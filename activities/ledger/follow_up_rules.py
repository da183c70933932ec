"""How soon somebody who has answered with interest is to hear from us, and who sees to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workflows.engine.base import Name
from workflows.engine.campaign import SendWindow
from workflows.engine.durations import Duration

Stage = Literal["tell", "remind", "escalate", "reassign"]


class FollowUpRules(BaseModel):
    """What follows a positive reply, until a colleague acknowledges it.

    All times are counted from the reply, in the ``hours`` of the owner: reminded when
    ``answer_within`` is over, escalated to ``escalate_to`` (an address) or the channel, then given
    to the next of the pool ``reassign_to``. An alert is always there; ``via`` tells it elsewhere,
    too: Slack (in ``channel``), Teams, or a mail to the owner.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer_within: Duration = timedelta(hours=1)
    escalate_after: Duration = timedelta(hours=2)
    reassign_after: Duration = timedelta(hours=4)
    hours: SendWindow = SendWindow()
    via: Literal["app", "slack", "teams", "email"] = "app"
    channel: str = Field(default="", max_length=80)
    escalate_to: str = Field(default="", max_length=254)
    reassign_to: Name | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> FollowUpRules:
        if not self.answer_within < self.escalate_after < self.reassign_after:
            raise ValueError("answer_within, escalate_after and reassign_after must come in order")
        if (self.via == "slack") != bool(self.channel):
            raise ValueError("via slack needs a channel; other ways have none")
        return self

    def after(self, stage: Stage) -> timedelta:
        """How long after the reply, in hours of work, a stage is due."""
        return {
            "tell": timedelta(),
            "remind": self.answer_within,
            "escalate": self.escalate_after,
            "reassign": self.reassign_after,
        }[stage]

    def next_stage(self, stage: Stage) -> Stage | None:
        """What comes after a stage if nobody answers; None if that was all."""
        following: dict[Stage, Stage | None] = {
            "tell": "remind",
            "remind": "escalate",
            "escalate": "reassign" if self.reassign_to else None,
        }
        return following.get(stage)

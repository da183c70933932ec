"""add_to_campaign: make the lead a member of a Salesforce Campaign."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from workflows.engine.platform_effects import AddToCampaign as AddToCampaignEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move

CampaignId = Annotated[str, StringConstraints(pattern=r"^701[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?$")]
"""The 15 or 18 characters of a Campaign's id, as its address in Salesforce shows them."""


class AddToCampaign(BaseStep):
    """Add the lead to the Campaign, or give a member the ``status``; it is never there twice.

    A push to salesforce must come before it, whichever way the lead takes.
    """

    kind: Literal["add_to_campaign"]
    campaign: CampaignId
    status: str | None = Field(default=None, min_length=1, max_length=40)

    def enter(self, moment: Moment) -> Move:
        """Ask for the membership."""
        effect = AddToCampaignEffect(
            kind="add_to_campaign",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            campaign=self.campaign,
            status=self.status,
        )
        return Do(effect, f"Add to campaign: {self.name or self.id}")

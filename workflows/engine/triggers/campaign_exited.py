"""campaign_exited: a lead has left a campaign for one of the chosen reasons."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from workflows.engine.base import Name
from workflows.engine.triggers.base import BaseTrigger, Match, Occasion

CampaignExit = Literal[
    "engagement_window_ended",
    "campaign_turned_off_or_expired",
    "custom_exit_criteria_met",
    "email_bounced",
    "reply_received",
    "joined_other_campaign",
    "manually_removed",
    "meeting_booked",
    "unsubscribed",
]


class CampaignExited(BaseTrigger):
    """A lead leaves a campaign. ``reasons``: one or more of the nine ways; others never fire.

    ``campaigns`` are ids of automations; left out, it may be any campaign of the center.
    """

    listens_to: ClassVar[frozenset[str]] = frozenset({"campaign_exited"})

    kind: Literal["campaign_exited"]
    reasons: tuple[CampaignExit, ...] = Field(min_length=1)
    campaigns: tuple[Name, ...] = ()

    def fires(self, occasion: Occasion) -> Match | None:
        """If reason and campaign are among the chosen ones. What was no campaign does not count."""
        data = occasion.event.data
        reason, campaign = data.get("reason"), data.get("automation")
        chosen = reason in self.reasons and (not self.campaigns or campaign in self.campaigns)
        if not chosen or data.get("campaign") is False:
            return None
        return Match(f"event/{occasion.event.id}", f"left {campaign}: {reason}")

"""hubspot_meeting: the meeting that the lead has booked, as a meeting activity in HubSpot."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.platform_effects import HubspotMeeting as HubspotMeetingEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class HubspotMeeting(BaseStep):
    """Log the lead's newest meeting: its start and end, and who takes part.

    Colleagues who are users of HubSpot are linked; whoever is not is named in its text. ``title``
    may use the lead's fields as ``{{ lead.x }}``.
    """

    kind: Literal["hubspot_meeting"]
    title: str = Field(default="Meeting", min_length=1, max_length=255)

    def enter(self, moment: Moment) -> Move:
        """Ask for the meeting to be logged."""
        effect = HubspotMeetingEffect(
            kind="hubspot_meeting",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            title=self.title,
        )
        return Do(effect, f"Log the meeting: {self.name or self.id}")

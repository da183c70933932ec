"""hubspot_timeline_event: something that happened, on the contact's timeline in HubSpot."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.engine.platform_effects import HubspotTimelineEvent as HubspotTimelineEventEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class HubspotTimelineEvent(BaseStep):
    """Put an event on the timeline, with the lead's newest conversation and a link to it.

    ``title`` and ``text`` may use the lead's fields as ``{{ lead.x }}``; with ``transcript: false``
    the words of the conversation stay out.
    """

    kind: Literal["hubspot_timeline_event"]
    title: str = Field(min_length=1, max_length=255)
    text: str = Field(default="", max_length=10_000)
    transcript: bool = True

    def enter(self, moment: Moment) -> Move:
        """Ask for the event."""
        effect = HubspotTimelineEventEffect(
            kind="hubspot_timeline_event",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            title=self.title,
            text=self.text,
            transcript=self.transcript,
        )
        return Do(effect, f"Put an event on the timeline: {self.name or self.id}")

"""Effects at the CRM and the marketing platforms: records, memberships, activities.

They name fields, campaigns and templates; the values stay in the ledger.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.effect_base import Effect, Queue

System = Literal["salesforce", "hubspot", "marketo"]
"""Where leads can be pushed to."""


class Push(Effect):
    """Create or update the lead's record in ``system``: its field names, and the lead's."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "push"

    kind: Literal["push"]
    system: System
    fields: dict[str, str]


class AddToCampaign(Effect):
    """Make the lead a member of a Salesforce Campaign, with a member status if one is given."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "add_to_campaign"

    kind: Literal["add_to_campaign"]
    campaign: str
    status: str | None = None


class MarketoStatus(Effect):
    """Set the status field of the lead's record in Marketo."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "marketo_status"

    kind: Literal["marketo_status"]
    status: str


class MarketoProgram(Effect):
    """Make the lead a member of a Marketo program, with this program status."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "marketo_program"

    kind: Literal["marketo_program"]
    program: int
    status: str


class HubspotTimelineEvent(Effect):
    """An event on the contact's timeline in HubSpot. ``title`` and ``text`` are templates."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "hubspot_timeline_event"

    kind: Literal["hubspot_timeline_event"]
    title: str
    text: str = ""
    transcript: bool = True


class HubspotMeeting(Effect):
    """The lead's newest meeting, as a meeting activity in HubSpot. ``title`` is a template."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "hubspot_meeting"

    kind: Literal["hubspot_meeting"]
    title: str


PlatformEffect = (
    Push | AddToCampaign | MarketoStatus | MarketoProgram | HubspotTimelineEvent | HubspotMeeting
)

"""What requests to the sandbox's HubSpot look like; whatever else stands in one is refused."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

PROPERTIES = {
    "contacts": (
        *("email", "firstname", "lastname", "company", "phone", "jobtitle", "website"),
        *("lifecyclestage", "hs_lead_status", "dripstone_key"),
    ),
    "meetings": (
        *("hs_timestamp", "hs_meeting_title", "hs_meeting_body", "hs_meeting_start_time"),
        *("hs_meeting_end_time", "hs_meeting_outcome", "hubspot_owner_id"),
        *("hs_attendee_owner_ids", "dripstone_key"),
    ),
}
"""The properties of each object that may be written."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Strict):
    """The body of an update."""

    properties: dict[str, str]


class One(Change):
    """One record of a batch, found by the value ``id`` of a unique property."""

    id: str
    idProperty: str


class Batch(_Strict):
    """The body of a batch upsert."""

    inputs: list[One] = Field(min_length=1, max_length=100)


class Event(_Strict):
    """The body of a timeline event."""

    eventTemplateId: str
    objectId: str
    tokens: dict[str, str]
    id: str
    timestamp: AwareDatetime
    extraData: dict[str, Any] = {}

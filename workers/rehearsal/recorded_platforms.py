"""The CRM and the marketing platforms in server mode: they record nothing and answer at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.platforms import Platforms
from activities.vendors.ports import (
    LoggedMeeting,
    NotYet,
    Receipt,
    RecordKey,
    TimelineEvent,
)
from workers.rehearsal.platforms import REHEARSED
from workers.rehearsal.story import Surroundings, Vendor
from workers.rehearsal.virtual import virtual_now


class RecordedPlatform:
    """All that one system can be asked for. What it is asked for stands in the ledger."""

    def __init__(self, name: Vendor, surroundings: Surroundings) -> None:
        self._name = name
        self._surroundings = surroundings

    async def push(self, which: RecordKey, fields: Mapping[str, Any]) -> Receipt:
        """Take a lead; it has a record from now on."""
        return self._answer()

    async def add_member(self, group: str, record: str, status: str | None) -> Receipt:
        """Take a membership."""
        return self._answer()

    async def add_event(self, event: TimelineEvent) -> Receipt:
        """Take an event."""
        return self._answer()

    async def log_meeting(self, meeting: LoggedMeeting) -> Receipt:
        """Take a meeting."""
        return self._answer()

    def _answer(self) -> Receipt:
        if self._surroundings.down_until(self._name, virtual_now()):
            raise NotYet(self._name, "rehearsed_outage", "is down in this rehearsal")
        return Receipt(REHEARSED)


def recorded_platforms(surroundings: Surroundings) -> Platforms:
    """Every system is there in a rehearsal: what is not configured was refused before."""
    salesforce, hubspot, marketo = (RecordedPlatform(name, surroundings) for name in _NAMES)
    return Platforms(
        leads={"salesforce": salesforce, "hubspot": hubspot, "marketo": marketo},
        groups={"salesforce": salesforce, "marketo": marketo},
        hubspot=hubspot,
    )


_NAMES: tuple[Vendor, Vendor, Vendor] = ("salesforce", "hubspot", "marketo")

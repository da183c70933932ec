"""Steps at the CRM and the marketing platforms, in engine mode: told instead of done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from activities.ledger.aliases import told_record
from activities.ledger.connections import CenterConnections
from activities.ledger.conversations import Booked, Conversation, conversation_in
from activities.ledger.leads import Lead
from activities.platform_payloads import (
    campaign_payload,
    program_payload,
    push_payload,
    status_payload,
)
from activities.templates import TemplateProblem
from activities.timeline_payloads import meeting_payload, timeline_payload
from activities.vendors.ports import Never
from workers.rehearsal.case import Case
from workers.rehearsal.letters import CannotBeWritten
from workflows.engine.events import Event
from workflows.engine.platform_effects import (
    AddToCampaign,
    HubspotTimelineEvent,
    MarketoProgram,
    MarketoStatus,
    PlatformEffect,
    Push,
    System,
)
from workflows.engine.sessions import SESSION_EVENTS

REHEARSED = "rehearsed"
"""The id of a record that a rehearsed push made."""


def system_of(effect: PlatformEffect) -> System:
    """Whom an effect is asked of."""
    if isinstance(effect, Push):
        return effect.system
    if isinstance(effect, AddToCampaign):
        return "salesforce"
    return "marketo" if isinstance(effect, MarketoStatus | MarketoProgram) else "hubspot"


class RehearsedPlatforms:
    """Knows which leads were pushed where, and what they said: ``heard`` is by lead."""

    def __init__(self, heard: Mapping[str, Sequence[Event]]) -> None:
        self._heard = heard
        self._pushed: set[tuple[str, str, str]] = set()

    def pushed(self, lead: Lead, system: System) -> None:
        """From now on the lead has a record there."""
        self._pushed.add((lead.center, lead.lead, system))

    def asked(
        self, case: Case, effect: PlatformEffect, accounts: CenterConnections, now: datetime
    ) -> dict[str, JsonValue]:
        """What would be asked of the system.

        Raises:
            CannotBeWritten: as in production, a field may not be written, there is no record, or
                a text has gaps.
        """
        try:
            return self._payload(case.lead, effect, accounts, now)
        except (Never, TemplateProblem) as problem:
            raise CannotBeWritten(str(problem)) from problem

    def _payload(
        self, lead: Lead, effect: PlatformEffect, accounts: CenterConnections, now: datetime
    ) -> dict[str, Any]:
        record = self._record(lead, system_of(effect))
        if isinstance(effect, Push):
            return push_payload(effect, lead, accounts)
        if isinstance(effect, AddToCampaign):
            return campaign_payload(effect, record, accounts)
        if isinstance(effect, MarketoProgram):
            return program_payload(effect, record, accounts)
        if isinstance(effect, MarketoStatus):
            return status_payload(effect, lead, record, accounts)
        if isinstance(effect, HubspotTimelineEvent):
            said = self._conversation(lead), now
            return timeline_payload(effect, lead, record, accounts, said)
        return meeting_payload(effect, lead, record, accounts, self._meeting(lead))

    def _record(self, lead: Lead, system: System) -> str | None:
        is_pushed = (lead.center, lead.lead, system) in self._pushed
        return told_record(lead, system) or (REHEARSED if is_pushed else None)

    def _conversation(self, lead: Lead) -> Conversation:
        heard = self._heard.get(lead.lead, ())
        return conversation_in([(e.kind, e.data) for e in heard if e.kind in SESSION_EVENTS])

    def _meeting(self, lead: Lead) -> Booked | None:
        heard = self._heard.get(lead.lead, ())
        meetings = [event for event in heard if event.kind == "meeting_booked"]
        return Booked(meetings[-1].id, meetings[-1].at, meetings[-1].data) if meetings else None

"""Custom exit criteria: campaign settings, evaluated when a lead changes and when they are edited.

They are outside the pinned version, so that an edit reaches leads in flight; only enrollments
that they concern are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import Lead
from activities.ledger.settings import settings_of
from workflows.engine.campaign_settings import ExitCriteria


@dataclass(frozen=True, slots=True)
class LeadFields:
    """A lead as conditions outside an enrollment see it: its fields, and no events."""

    values: Mapping[str, JsonValue]

    def happened(self, kind: str) -> bool:
        """Events belong to enrollments; here none has happened."""
        return False


def meets(criteria: ExitCriteria, lead: Lead) -> bool:
    """Whether the lead's fields meet these criteria now; nobody meets none."""
    return criteria.when is not None and criteria.when.holds(LeadFields(lead.merge_fields))


async def meets_exit_criteria(tx: AsyncConnection, automation: str, lead: Lead) -> bool:
    """Whether the lead's fields meet the automation's custom exit criteria now."""
    return meets((await settings_of(tx, automation)).exits, lead)

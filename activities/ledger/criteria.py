"""Custom exit criteria: campaign settings, evaluated when a lead changes and when they are edited.

They are outside the pinned version, so that an edit reaches leads in flight; only enrollments
that they concern are told.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import Lead
from activities.ledger.settings import settings_of
from workflows.engine.campaign_settings import ExitCriteria
from workflows.engine.triggers.base import Values


def meets(criteria: ExitCriteria, lead: Lead) -> bool:
    """Whether the lead's fields meet these criteria now; nobody meets none."""
    return criteria.when is not None and criteria.when.holds(Values(lead.merge_fields))


async def meets_exit_criteria(tx: AsyncConnection, automation: str, lead: Lead) -> bool:
    """Whether the lead's fields meet the automation's custom exit criteria now."""
    return meets((await settings_of(tx, automation)).exits, lead)

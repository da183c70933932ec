"""Custom exit criteria: campaign settings, evaluated over the lead projection when it changes.

They are outside the pinned version, so that an edit reaches leads in flight; only enrollments
that they concern are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue, TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import Lead
from activities.ledger.tables import campaign_settings
from workflows.engine.caps import Caps
from workflows.engine.conditions import Condition

_CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


@dataclass(frozen=True, slots=True)
class LeadFields:
    """A lead as conditions outside an enrollment see it: its fields, and no events."""

    values: Mapping[str, JsonValue]

    def happened(self, kind: str) -> bool:
        """Events belong to enrollments; here none has happened."""
        return False


async def newest_settings(tx: AsyncConnection, automation: str) -> Mapping[str, Any]:
    """The campaign settings in force; empty for an automation without a campaign."""
    row = campaign_settings.c
    query = select(row.settings).where(row.automation == automation)
    found = await tx.scalar(query.order_by(row.number.desc()).limit(1))
    return found or {}


def caps_of(settings: Mapping[str, Any]) -> Caps:
    """The caps among campaign settings."""
    return Caps.model_validate(settings.get("caps", {}))


async def meets_exit_criteria(tx: AsyncConnection, automation: str, lead: Lead) -> bool:
    """Whether the lead's fields meet the automation's custom exit criteria now."""
    when = (await newest_settings(tx, automation)).get("exits", {}).get("when")
    if when is None:
        return False
    return _CONDITION.validate_python(when).holds(LeadFields(lead.merge_fields))

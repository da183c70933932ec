"""What the workflow of an admitted entry is started with: the same whenever it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.firings import told_by
from activities.ledger.leads import Lead, find_lead
from activities.ledger.publishing import Version, find_version
from workflows.contracts import Start
from workflows.engine.semantics import SEMANTICS


def start_of(
    version: Version, lead: Lead, entry: int, admitted_at: datetime, told: Mapping[str, JsonValue]
) -> Start:
    """The workflow's input: the pinned definition, and only the values its conditions name.

    ``told`` is what they want to know of the event that started the entry.
    """
    return Start(
        automation=version.automation,
        lead=lead.lead,
        entry=entry,
        version=version.version,
        definition=version.definition,
        enrolled_at=admitted_at,
        values={**values_for(version, lead), **told},
        semantics=SEMANTICS,
    )


def values_for(version: Version, lead: Lead) -> dict[str, JsonValue]:
    """The lead's fields that conditions of the version name."""
    looked_at = version.definition.fields_looked_at
    return {name: value for name, value in sorted(lead.merge_fields.items()) if name in looked_at}


async def start_again(tx: AsyncConnection, row: Mapping[str, Any]) -> Start:
    """The very start of an admission that was made before."""
    version = await find_version(tx, row["automation"], row["version"])
    lead = await find_lead(tx, row["center"], row["lead"])
    assert lead is not None
    told = await told_by(tx, row["cause"], version.definition.fields_looked_at)
    return start_of(version, lead, row["entry"], row["admitted_at"], told)

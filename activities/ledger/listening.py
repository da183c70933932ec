"""Which automations listen: the enabled ones of a center, with their definitions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, bindparam, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.lifecycle import IN_FORCE, begin_of
from activities.ledger.publishing import parsed
from activities.ledger.tables import automations, centers, lifecycle
from workflows.engine.router import Published


def _enabled() -> Select[str, datetime, Any]:
    row, state, switch = automations.c, lifecycle.c, centers.c
    return (
        select(cast(row.definition, Text), state.changed_at, IN_FORCE)
        .join(lifecycle, (state.automation == row.automation) & (state.version == row.version))
        .outerjoin(centers, switch.center == row.center)
        .where(state.state == "enabled", switch.state.is_(None) | (switch.state == "enabled"))
        .order_by(row.automation)
    )


_ENABLED = _enabled()
_ENABLED_IN = _ENABLED.where(automations.c.center == bindparam("center"))


async def enabled(tx: AsyncConnection, center: str | None = None) -> list[Published]:
    """The enabled automations (of one center, or of all) that something besides a person starts.

    A center that is switched off has none. One that is active from a later day on is as good as
    enabled then: what happens before starts nothing, and its schedule begins there.
    """
    query = _ENABLED if center is None else _ENABLED_IN
    rows = await tx.execute(query, {} if center is None else {"center": center})
    found = [
        Published(parsed(text), max(since, begin_of(in_force or {}) or since))
        for text, since, in_force in rows
    ]
    return [one for one in found if one.automation.trigger.kind != "manual"]


async def hears(tx: AsyncConnection, center: str, kind: str) -> bool:
    """Whether an event of this kind may start an automation of the center."""
    found = await enabled(tx, center)
    return any(kind in one.automation.trigger.kinds_heard for one in found)

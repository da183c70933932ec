"""Which automations listen: the enabled ones of a center, with their definitions."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.tables import automations, centers, lifecycle
from workflows.engine.automation import Automation
from workflows.engine.router import Published


async def enabled(tx: AsyncConnection, center: str | None = None) -> list[Published]:
    """The enabled automations (of one center, or of all) that something besides a person starts.

    A center that is switched off has none.
    """
    row, state, switch = automations.c, lifecycle.c, centers.c
    query = (
        select(cast(row.definition, Text), state.changed_at)
        .join(lifecycle, (state.automation == row.automation) & (state.version == row.version))
        .outerjoin(centers, switch.center == row.center)
        .where(state.state == "enabled", switch.state.is_(None) | (switch.state == "enabled"))
        .order_by(row.automation)
    )
    if center is not None:
        query = query.where(row.center == center)
    found = [Published(_parsed(text), since) for text, since in await tx.execute(query)]
    return [one for one in found if one.automation.trigger.kind != "manual"]


async def hears(tx: AsyncConnection, center: str, kind: str) -> bool:
    """Whether an event of this kind may start an automation of the center."""
    found = await enabled(tx, center)
    return any(kind in one.automation.trigger.kinds_heard for one in found)


@lru_cache(maxsize=512)
def _parsed(definition: str) -> Automation:
    """A published version never changes, and every event asks for all of them."""
    return Automation.model_validate_json(definition)

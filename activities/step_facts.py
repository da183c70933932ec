"""Facts that an enrollment's own steps bring about, with the automations that led to them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger import Ledger
from activities.ledger.effects import EffectRow
from activities.ledger.firings import chain_of
from activities.ledger.inbox import Incoming
from activities.scene import Scene
from workflows.engine.events import Event


async def lead_changed(
    ledger: Ledger,
    tx: AsyncConnection,
    scene: Scene,
    row: EffectRow,
    changes: Mapping[str, JsonValue],
) -> Incoming:
    """A step has changed fields of the lead: a change like any other, known to its own workflow."""
    data: dict[str, JsonValue] = {"fields": dict(changes)}
    event = Event(
        id=f"{row.key}/changed",
        kind="lead_changed",
        at=await ledger.now(tx),
        data=data | {"caused_by": await chain_of(tx, scene.entry)},
    )
    origin = (scene.entry["enrollment"], scene.entry["entry"])
    return Incoming(event, scene.lead.center, "step", scene.lead.lead, origin=origin)

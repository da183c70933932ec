"""What follows from a message that was sent: the fact, for triggers and reports, and its Task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow
from activities.ledger.entries import find_entry
from activities.ledger.firings import chain_of
from activities.ledger.handovers import ACTIVE, ADDING
from activities.ledger.inbox import Incoming, receive
from activities.ledger.store import Ledger
from activities.ledger.tables import handovers
from workflows.engine.events import Event

KINDS = {"send_email": "email_sent", "send_sms": "sms_sent"}


async def tell_sent(
    ledger: Ledger, tx: AsyncConnection, row: EffectRow, connections: Connections, at: datetime
) -> tuple[str, ...]:
    """Write down what follows, with SENT and once; the write-backs.

    The enrollment knows it already. Nothing is told of a mail whose words are gone by now.
    """
    if row.activity == "hand_over_lead":
        place = row.key.rpartition("/")[0]
        adding = (handovers.c.key == place) & (handovers.c.state == ADDING)
        await tx.execute(update(handovers).where(adding).values(state=ACTIVE))
    kind = KINDS.get(row.activity)
    entry = (
        await find_entry(tx, row.enrollment, row.entry) if row.enrollment and row.entry else None
    )
    if kind is None or entry is None or not row.payload:
        return ()
    data = await _data_of(tx, row, entry)
    event = Event(id=f"{row.key}/sent", kind=kind, at=at, data=data)
    origin = (entry["enrollment"], entry["entry"])
    about = (row.center, row.connection, row.lead, row.person)
    return (
        await receive(ledger, tx, Incoming(event, *about, origin=origin), connections)
    ).writebacks


async def _data_of(
    tx: AsyncConnection, row: EffectRow, entry: Mapping[str, object]
) -> dict[str, JsonValue]:
    if row.activity == "send_sms":
        return {"text": row.payload["text"], "step": row.step}
    mail = row.payload["mail"]
    return {
        "subject": mail["subject"],
        "text": mail["text"],
        "owner": row.payload["owner"],
        "step": row.step,
        "caused_by": await chain_of(tx, entry),
    }

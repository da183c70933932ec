"""Whom an event reaches: the open enrollments that it is about, is told to, and stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.incoming import Incoming
from activities.ledger.publishing import find_version
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, deliveries
from activities.ledger.telling import signal_body
from activities.ledger.upsert import insert_new
from workflows.engine.consent import CONSENT_EVENTS
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason, strongest
from workflows.engine.replies import RECLASSIFIED

PERSON_WIDE = frozenset(
    (
        *("reply", "unsubscribe", "sms_opt_out", "complaint", "bounce", "out_of_office"),
        *("meeting_booked", RECLASSIFIED, *CONSENT_EVENTS),
    )
)
"""Events about a human, not about one record: they reach every live enrollment of the person."""

TOLD_TO_NOBODY = frozenset(
    (
        *("email_sent", "campaign_exited", "malformed", "auto_reply", "own_mail"),
        *("sms_sent", "sms_delivered", "sms_opt_in"),
    )
)
"""Facts for reports and triggers: no enrollment is signalled."""

OPEN = ("QUEUED", "ADMITTED", "RUNNING", "SUPERSEDED")


async def targets_of(
    tx: AsyncConnection, incoming: Incoming, person: str | None
) -> list[Mapping[str, Any]]:
    """The open enrollments that the event is about."""
    if incoming.event.kind in TOLD_TO_NOBODY:
        return []
    row = admissions
    query = select(row).where(row.c.center == incoming.center, row.c.state.in_(OPEN))
    if incoming.enrollment:
        query = query.where(row.c.enrollment == incoming.enrollment)
    elif incoming.event.kind in PERSON_WIDE and person and not incoming.event.is_soft_bounce:
        query = query.where(or_(row.c.person == person, row.c.lead == incoming.lead))
    else:
        query = query.where(row.c.lead == incoming.lead)
    query = query.order_by(row.c.admitted_at, row.c.enrollment)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def stop(tx: AsyncConnection, target: Mapping[str, Any], event: Event) -> None:
    """From this commit on the gate refuses what the event stops, even if the signal is late."""
    version = await find_version(tx, target["automation"], target["version"])
    reason = version.definition.exit_by(event)
    if reason is None:
        return
    known = [ExitReason(target["stop_reason"])] if target["stop_reason"] else []
    row = admissions.c
    here = (row.enrollment == target["enrollment"]) & (row.entry == target["entry"])
    values = {"stop_reason": strongest([reason, *known]).value}
    await tx.execute(update(admissions).where(here).values(values))


async def deliver_later(
    ledger: Ledger,
    tx: AsyncConnection,
    target: Mapping[str, Any],
    incoming: Incoming,
    writebacks: tuple[str, ...],
) -> None:
    """Put down that the target is to be told; the one that has reported it knows it."""
    version = await find_version(tx, target["automation"], target["version"])
    entry = (target["enrollment"], target["entry"])
    row = {
        "center": target["center"],
        "event": incoming.event.id,
        "enrollment": entry[0],
        "entry": entry[1],
        "state": "DELIVERED" if incoming.origin == entry else "PENDING",
        "body": signal_body(incoming.event, version.definition.fields_looked_at, writebacks),
        "attempts": 0,
        "next_at": await ledger.now(tx),
    }
    await insert_new(tx, deliveries, row)

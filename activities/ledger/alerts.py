"""Alerts for the team inside the application: put down once, and listed until acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.alert_table import alerts
from activities.ledger.store import Ledger
from activities.ledger.upsert import insert_new


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. ``id`` is short enough to be typed; the ``at`` instants are in UTC."""

    id: str
    center: str
    enrollment: str
    lead: str
    text: str
    at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


def alert_id(key: str) -> str:
    """The id of the alert that an effect put down."""
    return sha256(key.encode()).hexdigest()[:12]


async def put_alert(tx: AsyncConnection, key: str, alert: Alert) -> None:
    """Put an alert down for the effect of that key; once, however often it is asked for."""
    row = {name: getattr(alert, name) for name in Alert.__dataclass_fields__}
    await insert_new(tx, alerts, row | {"key": key})


async def list_alerts(
    tx: AsyncConnection, center: str | None, *, acknowledged_too: bool, limit: int
) -> list[Alert]:
    """The alerts, newest first; of every center if none is named."""
    row = alerts.c
    query = select(*(row[name] for name in Alert.__dataclass_fields__))
    query = query.where(row.center == center) if center else query
    query = query if acknowledged_too else query.where(row.acknowledged_at.is_(None))
    found = await tx.execute(query.order_by(row.at.desc(), row.id).limit(limit))
    return [Alert(**one) for one in found.mappings()]


async def known_alerts(tx: AsyncConnection, ids: Sequence[str]) -> set[str]:
    """Those of these ids that there are."""
    return set(await tx.scalars(select(alerts.c.id).where(alerts.c.id.in_(ids))))


async def acknowledge(
    ledger: Ledger, tx: AsyncConnection, ids: Sequence[str], by: str
) -> list[str]:
    """Acknowledge open alerts; those of the ids that were open until now. The first one stays."""
    row = alerts.c
    here = row.id.in_(ids) & row.acknowledged_at.is_(None)
    were_open = sorted(await tx.scalars(select(row.id).where(here)))
    values = {"acknowledged_at": await ledger.now(tx), "acknowledged_by": by}
    await tx.execute(update(alerts).where(here).values(values))
    return were_open

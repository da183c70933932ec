"""Following up on positive replies: who is to answer until when, and what was done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import available_timezones

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.alert_table import alerts
from activities.ledger.alerts import Alert, alert_id, put_alert
from activities.ledger.connections import CenterConnections
from activities.ledger.follow_up_rules import FollowUpRules, Stage
from activities.ledger.leads import Lead, is_sample
from activities.ledger.reply_tables import follow_ups
from activities.ledger.store import Ledger
from activities.ledger.upsert import insert_new
from activities.ledger.windows import after_hours_of_work
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED, ReplyClass, class_told

MARK = "/follow_up/"
"""Stands between the reply's event and the stage in the key of an alert about it."""

WORDS = {
    "tell": "has answered with interest: answer until",
    "remind": "still waits for an answer, which was due",
    "escalate": "has got no answer from its owner, due",
    "reassign": "is given to another colleague, for it was not answered; that was due",
}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A positive reply that somebody is to answer. ``stage`` is what is done at ``next_at`` (UTC)
    unless it is acknowledged before; ``owner`` is a user's id or address, if anybody is known."""

    reply: str
    id: str
    center: str
    lead: str
    owner: str | None
    stage: Stage
    replied_at: datetime
    due_at: datetime
    next_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None

    def key(self, stage: str) -> str:
        """The key of the alert of a stage."""
        return f"{self.reply}{MARK}{stage}"

    @property
    def words(self) -> str:
        """What the team is told now. Says nothing of who the lead is, or of what was written."""
        owner = self.owner or "nobody"
        due = self.due_at.strftime("%Y-%m-%d %H:%M UTC")
        return f"{self.lead} {WORDS[self.stage]} {due} (owner: {owner})"


async def begin_follow_up(
    ledger: Ledger,
    tx: AsyncConnection,
    event: Event,
    lead: Lead | None,
    accounts: CenterConnections,
) -> None:
    """A positive reply is to be followed up from now on; one that is none after all is not."""
    if event.kind not in ("reply", RECLASSIFIED) or lead is None or is_sample(lead.lead):
        return
    reply = str(event.data.get("reply") or "") if event.kind == RECLASSIFIED else event.id
    told, rules = class_told(event), accounts.follow_up
    if told is not ReplyClass.POSITIVE or rules is None:
        if told and reply and event.kind == RECLASSIFIED:
            await _settle(ledger, tx, [reply], f"read again as {told.value}")
        return
    owner = _owner_of(lead)
    due = due_at(rules, "remind", event.at, owner, accounts)
    new = FollowUp(
        reply=reply,
        id=alert_id(f"{reply}{MARK}tell"),
        center=lead.center,
        lead=lead.lead,
        owner=owner,
        stage="tell",
        replied_at=event.at,
        due_at=due,
        next_at=await ledger.now(tx),
        acknowledged_at=None,
        acknowledged_by=None,
    )
    row = {name: getattr(new, name) for name in FollowUp.__dataclass_fields__}
    if await insert_new(tx, follow_ups, row):
        await put_stage_alert(ledger, tx, new)


async def put_stage_alert(ledger: Ledger, tx: AsyncConnection, one: FollowUp) -> None:
    """List the present stage among the alerts; once."""
    key = one.key(one.stage)
    at = await ledger.now(tx)
    await put_alert(tx, key, Alert(alert_id(key), one.center, "", one.lead, one.words, at))


def _owner_of(lead: Lead) -> str | None:
    owner = lead.fields.get("owner") or lead.fields.get("OwnerId")
    return owner if isinstance(owner, str) and owner else None


def zone_of(owner: str | None, accounts: CenterConnections) -> str:
    """The zone in which an owner works: their own, else the center's."""
    zones = accounts.salesforce.user_zones if accounts.salesforce else {}
    zone = zones.get(owner or "", accounts.zone)
    return zone if zone in available_timezones() else "UTC"


def due_at(
    rules: FollowUpRules,
    stage: Stage,
    replied: datetime,
    owner: str | None,
    accounts: CenterConnections,
) -> datetime:
    """When a stage is due, in UTC: in hours in which the owner works."""
    hours = rules.hours.plus(accounts.days_off)
    return after_hours_of_work(hours, zone_of(owner, accounts), replied, rules.after(stage))


async def due_follow_ups(ledger: Ledger, tx: AsyncConnection, limit: int) -> list[FollowUp]:
    """Those about which something is to be done by now, longest due first."""
    row = follow_ups.c
    due = row.acknowledged_at.is_(None) & (row.next_at <= await ledger.now(tx))
    query = select(follow_ups).where(due).order_by(row.next_at).limit(limit)
    return [_follow_up(found) for found in (await tx.execute(query)).mappings()]


def _follow_up(row: Any) -> FollowUp:
    found = {name: row[name] for name in FollowUp.__dataclass_fields__}
    return FollowUp(**found | {"stage": cast("Stage", row["stage"])})


async def move_on(tx: AsyncConnection, one: FollowUp, **values: object) -> bool:
    """Note that the present stage was seen to; False if somebody else has done so before."""
    row = follow_ups.c
    here = (row.reply == one.reply) & (row.stage == one.stage) & row.acknowledged_at.is_(None)
    here &= row.next_at == one.next_at
    return bool((await tx.execute(update(follow_ups).where(here).values(**values))).rowcount)


async def acknowledge_by_alerts(
    ledger: Ledger, tx: AsyncConnection, ids: Iterable[str], by: str
) -> None:
    """Whoever acknowledges an alert about a reply sees to the reply: nobody is reminded again."""
    keys = await tx.scalars(select(alerts.c.key).where(alerts.c.id.in_(list(ids))))
    replies = {key.rpartition(MARK)[0] for key in keys if MARK in key}
    if replies:
        await _settle(ledger, tx, sorted(replies), by)


async def _settle(ledger: Ledger, tx: AsyncConnection, replies: list[str], by: str) -> None:
    values = {"acknowledged_at": await ledger.now(tx), "acknowledged_by": by}
    row = follow_ups.c
    waiting = row.reply.in_(replies) & row.acknowledged_at.is_(None)
    await tx.execute(update(follow_ups).where(waiting).values(**values, next_at=None))
    about = or_(*(alerts.c.key.startswith(f"{one}{MARK}", autoescape=True) for one in replies))
    still = about & alerts.c.acknowledged_at.is_(None)
    await tx.execute(update(alerts).where(still).values(values))

"""A launch in numbers, wave by wave: who has entered, what was sent, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, case, distinct, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.report_facts import seen_by_entry
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, effects, holds, inbox
from activities.ledger.wave_tables import audience
from activities.ledger.waves import MESSAGES, launched, not_by_index, waves_of
from workflows.engine.waves import Signs

FACTS = {
    "bounce": "hard_bounces",
    "complaint": "complaints",
    "unsubscribe": "opt_outs",
    "reply": "replies",
    "meeting_booked": "meetings",
    "clicked": "clicked",
}
"""Kinds of events that are counted, and under which name; of each wave, leads with at least one."""


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave. ``size`` is ``to_enter`` + ``refused`` + ``entered``; those who have entered are
    ``inside`` or have left. ``mailed`` are leads that a message has left to, of those inside
    ``held`` by the gate until a cause is gone; ``sent``, ``in_flight`` and ``bounced_at_once`` are
    messages, ``bounced_at_once`` those that a mail server turned down as it was handed them."""

    number: int
    size: int
    state: str
    released_at: datetime
    released_by: str
    changed_by: str
    reason: str
    to_enter: int = 0
    refused: int = 0
    entered: int = 0
    inside: int = 0
    held: int = 0
    mailed: int = 0
    sent: int = 0
    in_flight: int = 0
    bounced_at_once: int = 0
    hard_bounces: int = 0
    complaints: int = 0
    opt_outs: int = 0
    replies: int = 0
    meetings: int = 0
    clicked: int = 0

    @property
    def signs(self) -> Signs:
        """What decides whether the wave is halted. A mail that bounced at once was sent, too."""
        sent = self.sent + self.bounced_at_once
        return Signs(sent, self.hard_bounces, self.complaints, self.opt_outs)


Counted = dict[int, dict[str, int]]
Query = Select[Any]
"""Waves, names and counts."""


async def figures_of(ledger: Ledger, tx: AsyncConnection, automation: str) -> list[Wave]:
    """Every wave that was released, in its order, in one consistent read."""
    counted: Counted = {}
    _add(counted, await _rows(tx, _by_state(automation)), _STATES)
    for column, query in _of_entries(automation).items():
        _add(counted, await _rows(tx, query), {"": column})
    now = await ledger.now(tx)
    _add(counted, await _rows(tx, _messages(automation, now)), _MESSAGE_STATES)
    _add(counted, await _rows(tx, _facts(automation)), FACTS)
    known = {field.name for field in fields(Wave)}
    rows: list[dict[str, Any]] = [
        {**row, **counted.get(row["number"], {})} for row in await waves_of(tx, automation)
    ]
    return [Wave(**{name: row[name] for name in row if name in known}) for row in rows]


_STATES = {"released": "to_enter", "refused": "refused", "entered": "entered"}
_MESSAGE_STATES = {name: name for name in ("sent", "in_flight", "bounced_at_once")}


async def _rows(tx: AsyncConnection, query: Query) -> list[tuple[int, str, int]]:
    found: Any = await tx.execute(query)
    return [(wave, name, count) for wave, name, count in found]


def _add(counted: Counted, rows: Iterable[tuple[int, str, int]], names: Mapping[str, str]) -> None:
    for wave, name, count in rows:
        if name in names:
            mine = counted.setdefault(wave, {})
            mine[names[name]] = mine.get(names[name], 0) + count


def _by_state(automation: str) -> Query:
    """Who has entered is told by the entry: the audience is told of it a moment later."""
    row = audience.c
    entered = (row.state == "released") & admissions.c.cause.is_not(None)
    state = case((entered, "entered"), else_=row.state)
    query = select(row.wave, state, func.count()).select_from(launched(automation, isouter=True))
    here = (row.automation == automation) & row.wave.is_not(None)
    return query.where(here).group_by(row.wave, state)


def _of_entries(automation: str) -> dict[str, Query]:
    """Leads inside, leads that the gate holds, and leads that a message has left to."""
    entries, wave = launched(automation), audience.c.wave
    nothing = literal("")
    inside = select(wave, nothing, func.count()).select_from(entries)
    held = select(wave, nothing, func.count()).select_from(entries.join(holds, _same(holds)))
    mailed = select(wave, nothing, func.count(distinct(audience.c.lead)))
    mailed = mailed.select_from(entries.join(effects, _same(effects)))
    mine = effects.c.activity.in_(MESSAGES)
    left = mine & not_by_index(effects.c.state).in_(("SENT", "UNKNOWN"))
    return {
        "inside": inside.where(not_by_index(admissions.c.state) != "CLOSED").group_by(wave),
        "held": held.group_by(wave),
        "mailed": mailed.where(left).group_by(wave),
    }


def _same(table: Table) -> ColumnElement[bool]:
    """Joins what belongs to an entry."""
    row = table.c
    return (admissions.c.enrollment == row.enrollment) & (admissions.c.entry == row.entry)


def _messages(automation: str, now: datetime) -> Query:
    row = effects.c
    begun = (row.state == "INTENT") & row.lease_owner.is_not(None) & (row.lease_until > now)
    bounce = select(inbox.c.id).where(inbox.c.id == row.key + "/bounced").exists()
    state = case(
        (row.state.in_(("SENT", "UNKNOWN")), "sent"),
        (begun, "in_flight"),
        ((row.state == "NOT_SENT") & bounce, "bounced_at_once"),
        else_="",
    )
    entries = launched(automation).join(effects, _same(effects))
    query = select(audience.c.wave, state, func.count()).select_from(entries)
    return query.where(row.activity.in_(MESSAGES)).group_by(audience.c.wave, state)


def _facts(automation: str) -> Query:
    kind = inbox.c.data["type"].as_string()
    hard = or_(inbox.c.kind != "bounce", kind.is_(None), kind != "soft")
    seen = seen_by_entry(automation) & not_by_index(inbox.c.kind).in_(FACTS) & hard
    query = select(audience.c.wave, inbox.c.kind, func.count(distinct(audience.c.lead)))
    query = query.select_from(launched(automation).join(inbox, seen))
    return query.group_by(audience.c.wave, inbox.c.kind)

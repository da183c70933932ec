"""Blanking: what an erasure leaves of a lead's rows. Which columns, ``personal_columns`` says."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, delete, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.erased import kept_of, names_one_of
from activities.ledger.personal_columns import ALSO_GONE, BY_RULE, PERSONAL, ROW
from activities.ledger.store import Ledger
from activities.ledger.tables import (
    admissions,
    consents,
    deliveries,
    effects,
    firings,
    inbox,
    metadata,
    replies,
    reviews,
)

NO_HISTORY = gzip.compress(b"[]", mtime=0)
"""An archive of no runs: without one, Temporal would be asked for the history once more."""

OPT_OUT_WRITES = ("mark_unsubscribed", "mark_bounced")
"""Write-backs of nothing but a record's id and a field that is true: those still to be done stay,
so that the opt-out reaches the CRM."""

ALIVE = ("PLANNED", "INTENT")
READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Erasing:
    """Whose data goes: records, persons (HMACs), and words they may be named by elsewhere."""

    center: str
    leads: tuple[str, ...]
    persons: tuple[str, ...]
    words: tuple[str, ...] = ()


async def blank(ledger: Ledger, tx: AsyncConnection, whose: Erasing) -> dict[str, int]:
    """Blank all that the ledger has of somebody; how many rows of which table.

    It may be done again at any time. Nothing of theirs may be in flight.
    """
    await _settle_open(ledger, tx, whose)
    done: dict[str, int] = {}
    for name, columns in PERSONAL.items():
        table, rule = metadata.tables[name], _RULES.get(name)
        plain = {column: value for column, value in columns.items() if value not in (ROW, BY_RULE)}
        done[name] = await rule(ledger, tx, whose) if rule else 0
        if ROW in columns.values():
            here = delete(table).where(_rows_of(table, whose))
            done[name] = (await tx.execute(here)).rowcount
        elif plain:
            blanked = update(table).where(_rows_of(table, whose)).values(plain)
            done[name] = max(done[name], (await tx.execute(blanked)).rowcount)
    for name in ALSO_GONE:
        table = metadata.tables[name]
        done[name] = (await tx.execute(delete(table).where(_rows_of(table, whose)))).rowcount
    return {name: count for name, count in done.items() if count}


def _rows_of(table: Table, whose: Erasing) -> ColumnElement[bool]:
    """Which rows of a table are about somebody. A row of another record is not, whoever it is."""
    entered = select(admissions.c.enrollment).where(
        admissions.c.center == whose.center, admissions.c.lead.in_(whose.leads)
    )
    asked = select(reviews.c.id).where(reviews.c.lead.in_(whose.leads))
    said = select(replies.c.event).where(replies.c.lead.in_(whose.leads))
    by_place: Mapping[str, Callable[[], ColumnElement[bool]]] = {
        "deliveries": lambda: table.c.enrollment.in_(entered),
        "version_moves": lambda: table.c.enrollment.in_(entered),
        "review_log": lambda: table.c.review.in_(asked),
        "reply_classes": lambda: table.c.reply.in_(said),
        "suppression_log": lambda: _signed(table, whose),
    }
    if table.name in by_place:
        found = by_place[table.name]()
    elif "lead" not in table.c:
        found = table.c.person.in_(whose.persons)
    else:
        found = table.c.lead.in_(whose.leads)
        if table.c.lead.nullable:
            found |= table.c.lead.is_(None) & table.c.person.in_(whose.persons)
    return and_(table.c.center == whose.center, found)


def _signed(table: Table, whose: Erasing) -> ColumnElement[bool]:
    """Lines with an operator's words; what was suppressed is told in words of ours."""
    subjects = (*whose.leads, *whose.persons)
    in_campaign = (table.c.subject.endswith(f"/{one}", autoescape=True) for one in subjects)
    return (table.c.done_by != "") & or_(table.c.subject.in_(subjects), *in_campaign)


async def _settle_open(ledger: Ledger, tx: AsyncConnection, whose: Erasing) -> None:
    """What would still be done for them is not done any more, but for their opt-outs."""
    row, now = effects.c, await ledger.now(tx)
    begun = and_(row.state == "INTENT", row.phase != "")
    done = {
        "state": case((begun, "UNKNOWN"), else_="NOT_SENT"),
        "done_at": now,
        "lease_owner": None,
        "lease_until": None,
    }
    open_rows = row.state.in_(ALIVE) & row.activity.not_in(OPT_OUT_WRITES)
    await tx.execute(update(effects).where(_rows_of(effects, whose), open_rows).values(done))
    told = deliveries.c.state == "PENDING"
    closed = {"state": "TARGET_CLOSED"}
    await tx.execute(update(deliveries).where(_rows_of(deliveries, whose), told).values(closed))
    waits = firings.c.state == "PENDING"
    await tx.execute(update(firings).where(_rows_of(firings, whose), waits).values(state="DONE"))


async def _admissions(_ledger: Ledger, tx: AsyncConnection, whose: Erasing) -> int:
    """An empty archive instead of the histories; that of a workflow never started stays none."""
    row = admissions.c
    ran = row.run_id.is_not(None) | row.history.is_not(None)
    here = _rows_of(admissions, whose) & ran
    return (await tx.execute(update(admissions).where(here).values(history=NO_HISTORY))).rowcount


async def _effects(_ledger: Ledger, tx: AsyncConnection, whose: Erasing) -> int:
    row = effects.c
    to_be_done = row.state.in_(ALIVE) & row.activity.in_(OPT_OUT_WRITES)
    here = _rows_of(effects, whose) & ~to_be_done
    return (await tx.execute(update(effects).where(here).values(payload={}))).rowcount


async def _consents(ledger: Ledger, tx: AsyncConnection, whose: Erasing) -> int:
    """What was said to whom is told by an HMAC from now on; a withdrawal stays one."""
    row = consents.c
    query = select(row.source).where(_rows_of(consents, whose)).distinct()
    done = 0
    for source in (await tx.scalars(query)).all():
        if source.startswith("erased-"):
            continue
        name = f"erased-{ledger.keyed_hash('consent-source', source)}"
        here = _rows_of(consents, whose) & (row.source == source)
        done += (await tx.execute(update(consents).where(here).values(source=name))).rowcount
    return done


async def _inbox(_ledger: Ledger, tx: AsyncConnection, whose: Erasing) -> int:
    """Of their events a few words of ours stay; of events about nobody that name them, nothing."""
    done = 0
    async for found in _in_parts(tx, _rows_of(inbox, whose)):
        kept = [(one.id, kept_of(one.kind, one.data)) for one in found]
        done += await _put_data(tx, kept)
    if whose.words:
        about_nobody = inbox.c.lead.is_(None) & inbox.c.person.is_(None)
        async for found in _in_parts(tx, about_nobody):
            named = [one for one in found if names_one_of(one.data, whose.words)]
            done += await _put_data(tx, [(one.id, {}) for one in named])
    return done


async def _in_parts(tx: AsyncConnection, which: ColumnElement[bool]) -> Any:
    """Events, some at a time: a lead may have written much."""
    last: ColumnElement[bool] = true()
    row = inbox.c
    while True:
        query = select(row.id, row.kind, row.data).where(which, last).order_by(row.id)
        found = (await tx.execute(query.limit(READ_AT_ONCE))).all()
        if not found:
            return
        yield found
        last = row.id > found[-1].id


async def _put_data(tx: AsyncConnection, kept: Sequence[tuple[str, Mapping[str, Any]]]) -> int:
    for name, data in kept:
        await tx.execute(update(inbox).where(inbox.c.id == name).values(data=dict(data)))
    return len(kept)


_RULES: Mapping[str, Callable[[Ledger, AsyncConnection, Erasing], Any]] = {
    "admissions": _admissions,
    "consents": _consents,
    "effects": _effects,
    "inbox": _inbox,
}

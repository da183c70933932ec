"""Reviews: a mail as it was written, and what a person decided about exactly that text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.inbox import OPEN
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, automations, review_log, reviews
from activities.ledger.upsert import insert_new

WAITING, APPROVED, REJECTED, REPLACED = "WAITING", "APPROVED", "REJECTED", "REPLACED"


@dataclass(frozen=True, slots=True)
class Review:
    """One mail to be reviewed. ``mail`` is what would leave, perhaps edited by ``edited_by``.

    ``rendered_hash`` is of the mail as it was rendered, ``mail_hash`` of ``mail`` as it stands.
    ``asked_by`` is the approval step (on its ``visit``), or None: the gate asked. ``author``
    published the version that the mail belongs to.
    """

    id: str
    center: str
    enrollment: str
    entry: int
    step: str
    number: int
    asked_by: str | None
    visit: int
    automation: str
    lead: str
    person: str
    state: str
    mail: Mapping[str, Any]
    rendered_hash: str
    mail_hash: str
    author: str
    edited_by: str | None
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as rendered now for a step of an entry (a row of ``admissions``), and its hash."""

    entry: Mapping[str, Any]
    step: str
    mail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """What was done about a review, or refused, and by whom."""

    act: str
    by: str
    reason: str = ""


async def find_review(tx: AsyncConnection, review_id: str) -> Review | None:
    """The review of that id."""
    return await _first(tx, reviews.c.id == review_id)


async def newest_review(
    tx: AsyncConnection, enrollment: str, entry: int, step: str
) -> Review | None:
    """The newest review of a step's mail: older ones count for nothing."""
    row = reviews.c
    return await _first(
        tx, and_(row.enrollment == enrollment, row.entry == entry, row.step == step)
    )


async def _first(tx: AsyncConnection, where: ColumnElement[bool]) -> Review | None:
    query = select(reviews).where(where).order_by(reviews.c.number.desc()).limit(1)
    row = (await tx.execute(query)).mappings().first()
    return _review(row) if row else None


def _review(row: Any) -> Review:
    return Review(**{name: row[name] for name in Review.__dataclass_fields__})


async def ask_for_review(
    ledger: Ledger, tx: AsyncConnection, written: Written, asked_by: tuple[str | None, int]
) -> Review:
    """Put a mail up for review. Asked again by the same visit, or about the same text while that
    waits, it answers the review that is there; else it replaces the older one."""
    entry = written.entry
    place = (entry["enrollment"], entry["entry"], written.step)
    newest = await newest_review(tx, *place)
    if newest and _is_that_one(newest, written, asked_by):
        return newest
    number = newest.number + 1 if newest else 1
    name = sha256("/".join(map(str, (*place, number))).encode()).hexdigest()[:16]
    published = (automations.c.automation == entry["automation"]) & (
        automations.c.version == entry["version"]
    )
    author = await tx.scalar(select(automations.c.published_by).where(published))
    row = {
        "id": f"r{name}",
        **{part: entry[part] for part in ("center", "enrollment", "entry", "automation")},
        **{part: entry[part] for part in ("lead", "person")},
        "step": written.step,
        "number": number,
        "asked_by": asked_by[0],
        "visit": asked_by[1],
        "state": WAITING,
        "mail": dict(written.mail),
        "rendered_hash": written.hash,
        "mail_hash": written.hash,
        "author": author or "",
        "asked_at": await ledger.now(tx),
    }
    if newest and newest.state == WAITING:
        older = reviews.c.id == newest.id
        await tx.execute(update(reviews).where(older).values(state=REPLACED))
        await log(ledger, tx, newest, LogLine("replaced", "dripstone", "the mail has changed"))
    await insert_new(tx, reviews, row)
    asked = await find_review(tx, row["id"])
    assert asked is not None
    await log(ledger, tx, asked, LogLine("asked", "dripstone", asked_by[0] or "the gate"))
    return asked


def _is_that_one(review: Review, written: Written, asked_by: tuple[str | None, int]) -> bool:
    same_visit = asked_by[0] is not None and (review.asked_by, review.visit) == asked_by
    return same_visit or (
        asked_by[0] is None and review.state == WAITING and review.rendered_hash == written.hash
    )


async def log(ledger: Ledger, tx: AsyncConnection, review: Review, line: LogLine) -> None:
    """Add a line to the log, which is only ever added to."""
    row = {
        "center": review.center,
        "review": review.id,
        "act": line.act,
        "reason": line.reason[:500],
        "done_at": await ledger.now(tx),
        "done_by": line.by,
    }
    await tx.execute(insert(review_log).values(row))


async def log_of(tx: AsyncConnection, review_id: str) -> list[Mapping[str, Any]]:
    """The log of a review, oldest first."""
    query = select(review_log).where(review_log.c.review == review_id)
    return [dict(row) for row in (await tx.execute(query.order_by(review_log.c.number))).mappings()]


async def change_review(tx: AsyncConnection, review: Review, **values: object) -> None:
    """Write a decision or an edit down."""
    await tx.execute(update(reviews).where(reviews.c.id == review.id).values(values))


async def waiting_reviews(tx: AsyncConnection, center: str | None, limit: int) -> list[Review]:
    """What waits for a decision, oldest first; not what belongs to leads that are leaving."""
    here = (admissions.c.enrollment == reviews.c.enrollment) & (
        admissions.c.entry == reviews.c.entry
    )
    inside = admissions.c.state.in_(OPEN) & admissions.c.stop_reason.is_(None)
    query = select(reviews).join(admissions, here).where(inside, reviews.c.state == WAITING)
    if center:
        query = query.where(reviews.c.center == center)
    rows = (await tx.execute(query.order_by(reviews.c.asked_at).limit(limit))).mappings()
    return [_review(row) for row in rows]

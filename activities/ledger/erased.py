"""Who was erased: nothing personal about them is written down again, whatever comes in late."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue
from sqlalchemy import ColumnElement, bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.erasure_tables import erasures

WHY_REFUSED = "erased: dripstone unsuppress --even-erased lets the person in again"
"""The refusal of a lead that was erased, or whose address belongs to somebody who was."""

_KEPT: Mapping[str, tuple[str, ...]] = {
    "bounce": ("type", "step", "via"),
    "sms_undelivered": ("type", "step"),
    "sms_delivered": ("step",),
    "unsubscribe": ("via",),
    "sms_opt_out": ("via",),
    "complaint": ("via",),
    "campaign_exited": ("automation", "reason", "campaign"),
    "review_decided": ("step", "visit", "verdict"),
    "outreach_sent": ("step", "visit", "number"),
}
"""What stays of the data of an event, by its kind: words of ours, for the figures of reports."""


def kept_of(kind: str, data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What may stay of an event's data once its lead is erased."""
    return {name: data[name] for name in _KEPT.get(kind, ()) if name in data}


_ERASED = (
    select(erasures.c.lead)
    .where(
        erasures.c.center == bindparam("center"),
        erasures.c.lifted_at.is_(None),
        # Of None neither holds.
        or_(erasures.c.lead == bindparam("lead"), erasures.c.person == bindparam("person")),
    )
    .limit(1)
)


async def is_erased(tx: AsyncConnection, center: str, lead: str | None, person: str | None) -> bool:
    """Whether that record, or that person under whatever record, was erased or is being erased."""
    whose = {"center": center, "lead": lead or None, "person": person or None}
    return await tx.scalar(_ERASED, whose) is not None


async def erased_lead_of(tx: AsyncConnection, center: str, person: str) -> str | None:
    """A record of a person who was erased."""
    row = erasures.c
    here = (row.center == center) & (row.person == person) & row.lifted_at.is_(None)
    found: str | None = await tx.scalar(select(row.lead).where(here).order_by(row.lead).limit(1))
    return found


def not_erased(center: ColumnElement[Any], lead: ColumnElement[Any]) -> ColumnElement[bool]:
    """For an UPDATE: only rows whose lead was not erased meanwhile."""
    row = erasures.c
    return ~exists().where(row.center == center, row.lead == lead, row.lifted_at.is_(None))


def names_one_of(data: Mapping[str, JsonValue], words: Iterable[str]) -> bool:
    """Whether one of these addresses or numbers (in small letters) stands anywhere in the data.

    Mail that could not be read is kept in base64, under ``raw``.
    """
    text, raw = str(data).lower(), data.get("raw")
    if isinstance(raw, str):
        text += _plain(raw).lower()
    return any(word in text for word in words)


def _plain(raw: str) -> str:
    try:
        return base64.b64decode(raw).decode("latin-1")
    except ValueError:
        return ""

"""Which kinds of events a report counts, and for which entries."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists

from activities.ledger.samples import production
from activities.ledger.tables import admissions, inbox

FACTS = {
    "reply": "replied",
    "bounce": "bounced",
    "sms_undelivered": "texts_undelivered",
    "sms_opt_out": "opted_out_of_texts",
    "unsubscribe": "unsubscribed",
    "complaint": "unsubscribed",
    "meeting_booked": "meetings",
    "out_of_office": "out_of_office",
}
"""Kinds of events that are counted, and under which name. A soft bounce is no bounce."""


def seen_by_entry(automation: str) -> ColumnElement[bool]:
    """Joins facts of the inbox to entries of an automation, by the person."""
    entry, later = admissions.c, admissions.alias("later").c
    moved_on = exists().where(
        later.center == entry.center,
        later.person == entry.person,
        later.admitted_at > entry.admitted_at,
        later.admitted_at >= entry.closed_at,
        later.admitted_at <= inbox.c.received_at,
    )
    return and_(
        production(automation),
        inbox.c.center == entry.center,
        inbox.c.person == entry.person,
        inbox.c.received_at >= entry.admitted_at,
        ~moved_on,
    )

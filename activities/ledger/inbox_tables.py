"""What has happened, as the inbox took it in, and which enrollments are to be told of it."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String

from activities.ledger.columns import at as _at
from activities.ledger.columns import document as _json
from activities.ledger.columns import identifier as _id
from activities.ledger.columns import table as _table

inbox = _table(
    "inbox",
    Column("id", String(400), nullable=False),
    _id("kind"),
    _at("at"),
    _at("received_at"),
    _id("source"),
    _id("lead", nullable=True),
    _id("person", nullable=True),
    _id("enrollment", nullable=True),
    _json("data"),
    PrimaryKeyConstraint("id"),
    Index("inbox_person", "center", "person"),
    Index("inbox_lead", "center", "lead"),
    Index("inbox_kind", "kind", "received_at"),
)

deliveries = _table(
    "deliveries",
    Column("event", String(400), nullable=False),
    _id("enrollment"),
    Column("entry", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    _json("body"),
    Column("attempts", Integer, nullable=False),
    _at("next_at"),
    PrimaryKeyConstraint("event", "enrollment", "entry"),
    Index("deliveries_state", "state", "next_at"),
)

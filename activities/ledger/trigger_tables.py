"""Tables of what triggers are about: firings, chat sessions, watched leads, schedules."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at as _at
from activities.ledger.columns import document as _json
from activities.ledger.columns import identifier as _id
from activities.ledger.columns import table as _table

firings = _table(
    "firings",
    _id("cause"),
    _id("automation"),
    _id("lead"),
    Column("event", String(400), nullable=False),
    Column("why", Text, nullable=False),
    _json("caused_by"),
    _json("told"),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    _at("at"),
    _at("next_at"),
    PrimaryKeyConstraint("cause"),
    Index("firings_state", "state", "next_at"),
    Index("firings_event", "event"),
)

sessions = _table(
    "sessions",
    _id("lead"),
    _id("session"),
    _json("folded"),
    Column("state", String(20), nullable=False),
    _at("last_at"),
    PrimaryKeyConstraint("center", "lead", "session"),
    Index("sessions_state", "state", "last_at"),
)

watches = _table(
    "watches",
    _id("automation"),
    _id("lead"),
    Column("state", String(20), nullable=False),
    _at("since"),
    _at("watching_since"),
    _at("due_at", nullable=True),
    PrimaryKeyConstraint("automation", "lead"),
    Index("watches_state", "state", "due_at"),
)

schedules = _table(
    "schedules",
    _id("automation"),
    _at("watching_since"),
    _at("due_at", nullable=True),
    _id("reached", nullable=True),
    PrimaryKeyConstraint("automation"),
)

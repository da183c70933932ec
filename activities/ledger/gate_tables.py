"""What the gate looks at besides the enrollment: consents, slots, halts, feeds."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at as _at
from activities.ledger.columns import identifier as _id
from activities.ledger.columns import table as _table

consents = _table(
    "consents",
    _id("person"),
    _id("consent"),
    Column("channel", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    _at("at"),
    Column("source", String(400), nullable=False),
    _at("noted_at"),
    PrimaryKeyConstraint("center", "person", "consent", "channel", "source"),
)

slots = _table(
    "slots",
    Column("key", String(400), nullable=False),
    _id("enrollment"),
    Column("entry", Integer, nullable=False),
    _id("automation"),
    _id("mailbox"),
    _id("company", nullable=True),
    _id("person"),
    _at("at"),
    Column("day", String(10), nullable=False),
    _at("taken_at", nullable=True),
    PrimaryKeyConstraint("key"),
    Index("slots_enrollment", "enrollment", "entry"),
    Index("slots_mailbox", "center", "mailbox", "at"),
    Index("slots_automation", "automation", "day"),
    Index("slots_company", "center", "company", "day"),
    Index("slots_person", "center", "person"),
    Index("slots_at", "at"),
)

gate_answers = _table(
    "gate_answers",
    Column("key", String(400), nullable=False),
    _id("enrollment"),
    Column("entry", Integer, nullable=False),
    _id("lead"),
    Column("answer", String(20), nullable=False),
    Column("cause", Text, nullable=False),
    _at("until", nullable=True),
    Column("times", Integer, nullable=False),
    _at("first_at"),
    _at("at"),
    PrimaryKeyConstraint("key"),
    Index("gate_answers_enrollment", "enrollment", "entry"),
    Index("gate_answers_lead", "center", "lead"),
)

halts = _table(
    "halts",
    _id("automation"),
    Column("reason", Text, nullable=False),
    _at("since"),
    Column("halted_by", Text, nullable=False),
    PrimaryKeyConstraint("center", "automation"),
)

feed_signs = _table(
    "feed_signs",
    _id("feed"),
    _at("heard_at"),
    _at("noted_at"),
    PrimaryKeyConstraint("center", "feed"),
)

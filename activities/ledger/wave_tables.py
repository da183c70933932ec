"""Launches: the audience of a campaign, and the waves in which it is let in."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at as _at
from activities.ledger.columns import document as _json
from activities.ledger.columns import identifier as _id
from activities.ledger.columns import table as _table

launches = _table(
    "launches",
    _id("automation"),
    Column("state", String(20), nullable=False),
    _at("launched_at"),
    Column("launched_by", Text, nullable=False),
    _at("next_at"),
    Column("waits_for", Text, nullable=False),
    PrimaryKeyConstraint("automation"),
    Index("launches_due", "state", "next_at"),
)

waves = _table(
    "waves",
    _id("automation"),
    Column("number", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    _at("released_at"),
    Column("released_by", Text, nullable=False),
    _at("changed_at"),
    Column("changed_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _json("judged_from"),
    PrimaryKeyConstraint("automation", "number"),
)

audience = _table(
    "audience",
    _id("automation"),
    _id("lead"),
    _id("person"),
    Column("place", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("wave", Integer),
    _json("criteria"),
    Column("reason", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    _at("selected_at"),
    _at("asked_at", nullable=True),
    PrimaryKeyConstraint("automation", "lead"),
    Index("audience_place", "automation", "state", "place"),
    Index("audience_wave", "automation", "wave", "state"),
    Index("audience_person", "automation", "person"),
)

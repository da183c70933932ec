"""The tables of erasures, and of all that was ever suppressed or lifted again."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at, identifier, table

erasures = table(
    "erasures",
    identifier("lead"),
    identifier("person"),
    Column("state", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    at("asked_at"),
    at("done_at", nullable=True),
    # Set once somebody has allowed the person to be taken in again.
    at("lifted_at", nullable=True),
    PrimaryKeyConstraint("center", "lead", "person"),
    Index("erasures_person", "center", "person"),
)

suppression_log = table(
    "suppression_log",
    Column("number", Integer, nullable=False),
    Column("scope", String(20), nullable=False),
    identifier("subject"),
    Column("channel", String(20), nullable=False),
    Column("act", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("event", String(400), nullable=False),
    at("at"),
    Column("done_by", Text, nullable=False),
    PrimaryKeyConstraint("number"),
    Index("suppression_log_subject", "center", "subject"),
)

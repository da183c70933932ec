"""The tables of replies: what each was read as, by whom, and who is to answer until when."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at, identifier, table

replies = table(
    "replies",
    Column("event", String(400), nullable=False),
    Column("id", String(16), nullable=False),
    identifier("lead", nullable=True),
    identifier("person", nullable=True),
    Column("reply_class", String(20), nullable=False),
    Column("sure", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    at("at"),
    at("received_at"),
    PrimaryKeyConstraint("event"),
    Index("replies_id", "id"),
    Index("replies_person", "center", "person", "state"),
    Index("replies_lead", "center", "lead"),
    Index("replies_state", "state", "received_at"),
)

reply_classes = table(
    "reply_classes",
    Column("number", Integer, nullable=False),
    Column("reply", String(400), nullable=False),
    Column("event", String(400), nullable=False),
    Column("reply_class", String(20), nullable=False),
    Column("sure", Boolean, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("given_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    at("at"),
    PrimaryKeyConstraint("number"),
    Index("reply_classes_reply", "reply"),
)

follow_ups = table(
    "follow_ups",
    Column("reply", String(400), nullable=False),
    Column("id", String(16), nullable=False),
    identifier("lead"),
    Column("owner", Text),
    Column("stage", String(20), nullable=False),
    at("replied_at"),
    at("due_at"),
    at("next_at", nullable=True),
    at("acknowledged_at", nullable=True),
    Column("acknowledged_by", Text),
    PrimaryKeyConstraint("reply"),
    Index("follow_ups_next", "next_at"),
)

"""The tables of reviews: mails that a person must approve, and who did what about them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at, document, identifier, table

reviews = table(
    "reviews",
    identifier("id"),
    identifier("enrollment"),
    Column("entry", Integer, nullable=False),
    identifier("step"),
    Column("number", Integer, nullable=False),
    identifier("asked_by", nullable=True),
    Column("visit", Integer, nullable=False),
    identifier("automation"),
    identifier("lead"),
    identifier("person"),
    Column("state", String(20), nullable=False),
    document("mail"),
    identifier("rendered_hash"),
    identifier("mail_hash"),
    Column("author", Text, nullable=False),
    Column("edited_by", Text),
    at("asked_at"),
    at("decided_at", nullable=True),
    Column("decided_by", Text),
    Column("reason", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("id"),
    Index("reviews_step", "enrollment", "entry", "step", "number", unique=True),
    Index("reviews_state", "state", "asked_at"),
)

review_log = table(
    "review_log",
    Column("number", Integer, nullable=False),
    identifier("review"),
    Column("act", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    at("done_at"),
    Column("done_by", Text, nullable=False),
    PrimaryKeyConstraint("number"),
    Index("review_log_review", "review"),
)

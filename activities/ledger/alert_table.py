"""The table of alerts for the team; ``tables.py`` has the others."""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at, identifier, table

alerts = table(
    "alerts",
    Column("id", String(16), nullable=False),
    Column("key", String(400), nullable=False),
    identifier("enrollment"),
    identifier("lead"),
    Column("text", Text, nullable=False),
    at("at"),
    at("acknowledged_at", nullable=True),
    Column("acknowledged_by", Text),
    PrimaryKeyConstraint("id"),
    Index("alerts_open", "acknowledged_at", "at"),
)

"""The tables of what is edited while leads are inside: campaign settings, and leads' versions."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at, document, identifier, table

campaign_settings = table(
    "campaign_settings",
    identifier("automation"),
    Column("number", Integer, nullable=False),
    document("settings"),
    at("changed_at"),
    Column("changed_by", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    # How far the leads in flight have been looked at for these settings; done at ``reached_at``.
    Column("reached_to", String(255)),
    at("reached_at", nullable=True),
    PrimaryKeyConstraint("automation", "number"),
)

version_moves = table(
    "version_moves",
    identifier("enrollment"),
    Column("entry", Integer, nullable=False),
    identifier("id"),
    identifier("automation"),
    Column("from_version", Integer, nullable=False),
    Column("to_version", Integer, nullable=False),
    Column("how", String(20), nullable=False),
    document("before"),
    identifier("step"),
    Column("visit", Integer, nullable=False),
    at("moved_at"),
    Column("moved_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    at("undone_at", nullable=True),
    Column("undone_by", Text),
    PrimaryKeyConstraint("enrollment", "entry", "id"),
    Index("version_moves_automation", "automation", "to_version"),
)

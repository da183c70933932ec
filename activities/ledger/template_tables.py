"""The tables of templates: their versions, what was done with them, which are switched off."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at, identifier, table

template_versions = table(
    "template_versions",
    identifier("name"),
    Column("number", Integer, nullable=False),
    identifier("digest"),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("drafted_by", Text, nullable=False),
    PrimaryKeyConstraint("center", "name", "number"),
    Index("template_versions_digest", "center", "name", "digest", unique=True),
)

template_log = table(
    "template_log",
    Column("line", Integer, nullable=False),
    identifier("name"),
    Column("number", Integer),
    Column("act", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    at("done_at"),
    Column("done_by", Text, nullable=False),
    PrimaryKeyConstraint("line"),
    Index("template_log_name", "center", "name"),
)

deactivated_templates = table(
    "deactivated_templates",
    identifier("name"),
    at("since"),
    PrimaryKeyConstraint("center", "name"),
)

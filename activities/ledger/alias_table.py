"""The table of aliases: what a lead is called in other systems."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint

from activities.ledger.columns import at, identifier, table

aliases = table(
    "aliases",
    identifier("lead"),
    identifier("system"),
    identifier("record"),
    at("noted_at"),
    PrimaryKeyConstraint("center", "lead", "system"),
    Index("aliases_record", "center", "system", "record"),
)

"""The table of handovers: which leads another tool may mail, and whether it has stopped."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Text

from activities.ledger.columns import at, identifier, table

handovers = table(
    "handovers",
    Column("key", String(400), nullable=False),
    identifier("enrollment"),
    Column("entry", Integer, nullable=False),
    identifier("step"),
    Column("visit", Integer, nullable=False),
    identifier("automation"),
    identifier("lead"),
    identifier("person"),
    identifier("domain"),
    identifier("token"),
    Column("campaign", Integer, nullable=False),
    Column("mails", Integer),
    Column("sent", Integer, nullable=False, server_default="0"),
    identifier("vendor_lead", nullable=True),
    Column("state", String(20), nullable=False),
    Column("wanted", String(20), nullable=False),
    Column("wanted_serial", Integer, nullable=False, server_default="0"),
    Column("ended_how", String(20), nullable=False, server_default=""),
    Column("problem", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    at("asked_at"),
    at("stop_wanted_at", nullable=True),
    at("confirmed_at", nullable=True),
    at("next_at"),
    identifier("lease_owner", nullable=True),
    at("lease_until", nullable=True),
    PrimaryKeyConstraint("key"),
    Index("handovers_token", "token", "campaign"),
    Index("handovers_state", "state", "next_at"),
)

"""The first tables of the ledger, and the secret that belongs to it."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "admissions",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("enrollment", sa.String(length=255), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("lane", sa.String(length=255), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("stop_reason", sa.String(length=40), nullable=True),
        sa.Column("exit", sa.String(length=40), nullable=True),
        sa.Column("cause", sa.String(length=255), nullable=False),
        sa.Column("run_id", sa.String(length=255), nullable=True),
        sa.Column("admitted_at", Instant(), nullable=False),
        sa.Column("running_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.Column("timeline", sa.JSON(), nullable=True),
        sa.Column("history", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("enrollment", "entry"),
    )
    op.create_index("admissions_cause", "admissions", ["cause"], unique=False)
    op.create_index(
        "admissions_lane",
        "admissions",
        ["center", "lane", "person"],
        unique=True,
        sqlite_where=sa.text("state IN ('ADMITTED', 'RUNNING')"),
        postgresql_where=sa.text("state IN ('ADMITTED', 'RUNNING')"),
    )
    op.create_index("admissions_lead", "admissions", ["center", "lead"], unique=False)
    op.create_index("admissions_person", "admissions", ["center", "person"], unique=False)
    op.create_index("admissions_state", "admissions", ["state", "admitted_at"], unique=False)
    op.create_table(
        "automations",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=255), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("templates", sa.JSON(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("automation", "version"),
    )
    op.create_table(
        "campaign_settings",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("automation", "number"),
    )
    op.create_table(
        "deliveries",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("event", sa.String(length=400), nullable=False),
        sa.Column("enrollment", sa.String(length=255), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("event", "enrollment", "entry"),
    )
    op.create_index("deliveries_state", "deliveries", ["state", "next_at"], unique=False)
    op.create_table(
        "effects",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("activity", sa.String(length=255), nullable=False),
        sa.Column("connection", sa.String(length=255), nullable=False),
        sa.Column("enrollment", sa.String(length=255), nullable=True),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(length=255), nullable=True),
        sa.Column("visit", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(length=400), nullable=True),
        sa.Column("lead", sa.String(length=255), nullable=True),
        sa.Column("person", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("phase", sa.String(length=20), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("payload_hash", sa.String(length=255), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("token", sa.String(length=255), nullable=True),
        sa.Column("vendor_ref", sa.String(length=255), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.String(length=255), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("intent_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("effects_enrollment", "effects", ["enrollment", "entry"], unique=False)
    op.create_index("effects_message_id", "effects", ["message_id"], unique=False)
    op.create_index("effects_person", "effects", ["center", "person"], unique=False)
    op.create_index("effects_state", "effects", ["state", "lease_until"], unique=False)
    op.create_index("effects_token", "effects", ["token"], unique=False)
    op.create_table(
        "facts_about_ledger",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "holds",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("enrollment", sa.String(length=255), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=255), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("enrollment", "entry"),
    )
    op.create_index("holds_cause", "holds", ["cause"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=True),
        sa.Column("person", sa.String(length=255), nullable=True),
        sa.Column("enrollment", sa.String(length=255), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("inbox_kind", "inbox", ["kind", "received_at"], unique=False)
    op.create_index("inbox_person", "inbox", ["center", "person"], unique=False)
    op.create_table(
        "leads",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("zone", sa.String(length=63), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("center", "lead"),
    )
    op.create_index("leads_person", "leads", ["center", "person"], unique=False)
    op.create_table(
        "leases",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "lifecycle",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("automation"),
    )
    op.create_table(
        "refusals",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("cause", sa.String(length=255), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("cause"),
    )
    op.create_table(
        "suppressions",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=400), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("center", "scope", "subject", "channel"),
    )
    op.create_table(
        "templates",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("center", "name", "digest"),
    )
    kept = sa.table("facts_about_ledger", *map(sa.column, ("center", "name", "value")))
    op.bulk_insert(kept, [{"center": "default", "name": "secret", "value": secrets.token_hex(32)}])

"""What triggers are about: firings, chat sessions, watched leads, schedules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and an index by which a lead's events are found."""
    _create_firings()
    op.create_table(
        "sessions",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("session", sa.String(length=255), nullable=False),
        sa.Column("folded", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("center", "lead", "session"),
    )
    op.create_index("sessions_state", "sessions", ["state", "last_at"])
    op.create_table(
        "watches",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("watching_since", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("automation", "lead"),
    )
    op.create_index("watches_state", "watches", ["state", "due_at"])
    op.create_table(
        "schedules",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("watching_since", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("reached", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("automation"),
    )
    op.create_index("inbox_lead", "inbox", ["center", "lead"])


def _create_firings() -> None:
    op.create_table(
        "firings",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("cause", sa.String(length=255), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("event", sa.String(length=400), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("caused_by", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("cause"),
    )
    op.create_index("firings_state", "firings", ["state", "next_at"])
    op.create_index("firings_event", "firings", ["event"])

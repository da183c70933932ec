"""Edits of campaign settings and how far they got; follow-ups; leads' moves to versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and create the table. Settings of before have reached whom they concern."""
    settings = "campaign_settings"
    op.add_column(settings, sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.add_column(settings, sa.Column("reached_to", sa.String(length=255), nullable=True))
    op.add_column(settings, sa.Column("reached_at", Instant(), nullable=True))
    op.execute("UPDATE campaign_settings SET reached_at = changed_at")
    op.add_column("admissions", sa.Column("follow_up", sa.String(length=255), nullable=True))
    op.create_index("admissions_follow_up", "admissions", ["follow_up"], unique=False)
    op.create_table(
        "version_moves",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("enrollment", sa.String(length=255), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=False),
        sa.Column("to_version", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("step", sa.String(length=255), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.Column("moved_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("enrollment", "entry", "id"),
    )
    op.create_index(
        "version_moves_automation", "version_moves", ["automation", "to_version"], unique=False
    )

"""Alerts for the team inside the application."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "alerts",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("enrollment", sa.String(length=255), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alerts_open", "alerts", ["acknowledged_at", "at"])

"""Whose turn it is in each pool."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "turns",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("pool", sa.String(length=255), nullable=False),
        sa.Column("last_user", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("center", "pool"),
    )

"""The ids that other systems have given to leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "aliases",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("noted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("center", "lead", "system"),
    )
    op.create_index("aliases_record", "aliases", ["center", "system", "record"])

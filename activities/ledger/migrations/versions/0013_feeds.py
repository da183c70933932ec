"""When each feed was last heard of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "feed_signs",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("feed", sa.String(length=255), nullable=False),
        sa.Column("heard_at", Instant(), nullable=False),
        sa.Column("noted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("center", "feed"),
    )

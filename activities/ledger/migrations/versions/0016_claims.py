"""When an effect was last claimed: ``intent_at`` is the first claim, and a retry is judged anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("effects", sa.Column("claimed_at", Instant(), nullable=True))

"""What the gate answered instead of go, for each effect."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "gate_answers",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("enrollment", sa.String(length=255), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("until", Instant()),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("gate_answers_enrollment", "gate_answers", ["enrollment", "entry"])
    op.create_index("gate_answers_lead", "gate_answers", ["center", "lead"])

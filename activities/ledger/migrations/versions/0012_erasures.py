"""Erasures, the log of suppressions, and suppressions that are lifted and not deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; what is suppressed already begins the log."""
    op.create_table(
        "erasures",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("center", "lead", "person"),
    )
    op.create_index("erasures_person", "erasures", ["center", "person"])
    op.create_table(
        "suppression_log",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event", sa.String(length=400), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("suppression_log_subject", "suppression_log", ["center", "subject"])
    op.add_column("suppressions", sa.Column("lifted_at", Instant(), nullable=True))
    op.execute(
        "INSERT INTO suppression_log "
        "(center, scope, subject, channel, act, reason, event, at, done_by) "
        "SELECT center, scope, subject, channel, 'suppressed', reason, event, at, '' "
        "FROM suppressions"
    )

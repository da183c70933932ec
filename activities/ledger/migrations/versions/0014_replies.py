"""What replies were read as, and who is to answer them until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _replies()
    _reply_classes()
    _follow_ups()


def _replies() -> None:
    op.create_table(
        "replies",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("event", sa.String(length=400), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=True),
        sa.Column("person", sa.String(length=255), nullable=True),
        sa.Column("reply_class", sa.String(length=20), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("event"),
    )
    op.create_index("replies_id", "replies", ["id"])
    op.create_index("replies_person", "replies", ["center", "person", "state"])
    op.create_index("replies_lead", "replies", ["center", "lead"])
    op.create_index("replies_state", "replies", ["state", "received_at"])


def _reply_classes() -> None:
    op.create_table(
        "reply_classes",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reply", sa.String(length=400), nullable=False),
        sa.Column("event", sa.String(length=400), nullable=False),
        sa.Column("reply_class", sa.String(length=20), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("reply_classes_reply", "reply_classes", ["reply"])


def _follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("reply", sa.String(length=400), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("replied_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("reply"),
    )
    op.create_index("follow_ups_next", "follow_ups", ["next_at"])

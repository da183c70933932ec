"""Consents, the slots of mails, and halts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "consents",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("consent", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("source", sa.String(length=400), nullable=False),
        sa.Column("noted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("center", "person", "consent", "channel", "source"),
    )
    op.create_table(
        "slots",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("enrollment", sa.String(length=255), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("mailbox", sa.String(length=255), nullable=False),
        sa.Column("company", sa.String(length=255), nullable=True),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("taken_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("slots_enrollment", "slots", ["enrollment", "entry"])
    op.create_index("slots_mailbox", "slots", ["center", "mailbox", "at"])
    op.create_index("slots_automation", "slots", ["automation", "day"])
    op.create_index("slots_company", "slots", ["center", "company", "day"])
    op.create_index("slots_person", "slots", ["center", "person"])
    op.create_index("slots_at", "slots", ["at"])
    op.create_table(
        "halts",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("halted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("center", "automation"),
    )

"""Mails that a person must approve, who did what about them, and leads handed over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=255), nullable=nullable)


def upgrade() -> None:
    """Create the tables."""
    _reviews()
    _handovers()


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("center", sa.String(length=63), nullable=False),
        _id("id"),
        _id("enrollment"),
        sa.Column("entry", sa.Integer(), nullable=False),
        _id("step"),
        sa.Column("number", sa.Integer(), nullable=False),
        _id("asked_by", nullable=True),
        sa.Column("visit", sa.Integer(), nullable=False),
        _id("automation"),
        _id("lead"),
        _id("person"),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("mail", sa.JSON(), nullable=False),
        _id("rendered_hash"),
        _id("mail_hash"),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    by_step = ["enrollment", "entry", "step", "number"]
    op.create_index("reviews_step", "reviews", by_step, unique=True)
    op.create_index("reviews_state", "reviews", ["state", "asked_at"])
    op.create_table(
        "review_log",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _id("review"),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("done_at", Instant(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("review_log_review", "review_log", ["review"])


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        *(_id("enrollment"), sa.Column("entry", sa.Integer(), nullable=False)),
        *(_id("step"), sa.Column("visit", sa.Integer(), nullable=False)),
        *(_id("automation"), _id("lead"), _id("person"), _id("domain"), _id("token")),
        sa.Column("campaign", sa.Integer(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=True),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        _id("vendor_lead", nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("wanted", sa.String(length=20), nullable=False),
        sa.Column("wanted_serial", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_how", sa.String(length=20), server_default="", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("stop_wanted_at", Instant(), nullable=True),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("next_at", Instant(), nullable=False),
        _id("lease_owner", nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("handovers_token", "handovers", ["token", "campaign"])
    op.create_index("handovers_state", "handovers", ["state", "next_at"])

"""Launches in waves: the audience, with what was found of each lead, and the waves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "launches",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("launched_at", Instant(), nullable=False),
        sa.Column("launched_by", sa.Text(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("automation"),
    )
    op.create_index("launches_due", "launches", ["state", "next_at"])
    op.create_table(
        "waves",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("released_at", Instant(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("judged_from", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("automation", "number"),
    )
    _create_audience()


def _create_audience() -> None:
    op.create_table(
        "audience",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("automation", sa.String(length=255), nullable=False),
        sa.Column("lead", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("wave", sa.Integer()),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("selected_at", Instant(), nullable=False),
        sa.Column("asked_at", Instant()),
        sa.PrimaryKeyConstraint("automation", "lead"),
    )
    op.create_index("audience_place", "audience", ["automation", "state", "place"])
    op.create_index("audience_wave", "audience", ["automation", "wave", "state"])
    op.create_index("audience_person", "audience", ["automation", "person"])

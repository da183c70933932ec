"""The life of templates: numbered versions with a state, a log, and which are switched off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from activities.ledger.instant import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KNOWN = """
    INSERT INTO template_versions (center, name, number, digest, kind, state, drafted_by)
    SELECT center, name,
           row_number() OVER (PARTITION BY center, name ORDER BY digest),
           digest,
           CASE WHEN html IS NULL THEN 'text' ELSE 'custom' END,
           'active', ''
    FROM templates
"""


def upgrade() -> None:
    """Create the tables. What was published before is active, and stays so."""
    op.create_table(
        "template_versions",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("center", "name", "number"),
    )
    op.create_index(
        "template_versions_digest", "template_versions", ["center", "name", "digest"], unique=True
    )
    op.create_table(
        "template_log",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("done_at", Instant(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line"),
    )
    op.create_index("template_log_name", "template_log", ["center", "name"], unique=False)
    op.create_table(
        "deactivated_templates",
        sa.Column("center", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("center", "name"),
    )
    op.execute(KNOWN)

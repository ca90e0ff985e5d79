"""Generators that were trained for a study."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table of generators."""
    op.create_table(
        "generator_runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("preset", sa.String(length=40), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("real", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name=op.f("fk_generator_runs_study_id_studies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generator_runs")),
    )
    op.create_index(op.f("ix_generator_runs_study_id"), "generator_runs", ["study_id"], unique=False)


def downgrade() -> None:
    """Take the table away again."""
    op.drop_index(op.f("ix_generator_runs_study_id"), table_name="generator_runs")
    op.drop_table("generator_runs")

"""Reviews with their pairs, and verdicts that nobody can change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SAYS = "verdicts are never changed; a correction is a further row"


def upgrade() -> None:
    """Make the tables of reviews."""
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("audit_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_reviews_audit_id_audits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_audit_id"), "reviews", ["audit_id"], unique=False)
    op.create_table(
        "review_pairs",
        sa.Column("review_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_control", sa.Boolean(), nullable=False),
        sa.Column("query_id", sa.String(length=32), nullable=False),
        sa.Column("query_digest", sa.String(length=64), nullable=False),
        sa.Column("query_set", sa.Text(), nullable=False),
        sa.Column("real_id", sa.String(length=32), nullable=False),
        sa.Column("real_digest", sa.String(length=64), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("extractor", sa.Text(), nullable=False),
        sa.Column("distance", sa.Double(), nullable=True),
        sa.Column("rho", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("q_value", sa.Double(), nullable=True),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("transform", sa.String(length=80), nullable=False),
        sa.Column("pixel_agreement", sa.Double(), nullable=True),
        sa.Column("overlap", sa.Double(), nullable=True),
        sa.Column("warp", sa.JSON(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_pairs_review_id_reviews")
        ),
        sa.PrimaryKeyConstraint("review_id", "number", name=op.f("pk_review_pairs")),
        sa.UniqueConstraint("review_id", "query_id", name=op.f("uq_review_pairs_review_id_query_id")),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=True),
        sa.Column("blinded", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "number"],
            ["review_pairs.review_id", "review_pairs.number"],
            name=op.f("fk_verdicts_review_id_number_review_pairs"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint(
            "review_id", "reviewer", "token", name=op.f("uq_verdicts_review_id_reviewer_token")
        ),
    )
    op.create_table(
        "review_openings",
        sa.Column("review_id", sa.String(length=32), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_openings_review_id_reviews")
        ),
        sa.PrimaryKeyConstraint("review_id", "reviewer", name=op.f("pk_review_openings")),
    )
    # A migration that copies the verdicts' table, as SQLite needs for some changes, has to make them again.
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER verdicts_no_{action.lower()} BEFORE {action} ON verdicts "
                f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_verdict_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER verdicts_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON verdicts "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_verdict_change()"
    )


def downgrade() -> None:
    """Remove them, with all that they hold."""
    op.drop_table("review_openings")
    op.drop_table("verdicts")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_verdict_change()")
    op.drop_table("review_pairs")
    op.drop_index(op.f("ix_reviews_audit_id"), table_name="reviews")
    op.drop_table("reviews")

"""Rating sessions with their images and raters, and answers that nobody can change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SAYS = "answers are never changed; a correction is a further row"


def upgrade() -> None:
    """Make the tables of rating sessions."""
    op.create_table(
        "rating_sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("design", sa.JSON(), nullable=False),
        sa.Column("folders", sa.JSON(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name=op.f("fk_rating_sessions_study_id_studies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_sessions")),
    )
    op.create_index(op.f("ix_rating_sessions_study_id"), "rating_sessions", ["study_id"], unique=False)
    op.create_table(
        "rating_stimuli",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("synthetic", sa.Text(), nullable=True),
        sa.Column("class_name", sa.Text(), nullable=True),
        sa.Column("is_fake", sa.Boolean(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["rating_sessions.id"], name=op.f("fk_rating_stimuli_session_id_rating_sessions")
        ),
        sa.PrimaryKeyConstraint("session_id", "number", name=op.f("pk_rating_stimuli")),
    )
    op.create_table(
        "rating_raters",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("trials", sa.JSON(), nullable=False),
        sa.Column("background", sa.JSON(), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("screen", sa.JSON(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["rating_sessions.id"], name=op.f("fk_rating_raters_session_id_rating_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_raters")),
        sa.UniqueConstraint("session_id", "number", name=op.f("uq_rating_raters_session_id_number")),
    )
    op.create_table(
        "rating_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rater_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=True),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("reaction_time_ms", sa.Double(), nullable=True),
        sa.Column("exposure_ms", sa.Double(), nullable=True),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("frame_rate_hz", sa.Double(), nullable=True),
        sa.Column("dropped_frames", sa.Integer(), nullable=False),
        sa.Column("was_hidden", sa.Boolean(), nullable=False),
        sa.Column("was_early", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["rater_id"], ["rating_raters.id"], name=op.f("fk_rating_answers_rater_id_rating_raters")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_answers")),
        sa.UniqueConstraint("rater_id", "token", name=op.f("uq_rating_answers_rater_id_token")),
    )
    # A migration that copies the answers' table, as SQLite needs for some changes, has to make them again.
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER rating_answers_no_{action.lower()} BEFORE {action} ON rating_answers "
                f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_rating_answer_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER rating_answers_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON rating_answers "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rating_answer_change()"
    )


def downgrade() -> None:
    """Remove them, with all that they hold."""
    op.drop_table("rating_answers")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_rating_answer_change()")
    op.drop_table("rating_raters")
    op.drop_table("rating_stimuli")
    op.drop_index(op.f("ix_rating_sessions_study_id"), table_name="rating_sessions")
    op.drop_table("rating_sessions")

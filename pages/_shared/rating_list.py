"""A study's rating sessions in a table: how far each is, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.database import Database
from core.db.raters import list_raters
from core.db.rating_answers import count_answers
from core.db.rating_record import RaterRecord, RatingSessionRecord
from core.rating.design import SessionDesign, Task
from pages._shared.rating_standing import count_raters, describe_state
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_sessions"]

_COLUMNS = (
    Column("session", "Session", width=200),
    Column("state", "State", "Raters can answer while a session is open."),
    Column("finished", "Raters finished", "Of those whose link was not taken back.", kind="number"),
    Column(
        "answers", "Trials answered", "By all raters, training, repeats and checks included.", kind="number"
    ),
    Column("images", "Images", "Real and synthetic images in scored trials.", kind="number"),
    Column("task", "Task"),
    Column("made", "Made", kind="time"),
    Column("open", "", kind="action"),
)
_TASKS = {Task.SINGLE: "one image", Task.PAIR: "pairs"}


def lay_out_sessions(database: Database, sessions: Sequence[RatingSessionRecord]) -> Table:
    """One row a session, newest first; a click on its button returns its id.

    Raises:
        DatabaseError: if the database does not answer.
    """
    rows = []
    for one in sessions:
        raters = list_raters(database, one.id)
        answered = count_answers(database, one.id)
        rows.append((one.id, _cells(one, raters, sum(answered.values()))))
    return Table(_COLUMNS, tuple(rows))


def _cells(session: RatingSessionRecord, raters: tuple[RaterRecord, ...], n_answers: int) -> dict[str, Cell]:
    design = SessionDesign.model_validate(session.design)
    n_finished, n_raters = count_raters(raters)
    sets = list(dict.fromkeys(one.synthetic for one in design.counts if one.synthetic is not None))
    n_images = design.n_real + design.n_synthetic
    about = f"{design.n_real:,} real images, {design.n_synthetic:,} of {', '.join(sets)}"
    simulated = ", simulated" if session.is_simulated else ""
    return {
        "session": Cell(session.name),
        "state": Cell(f"{describe_state(session)}{simulated}"),
        "finished": Cell(f"{n_finished:,} of {n_raters:,}", n_finished),
        "answers": Cell(f"{n_answers:,}", n_answers),
        "images": Cell(f"{n_images:,}", n_images, tooltip=about),
        "task": Cell(_TASKS[design.task]),
        "made": Cell("", session.created_at.isoformat()),
        "open": Cell("Open", action=session.id),
    }

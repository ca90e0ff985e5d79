"""Makes a rating session of a study: reads the sets, draws the images, invites the raters."""

from __future__ import annotations

import os
from pathlib import Path

from core.config import Settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.labels import load_labels
from core.datasets.scan import scan_image_set
from core.datasets.study import Study
from core.datasets.study_folders import confine_to_roots
from core.db.database import Database
from core.db.raters import add_rater
from core.db.rating_names import check_session_name
from core.db.rating_record import RaterRecord, RatingSessionRecord
from core.db.rating_sessions import (
    create_rating_session,
    list_rating_sessions,
    load_rating_session,
    load_stimuli,
)
from core.db.studies import StudyRecord
from core.progress import Progress, SilentProgress
from core.rating.design import RealSource, SessionDesign
from core.rating.sampling import check_sets, draw_stimuli
from core.rating.trials import make_trials

__all__ = ["create_session", "invite_rater", "scan_session_sets"]


def create_session(
    database: Database,
    settings: Settings,
    *,
    study: StudyRecord,
    name: str,
    design: SessionDesign,
    progress: Progress | None = None,
    is_simulated: bool = False,
    session_id: str | None = None,
) -> RatingSessionRecord:
    """Draw a session's images, make its raters' trials, and keep all of it; images are prepared after that.

    Args:
        database: where.
        settings: limits, workspace and folder roots.
        study: whose images are shown.
        name: unique among the study's sessions.
        design: what the researcher chose.
        progress: told about every file read; may cancel, which leaves nothing.
        is_simulated: whether simulated raters will answer.
        session_id: its id; a session that has it already is returned as it is, and nothing is read. A new id
            by default.

    Raises:
        InputError: if the name is taken, or the sets do not hold what the design asks for.
        UnknownNameError: if the design names a set or class that is not there.
        DatabaseError: if the database does not answer.
        CancelledError: if progress says so.
    """
    for made in list_rating_sessions(database, study.id):
        if made.id == session_id:
            return made
    # Reading the sets may take minutes: that is not begun for a name that is taken.
    check_session_name(database, study.id, name)
    sets = scan_session_sets(study, design, settings=settings, progress=progress)
    stimuli = draw_stimuli(design, sets)
    return create_rating_session(
        database,
        study_id=study.id,
        name=name,
        design=design.model_dump(mode="json"),
        folders=study.folders.model_dump(mode="json"),
        stimuli=stimuli,
        raters=[("", make_trials(design, stimuli, number)) for number in range(design.n_raters)],
        is_simulated=is_simulated,
        session_id=session_id,
    )


def invite_rater(database: Database, session_id: str, name: str = "") -> RaterRecord:
    """Add a rater to a session, who sees the same images as the others in an order of their own.

    Args:
        database: where.
        session_id: the session.
        name: unique in the session; empty for "Rater 4" and so on.

    Raises:
        InputError: if the name does not fit or is taken, or the session is closed.
        UnknownNameError: if there is no session of that id.
        DatabaseError: if the database does not answer.
    """
    design = SessionDesign.model_validate(load_rating_session(database, session_id).design)
    stimuli = load_stimuli(database, session_id)
    return add_rater(
        database, session_id, name=name, make_trials=lambda number: make_trials(design, stimuli, number)
    )


def scan_session_sets(
    study: StudyRecord, design: SessionDesign, *, settings: Settings, progress: Progress | None = None
) -> tuple[ImageSet, ...]:
    """Read the sets that a design names, below the folder roots alone.

    Raises:
        InputError: if a folder or the labels cannot be used.
        CancelledError: if progress says so.
    """
    folders, confined = study.folders.resolve(settings), confine_to_roots(settings)
    labels = None if folders.labels is None else load_labels(folders.labels, confined.confined_to)
    return tuple(
        scan_image_set(
            folder,
            role=role,
            name=name,
            labels=labels,
            intensity=design.intensity,
            join_slices=design.join_slices,
            workers=min(8, os.cpu_count() or 1),
            settings=confined,
            progress=progress or SilentProgress(),
        )
        for role, name, folder in _list_folders(folders, design)
    )


def _list_folders(folders: Study, design: SessionDesign) -> list[tuple[Role, str, Path]]:
    """The folders that the design needs; a large training set that is not shown is not read."""
    named = {one.name: one.folder for one in folders.synthetic}
    check_sets(design, synthetic=tuple(named), has_heldout=folders.heldout is not None)
    asked = {count.synthetic for count in design.counts}
    needed = [(Role.SYNTHETIC, name, folder) for name, folder in named.items() if name in asked]
    if design.real_source is RealSource.HELDOUT and folders.heldout is not None:
        return [(Role.HELDOUT, "heldout", folders.heldout), *needed]
    return [(Role.REAL, "real", folders.real), *needed]

"""What the server answers to a rater's page, by the key of the rater's link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.config import Settings
from core.db.database import Database, open_database
from core.db.raters import begin_rating
from core.errors import UnknownNameError
from core.rating.session_folder import mask_path, stimulus_path
from core.rating.sitting import Phase, find_stimulus, give_answers, load_sitting
from pages._shared.rating_exchange import AnswersBody, BeginBody, tell_given, tell_sitting
from pages._shared.rating_links import read_key

__all__ = ["begin", "find_mask", "find_picture", "keep_answers", "tell_state"]


def tell_state(settings: Settings, key: str) -> dict[str, Any]:
    """Say what the page has to show.

    Raises:
        UnknownNameError: if no rater has this key.
        DatabaseError: if the database does not answer.
        StoreError: if the workspace's key cannot be read.
    """
    database, rater_id = _open(settings, key)
    return tell_sitting(database, load_sitting(database, rater_id))


def find_picture(settings: Settings, key: str, position: int, slot: int) -> Path:
    """Find an image of the next trials, or of one that the rater was allowed to see before.

    Raises:
        UnknownNameError: if no rater has this key, or it is not this rater's turn to see that image.
        DatabaseError: if the database does not answer.
        StoreError: if the workspace's key cannot be read.
    """
    database, rater_id = _open(settings, key)
    session_id, number = find_stimulus(database, rater_id, position, slot)
    return stimulus_path(settings, session_id, number)


def find_mask(settings: Settings, key: str) -> Path:
    """Find the mask that follows timed images, for a rater who is at a trial.

    Raises:
        UnknownNameError: if no rater has this key, or it is not this rater's turn.
        DatabaseError: if the database does not answer.
        StoreError: if the workspace's key cannot be read.
    """
    database, rater_id = _open(settings, key)
    sitting = load_sitting(database, rater_id)
    if sitting.phase is not Phase.TRIAL:
        raise UnknownNameError("There is no mask before the first trial and after the last one.")
    return mask_path(settings, sitting.session_id)


def begin(settings: Settings, key: str, content: object) -> dict[str, Any]:
    """Keep consent and background, and say what the page has to show then.

    Raises:
        UnknownNameError: if no rater has this key.
        ValidationError: if what was sent does not fit.
        InputError: if the rater may not begin.
        DatabaseError: if the database does not answer.
        StoreError: if the workspace's key cannot be read.
    """
    database, rater_id = _open(settings, key)
    body = BeginBody.model_validate(content)
    begin_rating(database, rater_id, background=body.list_background(), screen=body.screen)
    return tell_sitting(database, load_sitting(database, rater_id))


def keep_answers(settings: Settings, key: str, content: object) -> dict[str, Any]:
    """Keep answers in the order handed in, and say what they led to.

    Raises:
        UnknownNameError: if no rater has this key.
        ValidationError: if what was sent does not fit.
        InputError: if the rater is elsewhere by now, or the session takes no answers.
        DatabaseError: if the database does not answer.
        StoreError: if the workspace's key cannot be read.
    """
    database, rater_id = _open(settings, key)
    body = AnswersBody.model_validate(content)
    return tell_given(give_answers(database, rater_id, body.list_answers()))


def _open(settings: Settings, key: str) -> tuple[Database, str]:
    rater_id = read_key(settings, key)
    if rater_id is None:
        raise UnknownNameError("No rater of this workspace has that link.")
    return open_database(settings), rater_id

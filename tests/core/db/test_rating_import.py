"""Sessions that were run elsewhere, kept in one step."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from core.db.database import Database
from core.db.raters import list_raters
from core.db.rating_answers import add_answers, list_answers
from core.db.rating_import import ImportedRater, import_rating_session
from core.db.rating_record import Answer, NewAnswer, RatingSessionRecord, StimulusRecord, Trial, TrialKind
from core.db.rating_sessions import (
    list_rating_sessions,
    load_rating_session,
    load_stimuli,
    reopen_rating_session,
)
from core.db.studies import StudyRecord
from core.errors import DatabaseError, InputError
from tests.studies import keep_study

GIVEN_AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
STIMULI = (
    StimulusRecord(0, TrialKind.TEST, None, None, False, "a.png", "0" * 64),
    StimulusRecord(1, TrialKind.TEST, "gan", "x", True, "b.png", None),
)
FIRST = ImportedRater(
    "Ann",
    [Trial(TrialKind.TEST, (1,)), Trial(TrialKind.TEST, (0,))],
    [
        (NewAnswer(0, "t0", Answer.FAKE, confidence=4, reaction_time_ms=812.5, frames=9), GIVEN_AT),
        (NewAnswer(1, "t1", Answer.REAL, was_hidden=True), GIVEN_AT + timedelta(seconds=3)),
    ],
)
SECOND = ImportedRater("Bo", [Trial(TrialKind.TEST, (0,))], [(NewAnswer(0, "t0", Answer.FAKE), None)])


def keep(database: Database, study: StudyRecord, *raters: ImportedRater) -> RatingSessionRecord:
    return import_rating_session(
        database, study_id=study.id, name="Clinic", design={}, folders={}, stimuli=STIMULI, raters=raters
    )


def test_all_of_it_is_kept_and_closed(database: Database) -> None:
    before = datetime.now(UTC)
    session = keep(database, keep_study(), FIRST, SECOND)
    assert session == load_rating_session(database, session.id)
    assert session.closed_at is not None
    assert session.prepared_at is not None
    assert load_stimuli(database, session.id) == STIMULI
    ann, bo = list_raters(database, session.id)
    assert (ann.name, ann.finished_at, ann.consented_at) == ("Ann", GIVEN_AT + timedelta(seconds=3), None)
    assert bo.finished_at is not None
    assert bo.finished_at >= before
    kept = list_answers(database, session_id=session.id)
    assert [one.given for one in kept] == [*(given for given, _ in FIRST.answers), SECOND.answers[0][0]]
    assert [one.rater_id for one in kept] == [ann.id, ann.id, bo.id]
    assert kept[0].made_at == GIVEN_AT
    with pytest.raises(InputError, match="closed"):
        add_answers(database, bo.id, [NewAnswer(1, "more", Answer.REAL)])
    assert ann.rated_elsewhere and bo.rated_elsewhere
    with pytest.raises(InputError, match="'Clinic' was run elsewhere"):
        reopen_rating_session(database, session.id)
    assert load_rating_session(database, session.id) == session


def test_what_does_not_fit_leaves_nothing(database: Database) -> None:
    study = keep_study()
    twice = dataclasses.replace(FIRST, answers=[*FIRST.answers, FIRST.answers[0]])
    with pytest.raises(DatabaseError):
        keep(database, study, twice)
    with pytest.raises(InputError, match="called 'Ann' already"):
        keep(database, study, FIRST, dataclasses.replace(SECOND, name="ann"))
    assert list_rating_sessions(database) == ()
    keep(database, study, FIRST)
    with pytest.raises(InputError, match="rating session called 'Clinic' already"):
        keep(database, study, SECOND)

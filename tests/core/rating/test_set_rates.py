"""Rates of a study's sessions: which sessions count, and that the numbers are those of the session's score."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.config import get_settings
from core.datasets.phantoms.process import LABELS
from core.db.database import Database, open_database
from core.db.raters import list_raters, revoke_rater
from core.db.rating_record import StimulusRecord, TrialKind
from core.db.rating_sessions import close_rating_session, load_stimuli
from core.db.studies import StudyRecord
from core.rating.design import RealSource, SessionDesign, SetCount, Task
from core.rating.loaded_session import load_whole_session
from core.rating.score import score_answers
from core.rating.set_rates import load_set_rates
from tests.core.rating.demo_films import answer_session, keep_demo_study, keep_session


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(tmp_path_factory.mktemp("rates") / "workspace"))
        get_settings.cache_clear()
        opened = open_database(get_settings())
        yield opened
        opened.close()
    get_settings.cache_clear()


@pytest.fixture
def study(database: Database, request: pytest.FixtureRequest) -> StudyRecord:
    """A study of its own on the films that all tests share."""
    return keep_demo_study(database, get_settings(), request.node.name)


def design_of(**choices: object) -> SessionDesign:
    counts = [SetCount(synthetic=None, class_name=label, n=4) for label in LABELS]
    counts += [
        SetCount(synthetic=name, class_name=label, n=2) for name in ("fresh", "blurred") for label in LABELS
    ]
    return SessionDesign.model_validate({"counts": counts, "n_raters": 3, **choices})


def by_number(rater: int, image: StimulusRecord) -> bool:
    """Every blurred film, and others by their number: raters disagree."""
    return image.synthetic == "blurred" or (image.number + rater) % 3 == 0


def test_rates_are_those_of_the_session_score(database: Database, study: StudyRecord) -> None:
    design = design_of(n_training=2, n_repeats=4, n_checks=2)
    session = keep_session(database, get_settings(), study, design)
    answer_session(database, session.id, by_number)
    rates = {one.synthetic: one for one in load_set_rates(database, study.id)}
    score = score_answers(load_whole_session(database, session.id).tabulate(), n_bootstrap=100)
    assert set(rates) == set(score.by_set) == {"fresh", "blurred"}
    for name, one in rates.items():
        for found, expected in (
            (one.rates, score.by_set[name]),
            *((one.classes[label], score.by_set_and_class[name][label]) for label in LABELS),
        ):
            for number in ("fir", "false_alarm_rate"):
                ours, theirs = getattr(found, number), getattr(expected, number)
                assert (ours.value, ours.low, ours.high, ours.n) == (
                    theirs.value,
                    theirs.low,
                    theirs.high,
                    theirs.n,
                )
        assert (one.n_images, one.n_raters, one.finished_raters, one.rate.n) == (4, 3, 3, 12)
        shown = {image.digest for image in load_stimuli(database, session.id)
                 if image.synthetic == name and image.kind is TrialKind.TEST}  # fmt: skip
        assert one.digests is not None and set(one.digests) == shown and len(shown) == 4
        assert (one.session_name, one.has_heldout, one.is_pair, one.is_simulated) == (
            "Reading",
            True,
            False,
            False,
        )
    assert rates["blurred"].rate.value == 1.0


def test_a_running_session_counts_nowhere(database: Database, study: StudyRecord) -> None:
    session = keep_session(database, get_settings(), study, design_of())
    answer_session(database, session.id, by_number, raters=slice(0, 2))
    answer_session(database, session.id, by_number, raters=slice(2, 3), n=5)
    assert load_set_rates(database, study.id) == ()
    # One who was taken out is not waited for; what was answered stays.
    revoke_rater(database, list_raters(database, session.id)[2].id)
    ended = load_set_rates(database, study.id)
    assert {one.finished_raters for one in ended} == {2} and all(one.rate.n >= 8 for one in ended)
    later = keep_session(database, get_settings(), study, design_of(seed=1), "Second")
    answer_session(database, later.id, by_number, n=9)
    assert load_set_rates(database, study.id) == ended
    close_rating_session(database, later.id)
    found = load_set_rates(database, study.id)
    assert [one.session_name for one in found] == ["Second", "Second", "Reading", "Reading"]
    assert found[2:] == ended
    assert load_set_rates(database, keep_demo_study(database, get_settings(), "Other").id) == ()


def test_a_session_without_answers_rates_nothing(database: Database, study: StudyRecord) -> None:
    session = keep_session(database, get_settings(), study, design_of())
    close_rating_session(database, session.id)
    assert load_set_rates(database, study.id) == ()


def test_pairs_have_no_false_alarms(database: Database, study: StudyRecord) -> None:
    design = design_of(task=Task.PAIR, real_source=RealSource.TRAIN, is_joint=True, n_raters=1)
    session = keep_session(database, get_settings(), study, design)
    answer_session(database, session.id, lambda _, image: image.synthetic == "blurred")
    rates = {one.synthetic: one for one in load_set_rates(database, study.id)}
    assert [rates[name].rate.value for name in ("fresh", "blurred")] == [0.0, 1.0]
    for one in rates.values():
        assert one.rates.false_alarm_rate.value is None
        assert (one.is_pair, one.is_joint, one.has_heldout, one.n_images) == (True, True, False, 4)

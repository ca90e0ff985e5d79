"""The demo's session: whole, marked as simulated, the same however often it is made, and worth looking at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.config import get_settings
from core.datasets.phantoms.demo import SYNTHETIC_SETS
from core.db.database import Database, open_database
from core.db.raters import list_raters
from core.db.rating_answers import list_answers
from core.db.rating_record import Answer, TrialKind
from core.db.rating_sessions import list_rating_sessions, load_stimuli
from core.db.studies import StudyRecord
from core.errors import CancelledError
from core.rating.demo_session import DEMO_SESSION, make_demo_session
from core.rating.loaded_session import load_whole_session
from core.rating.score import score_answers
from core.rating.set_rates import load_set_rates
from core.rating.stimuli import stimulus_path
from tests.core.rating.demo_films import keep_demo_study

Said = dict[tuple[int, int], tuple[Answer | None, int | None, float | None]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    place = tmp_path_factory.mktemp("demo") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(place))
        get_settings.cache_clear()
        opened = open_database(get_settings())
        yield opened
        opened.close()
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def study(home: Database) -> StudyRecord:
    study = keep_demo_study(home, get_settings())
    make_demo_session(home, get_settings(), study=study)
    return study


def read_answers(database: Database, session_id: str) -> Said:
    """What was said, by number of the rater and position."""
    numbers = {one.id: one.number for one in list_raters(database, session_id)}
    return {
        (numbers[one.rater_id], one.given.position): (
            one.given.answer,
            one.given.confidence,
            one.given.reaction_time_ms,
        )
        for one in list_answers(database, session_id=session_id)
    }


def test_it_is_finished_closed_and_marked(home: Database, study: StudyRecord) -> None:
    (session,) = list_rating_sessions(home, study.id)
    assert (session.name, session.is_simulated) == (DEMO_SESSION, True)
    assert session.prepared_at is not None and session.closed_at is not None
    stimuli = load_stimuli(home, session.id)
    assert all(stimulus_path(get_settings(), session.id, one.number).is_file() for one in stimuli)
    raters = list_raters(home, session.id)
    assert len(raters) == 5 and all(one.finished_at and one.consented_at for one in raters)
    kinds = [trial.kind for trial in raters[0].trials]
    assert [kinds.count(kind) for kind in TrialKind] == [4, 80, 8, 3]
    said = read_answers(home, session.id)
    assert len(said) == 5 * 95
    assert all(
        confidence in range(1, 6) and time_ms is not None and 100 < time_ms < 60_000
        for _, confidence, time_ms in said.values()
    )
    rates = load_set_rates(home, study.id)
    assert {one.synthetic for one in rates} == set(SYNTHETIC_SETS)
    assert {one.rate.n for one in rates} == {5 * 8}


def test_it_shows_what_there_is_to_see(home: Database, study: StudyRecord) -> None:
    (session,) = list_rating_sessions(home, study.id)
    score = score_answers(load_whole_session(home, session.id).tabulate(), n_bootstrap=200)
    alarms = score.overall.false_alarm_rate
    fresh, blurred = score.by_set["fresh"].fir, score.by_set["blurred"].fir
    assert alarms.value is not None and fresh.low is not None and fresh.high is not None
    assert 0.15 < alarms.value < 0.5
    assert fresh.low < alarms.value < fresh.high
    assert blurred.value is not None and blurred.value > alarms.value + 0.25
    # Neither agreement nor consistency is at an end of its scale, and every check was seen to.
    for number in (score.agreement.fleiss_kappa, score.consistency.same, score.overall.auc):
        assert number.value is not None and number.low is not None and 0 < number.value < 1
    assert len(score.checks) == 5
    assert score.comparisons and score.roc is not None


def test_made_again_it_is_found(home: Database, study: StudyRecord) -> None:
    (before,) = list_rating_sessions(home, study.id)
    n_answers = len(list_answers(home, session_id=before.id))
    assert make_demo_session(home, get_settings(), study=study) == before
    assert list_rating_sessions(home, study.id) == (before,)
    assert len(list_answers(home, session_id=before.id)) == n_answers


class Stopper:
    """Cancels when the second rater is done."""

    def __init__(self) -> None:
        self.n_raters: int | None = None

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        self.n_raters = 0 if unit == "raters" else None

    def advance(self, steps: int = 1) -> None:
        if self.n_raters is not None:
            self.n_raters += steps
            if self.n_raters == 2:
                raise CancelledError("stopped")

    def notice(self, message: str) -> None:
        pass


def test_stopped_it_goes_on_with_the_same_answers(home: Database, study: StudyRecord) -> None:
    other = keep_demo_study(home, get_settings(), "Stopped")
    with pytest.raises(CancelledError):
        make_demo_session(home, get_settings(), study=other, progress=Stopper())
    (half,) = list_rating_sessions(home, other.id)
    assert half.closed_at is None and load_set_rates(home, other.id) == ()
    whole = make_demo_session(home, get_settings(), study=other)
    assert whole.id == half.id
    (uninterrupted,) = list_rating_sessions(home, study.id)
    assert read_answers(home, whole.id) == read_answers(home, uninterrupted.id)


def test_films_of_another_seed_have_a_session_of_their_own(home: Database, study: StudyRecord) -> None:
    other = keep_demo_study(home, get_settings(), "Seeds")
    second = make_demo_session(home, get_settings(), study=other, seed=3)
    (first,) = list_rating_sessions(home, study.id)
    assert second.id != first.id and second.name == f"{DEMO_SESSION}, seed 3"
    assert read_answers(home, second.id) != read_answers(home, first.id)

"""A rater's place: what may be seen next, what answers lead to, and what never leaves the server."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from core.config import Settings
from core.db.database import Database, open_database
from core.db.raters import begin_rating, list_raters, load_rater, revoke_rater
from core.db.rating_answers import list_answers
from core.db.rating_record import Answer, NewAnswer, RaterRecord, StimulusRecord, TrialKind
from core.db.rating_sessions import (
    close_rating_session,
    create_rating_session,
    load_stimuli,
    mark_prepared,
    reopen_rating_session,
)
from core.db.studies import list_studies, save_study
from core.errors import InputError, UnknownNameError
from core.rating.design import Task, Timing
from core.rating.own_score import OwnScore, score_sitting
from core.rating.sitting import (
    AHEAD,
    Feedback,
    Phase,
    Upcoming,
    find_stimulus,
    give_answers,
    load_sitting,
)
from core.rating.trials import make_trials
from core.rating.truth import find_truth, is_right
from tests.core.db.rated import BACKGROUND, SCREEN
from tests.core.db.test_studies import folders
from tests.core.rating.drawn import draw

REAL, FAKE, LEFT, RIGHT = Answer
OTHER = {REAL: FAKE, FAKE: REAL, LEFT: RIGHT, RIGHT: LEFT}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    home = tmp_path_factory.mktemp("sitting")
    settings = dataclasses.replace(Settings.from_environment(), home=home, database_url=None)
    opened = open_database(settings)
    save_study(opened, name="Films", folders=folders())
    yield opened
    opened.close()


class Rated:
    """One rater of a session of its own."""

    def __init__(
        self,
        database: Database,
        *,
        begun: bool = True,
        prepared: bool = True,
        screen: Any = SCREEN,
        **choices: Any,
    ) -> None:
        self.database = database
        design, stimuli = draw(**choices)
        (study, *_) = list_studies(database)
        self.session_id = create_rating_session(
            database,
            study_id=study.id,
            name=secrets.token_hex(8),
            design=design.model_dump(mode="json"),
            folders={},
            stimuli=stimuli,
            raters=[("", make_trials(design, stimuli, 0))],
        ).id
        if prepared:
            mark_prepared(database, self.session_id)
        (rater,) = list_raters(database, self.session_id)
        self.id = rater.id
        if begun:
            begin_rating(database, rater.id, background=BACKGROUND, screen=screen)

    @property
    def rater(self) -> RaterRecord:
        return load_rater(self.database, self.id)

    @property
    def stimuli(self) -> Sequence[StimulusRecord]:
        return load_stimuli(self.database, self.session_id)

    def answer(self, position: int, *, rightly: bool = True, token: str = "") -> NewAnswer:
        truth = find_truth(self.rater.trials[position], {one.number: one.is_fake for one in self.stimuli})
        return NewAnswer(position, token or f"t{position}{rightly}", truth if rightly else OTHER[truth])

    def answers(self, first: int, last: int, *, rightly: bool = True) -> list[NewAnswer]:
        return [self.answer(position, rightly=rightly) for position in range(first, last)]


def test_phases_follow_each_other(database: Database) -> None:
    rated = Rated(database, begun=False, prepared=False)
    phases = [load_sitting(database, rated.id).phase]
    mark_prepared(database, rated.session_id)
    phases.append(load_sitting(database, rated.id).phase)
    begin_rating(database, rated.id, background=BACKGROUND, screen=SCREEN)
    phases.append(load_sitting(database, rated.id).phase)
    close_rating_session(database, rated.session_id)
    phases.append(load_sitting(database, rated.id).phase)
    reopen_rating_session(database, rated.session_id)
    assert give_answers(database, rated.id, rated.answers(0, 32)).sitting.phase is Phase.DONE
    # Who has finished is thanked, also after the session was closed.
    close_rating_session(database, rated.session_id)
    sitting = load_sitting(database, rated.id)
    phases.append(sitting.phase)
    assert (sitting.position, sitting.upcoming, sitting.can_undo) == (32, (), False)
    revoke_rater(database, rated.id)
    phases.append(load_sitting(database, rated.id).phase)
    assert phases == [
        Phase.PREPARING, Phase.CONSENT, Phase.TRIAL, Phase.CLOSED, Phase.DONE, Phase.REVOKED,
    ]  # fmt: skip
    with pytest.raises(UnknownNameError, match="no rater"):
        load_sitting(database, "gone")


def test_a_browser_learns_of_the_next_trials_alone(database: Database) -> None:
    rated = Rated(database, n_training=2, n_repeats=5, n_checks=4)
    sitting = load_sitting(database, rated.id)
    assert (sitting.position, sitting.n_trials, sitting.n_training) == (0, 32 + 2 + 5 + 4, 2)
    assert sitting.upcoming == tuple(Upcoming(place, 1, place < 2) for place in range(1 + AHEAD))
    assert (sitting.exposure_frames, sitting.can_undo) == (None, False)
    sitting = give_answers(database, rated.id, rated.answers(0, 41)).sitting
    assert sitting.upcoming == (Upcoming(41, 1, False), Upcoming(42, 1, False))
    assert sitting.can_undo
    pair = load_sitting(database, Rated(database, task=Task.PAIR).id)
    assert {one.n_images for one in pair.upcoming} == {2}


def test_images_are_found_when_it_is_their_turn(database: Database) -> None:
    rated = Rated(database, task=Task.PAIR)
    shown = [trial.stimuli for trial in rated.rater.trials]
    for position in range(AHEAD + 1):
        for slot in (0, 1):
            found = find_stimulus(database, rated.id, position, slot)
            assert found == (rated.session_id, shown[position][slot])
    for position, slot in ((AHEAD + 1, 0), (-1, 0), (0, 2), (0, -1)):
        with pytest.raises(UnknownNameError, match="no such image"):
            find_stimulus(database, rated.id, position, slot)
    give_answers(database, rated.id, rated.answers(0, 14))
    # An image that was seen may come again, after an undo.
    assert find_stimulus(database, rated.id, 0, 1)[1] == shown[0][1]
    assert find_stimulus(database, rated.id, 15, 0)[1] == shown[15][0]
    with pytest.raises(UnknownNameError, match="no such image"):
        find_stimulus(database, rated.id, 16, 0)
    close_rating_session(database, rated.session_id)
    with pytest.raises(UnknownNameError, match="no such image"):
        find_stimulus(database, rated.id, 15, 0)


def test_an_undo_takes_no_image_back(database: Database) -> None:
    rated = Rated(database)
    trials = rated.rater.trials
    # A browser asks for images on one line and withdraws on another: either may arrive first.
    give_answers(
        database, rated.id, [*rated.answers(0, 4), *(NewAnswer(at, f"u{at}", None) for at in (3, 2))]
    )
    sitting = give_answers(database, rated.id, [rated.answer(2, token="anew")]).sitting
    assert (sitting.position, [one.position for one in sitting.upcoming]) == (3, [3, 4, 5, 6])
    for position in range(4 + AHEAD + 1):
        assert find_stimulus(database, rated.id, position, 0)[1] == trials[position].stimuli[0]
    # No further than from the furthest place ever reached.
    with pytest.raises(UnknownNameError, match="no such image"):
        find_stimulus(database, rated.id, 4 + AHEAD + 1, 0)
    # Another way to the same place opens nothing more; the next place does.
    give_answers(database, rated.id, [rated.answer(3, token="again")])
    with pytest.raises(UnknownNameError, match="no such image"):
        find_stimulus(database, rated.id, 4 + AHEAD + 1, 0)
    give_answers(database, rated.id, [rated.answer(4)])
    assert find_stimulus(database, rated.id, 4 + AHEAD + 1, 0)[1] == trials[4 + AHEAD + 1].stimuli[0]


@pytest.mark.parametrize("state", ["not prepared", "not begun", "finished", "revoked"])
def test_images_are_for_raters_at_a_trial(database: Database, state: str) -> None:
    begun = state in ("finished", "revoked")
    rated = Rated(database, prepared=state != "not prepared", begun=begun)
    if state == "finished":
        give_answers(database, rated.id, rated.answers(0, 32))
    if state == "revoked":
        revoke_rater(database, rated.id)
    with pytest.raises(UnknownNameError, match="no such image"):
        find_stimulus(database, rated.id, 0, 0)


@pytest.mark.parametrize("task", Task)
def test_training_alone_gets_feedback(database: Database, task: Task) -> None:
    rated = Rated(database, n_training=3, task=task)
    batch = [rated.answer(0), rated.answer(1, rightly=False), rated.answer(2), rated.answer(3)]
    given = give_answers(database, rated.id, batch)
    assert given.feedback == (Feedback(0, True), Feedback(1, False), Feedback(2, True))
    assert given.sitting.position == 4
    # Sent again, since its reply was lost.
    assert give_answers(database, rated.id, batch) == given
    assert give_answers(database, rated.id, rated.answers(4, 6)).feedback == ()


def test_what_led_to_feedback_is_not_undone(database: Database) -> None:
    rated = Rated(database, n_training=2)
    sitting = give_answers(database, rated.id, rated.answers(0, 2)).sitting
    assert not sitting.can_undo
    with pytest.raises(InputError, match="trial 2 cannot be undone, since"):
        give_answers(database, rated.id, [NewAnswer(1, "undo", None)])
    assert give_answers(database, rated.id, rated.answers(2, 3)).sitting.can_undo
    # The refusal keeps out what came with it.
    with pytest.raises(InputError, match="cannot be undone"):
        give_answers(database, rated.id, [NewAnswer(2, "a", None), NewAnswer(1, "b", None)])
    assert len(list_answers(database, rater_id=rated.id)) == 3
    undone = give_answers(database, rated.id, [NewAnswer(2, "undo", None)]).sitting
    assert (undone.position, undone.can_undo) == (2, False)


def test_a_fixed_exposure_is_the_same_for_all_trials(database: Database) -> None:
    rated = Rated(database, timing=Timing.FIXED, exposure_frames=9, n_training=1)
    assert load_sitting(database, rated.id).exposure_frames == 9
    sitting = give_answers(database, rated.id, rated.answers(0, 5)).sitting
    assert (sitting.exposure_frames, sitting.can_undo) == (9, True)


@pytest.mark.parametrize(
    ("refresh_hz", "frames"), [(60.0, (30, 29, 29, 31)), (None, (30, 29, 29, 31)), (100.0, (50, 49, 48, 51))]
)
def test_the_staircase_follows_the_answers(
    database: Database, refresh_hz: float | None, frames: tuple[int, ...]
) -> None:
    screen = {} if refresh_hz is None else {"refresh_hz": refresh_hz}
    rated = Rated(database, timing=Timing.STAIRCASE, screen=screen)
    found = [load_sitting(database, rated.id).exposure_frames]
    for position, rightly in enumerate((True, True, False)):
        answer = rated.answer(position, rightly=rightly)
        found.append(give_answers(database, rated.id, [answer]).sitting.exposure_frames)
    assert tuple(found) == frames
    assert not load_sitting(database, rated.id).can_undo
    with pytest.raises(InputError, match="cannot be undone, since"):
        give_answers(database, rated.id, [NewAnswer(2, "undo", None)])


def test_training_and_checks_do_not_move_the_staircase(database: Database) -> None:
    rated = Rated(database, timing=Timing.STAIRCASE, n_training=2, n_checks=6, n_repeats=6)
    exposure_ms = 500
    for position, trial in enumerate(rated.rater.trials[:-1]):
        before = load_sitting(database, rated.id).exposure_frames
        assert before == round(exposure_ms * 60 / 1000)
        after = give_answers(database, rated.id, [rated.answer(position)]).sitting.exposure_frames
        if trial.kind in (TrialKind.TRAINING, TrialKind.CHECK):
            assert after == before
        else:
            exposure_ms = max(100, exposure_ms - 10)


def test_a_rater_learns_the_own_score_at_the_end_only_where_it_is_shown(database: Database) -> None:
    rated = Rated(database, shows_score=True, n_training=2, n_repeats=4, n_checks=2)
    trials, stimuli = rated.rater.trials, rated.stimuli
    # Calls every image fake but three real ones, and is wrong in training and checks, which do not count.
    answers, spared = [], 0
    for position, trial in enumerate(trials):
        is_fake = stimuli[trial.stimuli[0]].is_fake
        says = FAKE
        if trial.kind is TrialKind.TEST and not is_fake and spared < 3:
            says, spared = REAL, spared + 1
        elif trial.kind is not TrialKind.TEST:
            says = REAL if is_fake else FAKE
        answers.append(NewAnswer(position, f"t{position}", says))
    assert give_answers(database, rated.id, answers[:-1]).sitting.phase is Phase.TRIAL
    assert score_sitting(database, rated.id) is None
    give_answers(database, rated.id, answers[-1:])
    assert score_sitting(database, rated.id) == OwnScore(19, 32, 16, 16, 13, 16)
    revoke_rater(database, rated.id)
    assert score_sitting(database, rated.id) is None
    silent = Rated(database)
    give_answers(database, silent.id, silent.answers(0, 32))
    assert score_sitting(database, silent.id) is None


def test_the_score_of_pairs_is_pairs(database: Database) -> None:
    rated = Rated(database, shows_score=True, task=Task.PAIR)
    give_answers(database, rated.id, [*rated.answers(0, 11), *rated.answers(11, 16, rightly=False)])
    assert score_sitting(database, rated.id) == OwnScore(11, 16, None, None, None, None)


def test_truth_is_the_fake_image_or_its_side(database: Database) -> None:
    rated = Rated(database, task=Task.PAIR)
    stimuli = rated.stimuli
    for trial in rated.rater.trials:
        fake_is_left = stimuli[trial.stimuli[0]].synthetic is not None
        assert is_right(trial, LEFT, stimuli) is fake_is_left
        assert is_right(trial, RIGHT, stimuli) is not fake_is_left
        assert not is_right(trial, None, stimuli)

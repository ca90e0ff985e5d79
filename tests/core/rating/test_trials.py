"""A rater's trials: the same for the same seed and number, balanced, repeats well apart."""

from __future__ import annotations

from collections import Counter

import pytest

from core.db.rating_record import Trial, TrialKind
from core.rating.design import Task
from core.rating.sampling import draw_stimuli
from core.rating.trials import LEAST_GAP, make_trials
from tests.core.rating.drawn import ALL_SETS, design_of, draw, make_set

TEST, TRAINING, REPEAT, CHECK = TrialKind.TEST, TrialKind.TRAINING, TrialKind.REPEAT, TrialKind.CHECK
FULL = {"n_training": 4, "n_repeats": 10, "n_checks": 3}


def test_the_order_is_a_seed_and_a_number() -> None:
    design, stimuli = draw(seed=11, **FULL)
    first = make_trials(design, stimuli, 0)
    assert first == make_trials(design, stimuli, 0)
    others = {make_trials(design, stimuli, number) for number in range(20)}
    assert len(others) == 20
    other_seed, _ = draw(seed=12, **FULL)
    assert first != make_trials(other_seed, stimuli, 0)


@pytest.mark.parametrize("task", Task)
def test_every_image_is_shown_to_every_rater(task: Task) -> None:
    design, stimuli = draw(task=task, **FULL)
    n_test = design.n_trials
    for number in range(3):
        trials = make_trials(design, stimuli, number)
        assert Counter(one.kind for one in trials) == {TRAINING: 4, TEST: n_test, REPEAT: 10, CHECK: 3}
        assert all(one.kind is TRAINING for one in trials[:4])
        for kind in (TRAINING, TEST, CHECK):
            shown = [image for one in trials if one.kind is kind for image in one.stimuli]
            assert sorted(shown) == [one.number for one in stimuli if one.kind is kind]


def test_every_image_comes_early_as_often_as_late() -> None:
    design, stimuli = draw()
    places = Counter(make_trials(design, stimuli, number)[0].stimuli for number in range(640))
    # 20 expected of each of 32 images in the first place, standard deviation 4.4.
    assert len(places) == 32
    assert max(places.values()) < 42


def gaps(trials: tuple[Trial, ...]) -> list[int]:
    first = {frozenset(one.stimuli): place for place, one in enumerate(trials) if one.kind is TEST}
    return [place - first[frozenset(one.stimuli)] for place, one in enumerate(trials) if one.kind is REPEAT]


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("n_repeats", [1, 8, 16])
def test_repeats_come_well_after_what_they_repeat(task: Task, n_repeats: int) -> None:
    design, stimuli = draw(task=task, n_repeats=n_repeats, n_checks=2)
    for number in range(40):
        found = gaps(make_trials(design, stimuli, number))
        assert len(found) == n_repeats
        assert min(found) >= LEAST_GAP


def test_a_short_session_keeps_them_as_far_apart_as_it_can() -> None:
    design = design_of({(None, "a"): 1, ("gan", "a"): 1}, n_repeats=2)

    stimuli = draw_stimuli(design, ALL_SETS)
    for number in range(20):
        assert gaps(make_trials(design, stimuli, number)) == [2, 2]


def test_repeats_are_half_fake_and_differ_between_raters() -> None:
    design, stimuli = draw(n_repeats=7)
    chosen = set()
    for number in range(30):
        again = [one.stimuli[0] for one in make_trials(design, stimuli, number) if one.kind is REPEAT]
        assert sum(stimuli[one].is_fake for one in again) in (3, 4)
        assert len(set(again)) == 7
        chosen.add(frozenset(again))
    assert len(chosen) > 25
    # Where one kind has too few images, the other fills up.

    uneven = design_of({(None, "a"): 2, ("gan", "a"): 10}, n_repeats=10)
    images = draw_stimuli(uneven, ALL_SETS)
    for number in range(5):
        again = [one.stimuli[0] for one in make_trials(uneven, images, number) if one.kind is REPEAT]
        assert Counter(images[one].is_fake for one in again) == {True: 8, False: 2}


def test_in_pairs_the_fake_is_as_often_left_as_right() -> None:
    design, stimuli = draw(task=Task.PAIR, **FULL)
    partners, sides = set(), Counter[int]()
    for number in range(40):
        trials = make_trials(design, stimuli, number)
        for one in trials:
            assert sum(stimuli[image].is_fake for image in one.stimuli) == 1
            left, right = (stimuli[image] for image in one.stimuli)
            assert left.class_name == right.class_name
        tests = [one for one in trials if one.kind is TEST]
        assert sum(stimuli[one.stimuli[0]].is_fake for one in tests) == 8
        sides.update(one.stimuli[0] for one in tests)
        partners.add(frozenset(frozenset(one.stimuli) for one in tests))
        swapped = {one.stimuli[::-1] for one in tests}
        assert {one.stimuli for one in trials if one.kind is REPEAT} <= swapped
    # The same pairs for everybody, so that answers can be compared; sides by chance for each.
    assert len(partners) == 1
    assert len(sides) == 32
    odd = design_of({(None, "a"): 5, ("gan", "a"): 5}, task=Task.PAIR)

    images = draw_stimuli(odd, ALL_SETS)
    on_left = {
        sum(images[one.stimuli[0]].is_fake for one in make_trials(odd, images, number))
        for number in range(20)
    }
    assert on_left == {2, 3}


def test_two_thousand_trials_are_made_in_a_moment() -> None:

    sets = (make_set("heldout", {"a": 1000}), make_set("gan", {"a": 1000}))
    design = design_of({(None, "a"): 1000, ("gan", "a"): 1000}, n_repeats=500)
    assert len(make_trials(design, draw_stimuli(design, sets), 0)) == 2500

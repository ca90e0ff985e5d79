"""Pairs of a fake and a real image: of one class, by chance, the same for all raters."""

from __future__ import annotations

from collections import Counter

import pytest

from core.db.rating_record import StimulusRecord, TrialKind
from core.errors import InputError
from core.rating.pairing import count_unmatched, pair_stimuli


def stimuli_of(fakes: list[str | None], reals: list[str | None]) -> list[StimulusRecord]:
    labels = [*((True, name) for name in fakes), *((False, name) for name in reals)]
    return [
        StimulusRecord(number, TrialKind.TEST, "gan" if fake else None, name, fake, f"{number}.png", None)
        for number, (fake, name) in enumerate(labels)
    ]


def test_partners_are_of_one_class_and_used_once() -> None:
    stimuli = stimuli_of(["a"] * 6 + ["b"] * 6, ["b"] * 6 + ["a"] * 6)
    pairs = pair_stimuli(stimuli, kind=TrialKind.TEST, seed=4)
    assert [fake for fake, _ in pairs] == list(range(12))
    assert sorted(real for _, real in pairs) == list(range(12, 24))
    assert all(stimuli[fake].class_name == stimuli[real].class_name for fake, real in pairs)
    assert pairs == pair_stimuli(stimuli, kind=TrialKind.TEST, seed=4)
    assert pairs != pair_stimuli(stimuli, kind=TrialKind.TEST, seed=5)
    assert pair_stimuli(stimuli, kind=TrialKind.TRAINING, seed=4) == ()


def test_each_partner_is_as_likely_as_any_other() -> None:
    stimuli = stimuli_of(["a"] * 4, ["a"] * 4)
    met = Counter(
        pair for seed in range(600) for pair in pair_stimuli(stimuli, kind=TrialKind.TEST, seed=seed)
    )
    # 150 expected of each of 16 pairs, standard deviation about 10.6.
    assert len(met) == 16
    assert all(abs(n - 150) < 50 for n in met.values())


def test_images_without_a_class_stand_beside_what_is_left() -> None:
    for fakes, reals in (
        (["a", "b", None], ["a", None, "c"]),
        ([None, None], ["a", "b"]),
        (["a", "b"], [None, None]),
        (["a", None, "a"], ["a", None, "b"]),
    ):
        stimuli = stimuli_of(list(fakes), list(reals))
        pairs = pair_stimuli(stimuli, kind=TrialKind.TEST, seed=1)
        assert sorted(real for _, real in pairs) == [3, 4, 5] if len(fakes) == 3 else [2, 3]
        for fake, real in pairs:
            names = {stimuli[fake].class_name, stimuli[real].class_name}
            assert len(names) == 1 or None in names


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="not 1 and 2"):
        pair_stimuli(stimuli_of(["a", "a"], ["a"]), kind=TrialKind.TEST, seed=0)
    with pytest.raises(InputError, match="1 synthetic image of class 'b'"):
        pair_stimuli(stimuli_of(["a", "b"], ["a", "a"]), kind=TrialKind.TEST, seed=0)
    assert count_unmatched(["a", "a", "b", None], ["a", None, "c", "c"]) == {"b": 1}
    assert count_unmatched(["a", "b"], ["b", "a"]) == {}

"""What is drawn of a study's sets: as many as asked for, each picture once, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from core.db.rating_record import StimulusRecord, TrialKind
from core.errors import ImageSetError, InputError, TooFewImagesError, UnknownNameError
from core.rating.design import RealSource, Task
from core.rating.sampling import draw_stimuli
from tests.core.rating.drawn import ALL_SETS, design_of, draw, make_set

TEST, TRAINING, CHECK = TrialKind.TEST, TrialKind.TRAINING, TrialKind.CHECK


def count(stimuli: tuple[StimulusRecord, ...], kind: TrialKind) -> Counter[tuple[str | None, str | None]]:
    return Counter((one.synthetic, one.class_name) for one in stimuli if one.kind is kind)


def test_as_many_of_each_set_and_class_as_asked_for() -> None:
    design, stimuli = draw(n_training=6, n_checks=3)
    assert [one.number for one in stimuli] == list(range(len(stimuli)))
    assert count(stimuli, TEST) == {(one.synthetic, one.class_name): one.n for one in design.counts}
    by_name = {one.name: {item.id: item for item in one.items} for one in ALL_SETS}
    for one in stimuli:
        item = by_name[one.synthetic or "heldout"][one.file]
        assert one.class_name == item.label
        assert one.digest == (None if one.kind is CHECK else item.digest)
        assert one.is_fake == (one.kind is CHECK or one.synthetic is not None)
    shown = [(one.synthetic, one.file) for one in stimuli if one.kind is not CHECK]
    assert len(set(shown)) == len(shown) == 32 + 6


def test_the_seed_decides_and_sets_do_not_disturb_each_other() -> None:
    _, first = draw(seed=7, n_training=4, n_checks=2)
    _, again = draw(seed=7, n_training=4, n_checks=2)
    _, other = draw(seed=8, n_training=4, n_checks=2)
    assert first == again
    assert {one.file for one in first} != {one.file for one in other}
    # Neither a further set nor more training changes the scored images of a set.
    alone = draw_stimuli(design_of({(None, "a"): 8, ("gan", "a"): 4}, seed=7), ALL_SETS)
    with_more = [
        one.digest for one in first if (one.synthetic, one.class_name, one.kind) == ("gan", "a", TEST)
    ]
    assert [one.digest for one in alone if one.synthetic == "gan"] == with_more


def test_the_real_images_come_from_the_chosen_set() -> None:
    for source, name in ((RealSource.HELDOUT, "heldout"), (RealSource.TRAIN, "real")):
        _, stimuli = draw(real_source=source)
        digests = {item.digest for one in ALL_SETS if one.name == name for item in one.items}
        assert {one.digest for one in stimuli if one.synthetic is None} <= digests


def test_without_a_class_all_classes_are_shown_alike() -> None:
    sets = (make_set("heldout", {"a": 50, "b": 5, "c": 30}), make_set("gan", {"a": 4, "b": 40, "c": 40}))
    stimuli = draw_stimuli(design_of({(None, None): 15, ("gan", None): 18}), sets)
    found = count(stimuli, TEST)
    assert {label: n for (name, label), n in found.items() if name is None} == {"a": 5, "b": 5, "c": 5}
    assert {label: n for (name, label), n in found.items() if name} == {"a": 4, "b": 7, "c": 7}
    without = (make_set("heldout", {None: 9}), make_set("gan", {None: 9}))
    assert count(draw_stimuli(design_of({(None, None): 4, ("gan", None): 5}), without), TEST) == {
        (None, None): 4,
        ("gan", None): 5,
    }


def test_every_image_has_the_same_chance() -> None:
    sets = (make_set("heldout", {"a": 10}), make_set("gan", {"a": 10}))
    drawn = Counter(
        one.file
        for seed in range(400)
        for one in draw_stimuli(design_of({(None, "a"): 5, ("gan", "a"): 5}, seed=seed), sets)
        if one.synthetic == "gan"
    )
    assert len(drawn) == 10
    # 2,000 draws, 200 of each image expected, standard deviation 10.
    assert all(abs(n - 200) < 45 for n in drawn.values())


def test_training_is_balanced_and_not_shown_later() -> None:
    _, stimuli = draw(n_training=9)
    training = [one for one in stimuli if one.kind is TRAINING]
    assert Counter(one.is_fake for one in training) == {True: 5, False: 4}
    assert set(Counter(one.synthetic for one in training if one.is_fake).values()) <= {2, 3}
    scored = {one.digest for one in stimuli if one.kind is TEST}
    assert not scored & {one.digest for one in training}


def test_the_same_picture_is_shown_once_whatever_its_set() -> None:
    sets = (make_set("heldout", {"a": 12}, pixels="x"), make_set("gan", {"a": 12}, pixels="x"))
    stimuli = draw_stimuli(design_of({(None, "a"): 6, ("gan", "a"): 6}), sets)
    assert len({one.file for one in stimuli}) == 12
    with pytest.raises(TooFewImagesError, match=r"set of real images has 5 images of class 'a' left, and 6"):
        draw_stimuli(design_of({(None, "a"): 6, ("gan", "a"): 7}), sets)


def test_a_check_is_made_of_a_scored_real_image() -> None:
    _, stimuli = draw(n_checks=20)
    checks = [one for one in stimuli if one.kind is CHECK]
    assert len(checks) == 20
    reals = {one.file for one in stimuli if one.kind is TEST and not one.is_fake}
    assert {one.file for one in checks} == reals
    assert all(one.is_fake and one.digest is None and one.synthetic is None for one in checks)


def test_in_pairs_a_check_stands_beside_an_image_shown_nowhere_else() -> None:
    _, stimuli = draw(task=Task.PAIR, n_checks=3, n_training=2)
    checks = [one for one in stimuli if one.kind is CHECK]
    assert [one.is_fake for one in checks] == [True, False] * 3
    assert [one.digest is None for one in checks] == [True, False] * 3
    assert [one.file for one in checks[::2]] == [one.file for one in checks[1::2]]
    others = {one.digest for one in stimuli if one.kind is not CHECK}
    assert not others & {one.digest for one in checks}


def test_in_pairs_real_images_follow_the_classes_of_the_fakes() -> None:
    sets = (make_set("heldout", {"a": 40, "b": 40}), make_set("gan", {"a": 3, "b": 40}))
    counts = {(None, None): 12, ("gan", None): 12}
    stimuli = draw_stimuli(design_of(counts, task=Task.PAIR, n_training=4), sets)
    for kind in (TEST, TRAINING):
        parts = [
            Counter(one.class_name for one in stimuli if one.kind is kind and one.is_fake is fake)
            for fake in (0, 1)
        ]
        assert parts[0] == parts[1]
    # Without classes on one side any real image will do.
    without = (make_set("heldout", {None: 40}), sets[1])
    assert len(draw_stimuli(design_of(counts, task=Task.PAIR), without)) == 24
    other = (make_set("heldout", {"c": 40}), sets[1])
    with pytest.raises(UnknownNameError, match="no class 'a', which synthetic images have"):
        draw_stimuli(design_of(counts, task=Task.PAIR), other)


def test_pairs_need_equal_counts() -> None:
    with pytest.raises(InputError, match="as many real images as synthetic ones, not 9 and 8"):
        draw_stimuli(design_of({(None, "a"): 9, ("gan", "a"): 8}, task=Task.PAIR), ALL_SETS)
    with pytest.raises(InputError, match="2 synthetic images of class 'b'"):
        draw_stimuli(design_of({(None, "a"): 8, ("gan", "a"): 6, ("gan", "b"): 2}, task=Task.PAIR), ALL_SETS)


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no synthetic set 'vae'; there are: 'gan', 'ddpm'"):
        draw_stimuli(design_of({(None, "a"): 1, ("vae", "a"): 1}), ALL_SETS)
    with pytest.raises(UnknownNameError, match=r"'gan' has no class 'c'; its classes are: .*'a'"):
        draw_stimuli(design_of({(None, "a"): 1, ("gan", "c"): 1}), ALL_SETS)
    with pytest.raises(ImageSetError, match="no held-out set"):
        draw_stimuli(design_of(), [one for one in ALL_SETS if one.name != "heldout"])
    with pytest.raises(
        TooFewImagesError, match="'gan' has 30 images of class 'a' left, and 31 are asked for"
    ):
        draw_stimuli(design_of({(None, "a"): 1, ("gan", "a"): 31}), ALL_SETS)
    with pytest.raises(
        TooFewImagesError, match="'gan' has 0 images of class 'a' left for training, and 1 is"
    ):
        draw_stimuli(design_of({(None, "a"): 1, ("gan", "a"): 30}, n_training=1), ALL_SETS)


def test_a_file_whose_name_is_no_text_is_passed_over() -> None:
    heldout, gan = make_set("heldout", {None: 3}), make_set("gan", {None: 3})
    odd = replace(gan, items=(*gan.items[:2], replace(gan.items[2], id="x\udcff.png")))
    counts = {(None, None): 2, ("gan", None): 2}
    assert all(one.file.isascii() for one in draw_stimuli(design_of(counts), (heldout, odd)))
    with pytest.raises(TooFewImagesError):
        draw_stimuli(design_of({(None, None): 2, ("gan", None): 3}), (heldout, odd))

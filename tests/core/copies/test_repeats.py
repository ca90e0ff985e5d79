from __future__ import annotations

import numpy as np

from core.copies.repeats import REPEAT_DISTANCE, are_repeats, merge_repeats
from core.copies.search import search_copies
from core.copies.thumbnails import Thumbnails
from tests.core.copies.films import MANIPULATIONS, draw_films, make_thumbnails


def settle(real: Thumbnails, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Search and merge until nothing changes, as a caller does."""
    while True:
        found = search_copies(queries=real, real=real, query_groups=groups, real_groups=groups)
        merged = merge_repeats(groups, found)
        if np.array_equal(merged, groups):
            return merged, found.distance
        groups = merged


def test_repeats_of_train_images_are_told_from_strangers() -> None:
    films, _ = draw_films(0, 40)
    rng = np.random.default_rng(0)
    real = make_thumbnails(films)
    repeats = make_thumbnails(MANIPULATIONS["shifted and mirrored"](film, rng) for film in films)
    assert are_repeats(search_copies(queries=repeats, real=real)).mean() > 0.95
    strangers = make_thumbnails(draw_films(1, 40)[0])
    assert not are_repeats(search_copies(queries=strangers, real=real)).any()


def test_repeats_in_the_real_set_end_up_in_one_group() -> None:
    films, patients = draw_films(0, 40)
    clean_groups, clean = settle(make_thumbnails(films), patients)
    np.testing.assert_array_equal(clean_groups, patients)
    doubled = make_thumbnails([*films, films[3][:, ::-1], films[7][::-1], films[3].T])
    groups, distances = settle(doubled, np.append(patients, [100, 101, 102]))
    np.testing.assert_array_equal(groups, np.append(patients, patients[[3, 7, 3]]))
    # Neighbourhoods are those of the set without repeats, but where these crowded out a candidate.
    assert np.isclose(distances[:40], clean).mean() >= 0.9
    assert clean.min() > REPEAT_DISTANCE


def test_groups_keep_the_smallest_name_whatever_the_chain() -> None:
    films, _ = draw_films(0, 40)
    chain = make_thumbnails([films[0], films[10], films[0][::-1], films[10][:, ::-1], films[0].T, films[20]])
    groups, _ = settle(chain, np.array([5, 4, 3, 2, 1, 0]))
    np.testing.assert_array_equal(groups, [1, 2, 1, 2, 1, 0])

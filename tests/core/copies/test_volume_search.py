"""The search for copied volumes: every turn, shifts, what is done to hide copies, ties, groups, and order."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from scipy import ndimage

from core.copies.known_pairs import align_known_volumes
from core.copies.leave_out import leave_out
from core.copies.repeats import are_repeats
from core.copies.transforms import Transform, invert_transform
from core.copies.volume_agreement import keep_detail
from core.copies.volume_retrieval import VolumeIndex, find_volume_candidates
from core.copies.volume_search import VolumeMatches, VolumePreset, search_volumes
from core.copies.volume_thumbnails import VolumeThumbnails
from core.copies.volume_turns import VOLUME_TURNS, turn_volume
from core.errors import CancelledError, TooFewImagesError
from core.progress import SilentProgress
from tests.core.copies.volumes import draw_volumes, make_volume_thumbnails, to_levels

N = 6


@pytest.fixture(scope="module")
def real() -> VolumeThumbnails:
    return make_volume_thumbnails(draw_volumes(0, N))


@pytest.fixture(scope="module")
def strangers() -> VolumeThumbnails:
    return make_volume_thumbnails(draw_volumes(1, 4))


@pytest.fixture(scope="module")
def innocent(real: VolumeThumbnails, strangers: VolumeThumbnails) -> VolumeMatches:
    return search_volumes(queries=strangers, real=real, workers=1)


def assert_equal(got: VolumeMatches, expected: VolumeMatches) -> None:
    for field in fields(VolumeMatches):
        np.testing.assert_array_equal(getattr(got, field.name), getattr(expected, field.name), field.name)


def test_a_copy_under_each_of_the_sixteen_turns_is_at_distance_zero(real: VolumeThumbnails) -> None:
    volumes = draw_volumes(0, N)
    rows = np.arange(16) % N
    copies = [turn_volume(volumes[row], turn) for row, turn in zip(rows, VOLUME_TURNS, strict=True)]
    found = search_volumes(queries=make_volume_thumbnails(map(np.ascontiguousarray, copies)), real=real)
    np.testing.assert_array_equal(found.real_index, rows)
    np.testing.assert_array_equal(found.distance, 0.0)
    np.testing.assert_array_equal(found.pixel_agreement, 1.0)
    np.testing.assert_array_equal(found.overlap, 1.0)
    np.testing.assert_array_equal(found.shift, 0.0)
    assert found.transforms == tuple(invert_transform(turn.transform) for turn in VOLUME_TURNS)
    assert found.turned_over.tolist() == [turn.turned_over for turn in VOLUME_TURNS]
    assert found.turns[0] == "as is" and found.turns[8] == "turned over, head to foot"
    assert found.turns[9] == "mirrored left-right, turned over, head to foot"
    np.testing.assert_allclose(found.slice_agreement[np.isfinite(found.slice_agreement)], 1.0, atol=1e-6)


def test_copies_are_found_nearer_than_strangers_whatever_was_done_to_them(
    real: VolumeThumbnails, innocent: VolumeMatches
) -> None:
    rng = np.random.default_rng(0)
    changed = {
        "shift": lambda values: ndimage.shift(values, (2, -2, 1), order=1, mode="nearest"),
        "noise": lambda values: values + rng.normal(0, 8, values.shape),
        "gain": lambda values: 0.6 * values + 40,
        "gamma": lambda values: 255 * (values / 255) ** 0.7,
        "blur": lambda values: ndimage.gaussian_filter(values, 0.7),
        "all": lambda values: (
            ndimage.shift(values[::-1, :, ::-1], (1, -1, -2), order=1, mode="nearest") * 0.7
            + rng.normal(0, 4, values.shape)
        ),
    }
    volumes = [volume.astype(np.float64) for volume in draw_volumes(0, N)]
    copies = [to_levels(change(volume)) for change, volume in zip(changed.values(), volumes, strict=True)]
    found = search_volumes(queries=make_volume_thumbnails(copies), real=real)
    assert found.real_index.tolist() == list(range(N)), list(changed)
    assert found.distance.max() < 0.75 * innocent.distance.min()
    assert found.distance[2] < 0.05
    # Shares of 24 slices, 28 rows and 20 columns, opposite to the move; what is turned back moves with it.
    np.testing.assert_allclose(found.shift[0], [-2 / 24, 2 / 28, -1 / 20], atol=0.01)
    np.testing.assert_allclose(found.shift[5], [1 / 24, 1 / 28, -2 / 20], atol=0.02)
    assert (found.transforms[5], found.turned_over[5]) == (Transform.MIRRORED_LEFT_RIGHT, True)
    np.testing.assert_allclose(found.warps[0, :, 2], 2 * found.shift[0, [2, 1]])
    assert not are_repeats(innocent).any()


def test_of_a_volume_of_which_half_is_copied_those_slices_agree(real: VolumeThumbnails) -> None:
    half = draw_volumes(0, N)[2].copy()
    half[12:] = draw_volumes(1, 4)[0][12:]
    found = search_volumes(queries=make_volume_thumbnails([half]), real=real)
    assert found.real_index[0] == 2
    axial = found.slice_agreement[0, 0]
    assert np.nanmin(axial[:12]) > 0.98
    assert np.nanmax(axial[18:28]) < 0.85


def test_candidates_are_those_of_a_search_written_out(
    real: VolumeThumbnails, strangers: VolumeThumbnails
) -> None:
    query = strangers.take(slice(0, 1))
    found = find_volume_candidates(queries=query, real=VolumeIndex(real), n_candidates=5)

    def reduce(values: np.ndarray) -> np.ndarray:
        return values.reshape(16, 2, 16, 2, 16, 2).mean(axis=(1, 3, 5))

    details = [reduce(keep_detail(one.astype(np.float64))) for one in real.normalise()]
    scores = np.full((16, N), -1.0)
    for number, turn in enumerate(VOLUME_TURNS):
        turned = keep_detail(np.ascontiguousarray(turn_volume(query.normalise()[0], turn)).astype(np.float64))
        padded, inside = np.pad(turned, 3), np.pad(np.ones_like(turned), 3)
        for shift in np.ndindex(3, 3, 3):
            window = tuple(slice(3 * step, 3 * step + 32) for step in shift)
            kept = reduce(inside[window]) == 1
            moved = reduce(padded[window])[kept]
            for row, detail in enumerate(details):
                scores[number, row] = max(scores[number, row], np.corrcoef(moved, detail[kept])[0, 1])
    order = np.argsort(-scores, axis=None, kind="stable")[:5]
    expected = list(zip(*(part.tolist() for part in np.unravel_index(order, scores.shape)), strict=True))
    assert list(zip(found.turn.tolist(), found.real.tolist(), strict=True)) == expected


def test_results_depend_on_neither_blocks_nor_company_nor_the_order_of_real_volumes(
    real: VolumeThumbnails, strangers: VolumeThumbnails, innocent: VolumeMatches
) -> None:
    order = np.array([2, 0, 3, 1])
    got = search_volumes(queries=strangers.take(order), real=real, block_queries=3, workers=2)
    assert_equal(got, innocent.take(order))
    mixed = np.array([4, 1, 5, 0, 3, 2])
    got = search_volumes(queries=strangers.take(slice(0, 2)), real=real.take(mixed), block_queries=1)
    np.testing.assert_array_equal(mixed[got.real_index], innocent.real_index[:2])
    np.testing.assert_array_equal(got.distance, innocent.distance[:2])


def test_of_equal_real_volumes_the_first_is_taken_and_constant_ones_match_each_other(
    real: VolumeThumbnails,
) -> None:
    flat = make_volume_thumbnails([np.full((4, 5, 6), 90, dtype=np.uint8)])
    twice = VolumeThumbnails(np.concatenate([real.values[[0, 1, 0, 1]], flat.values]))
    queries = VolumeThumbnails(np.concatenate([real.values[[1, 0]], flat.values]))
    found = search_volumes(queries=queries, real=twice)
    assert found.real_index.tolist() == [1, 0, 4]
    np.testing.assert_array_equal(found.distance, 0.0)
    assert np.isnan(found.slice_agreement[2]).all()
    alone = search_volumes(queries=flat, real=real.take(slice(0, 2)))
    assert alone.distance[0] == pytest.approx(np.sqrt(2)) and alone.pixel_agreement[0] == 0


def test_real_volumes_are_left_out_with_their_patients_and_repeats(real: VolumeThumbnails) -> None:
    # Volumes 0 and 1 are one patient's; the last is the mirror image of 2 under another name.
    mirrored = real.values[2:3, :, :, ::-1]
    values = VolumeThumbnails(np.concatenate([real.values[:4], mirrored]))
    searched = []

    def search(rows: np.ndarray, groups: np.ndarray) -> VolumeMatches:
        searched.append(len(rows))
        return search_volumes(
            queries=values.take(rows), real=values, query_groups=groups[rows], real_groups=groups
        )

    found = leave_out(search, np.array([0, 0, 2, 3, 4]))
    assert found.groups.tolist() == [0, 0, 2, 3, 2]
    assert found.repeats.tolist() == [False, False, True, False, True]
    assert (found.groups[found.matches.real_index] != found.groups).all()
    assert (found.radius > 0.4).all()
    assert searched == [5, 2]
    assert found.matches.slice_agreement.shape == (5, 3, 32)


def test_known_pairs_are_what_a_search_among_that_one_volume_finds(
    real: VolumeThumbnails, strangers: VolumeThumbnails
) -> None:
    queries = VolumeThumbnails(np.concatenate([real.values[3:4, ::-1], strangers.values[:1]]))
    found = align_known_volumes(queries=queries, real=real, real_index=np.array([3, 5]))
    assert found.real_index.tolist() == [3, 5]
    assert (found.distance[0], found.turned_over[0], found.transforms[0]) == (0.0, True, Transform.AS_IS)
    alone = search_volumes(queries=queries.take(slice(1, 2)), real=real.take(slice(5, 6)))
    assert found.distance[1] == alone.distance[0] > 0.4
    np.testing.assert_array_equal(found.slice_agreement[1], alone.slice_agreement[0])
    none = align_known_volumes(queries=queries.take(slice(0, 0)), real=real, real_index=np.empty(0, np.intp))
    assert len(none) == 0 and none.shift.shape == (0, 3) and none.transforms == ()


def test_one_real_volume_is_enough_and_none_is_too_few(
    real: VolumeThumbnails, strangers: VolumeThumbnails
) -> None:
    query, same = strangers.take(slice(0, 1)), np.zeros(N, dtype=np.intp)
    small = VolumePreset(n_candidates=1, n_refined=1)
    assert search_volumes(queries=query, real=real.take(slice(0, 1)), preset=small).real_index.tolist() == [0]
    with pytest.raises(TooFewImagesError, match="at least one real volume"):
        search_volumes(queries=query, real=real.take(slice(0, 0)))
    with pytest.raises(TooFewImagesError, match="other groups"):
        search_volumes(queries=query, real=real, query_groups=same[:1], real_groups=same)
    with pytest.raises(ValueError, match="both sides"):
        search_volumes(queries=query, real=real, real_groups=same)
    assert len(search_volumes(queries=query.take(slice(0, 0)), real=real)) == 0


class Recorder(SilentProgress):
    def __init__(self) -> None:
        self.stages: list[tuple[str, int, str]] = []
        self.done = 0

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        self.stages.append((stage, total, unit))

    def advance(self, steps: int = 1) -> None:
        self.done += steps
        if self.done >= 2:
            raise CancelledError("stopped")


def test_progress_hears_of_every_volume_and_may_stop(
    real: VolumeThumbnails, strangers: VolumeThumbnails
) -> None:
    progress = Recorder()
    with pytest.raises(CancelledError):
        search_volumes(
            queries=strangers, real=real, block_queries=1, workers=1, progress=progress, stage="Look"
        )
    assert progress.stages == [("Look", 4, "volumes")] and progress.done == 2

"""One way of comparing images: each image's nearest training image, and the ratios that calibrate it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.audit.aligned_search import AlignedSearch, number_groups
from core.audit.copy_kind import SmallItems
from core.audit.copy_null import CopyNull, Witnesses, choose_null
from core.copies.repeats import are_repeats
from core.copies.search import CopyMatches
from core.datasets.image_set import ImageSet
from core.metrics.calibrated_copies import compute_ratios
from core.metrics.estimate import Array
from core.metrics.nearest_train import LeftOutTrain, find_left_out_train, find_nearest_train
from core.metrics.neighbourhood import DistanceMetric

__all__ = ["Controls", "CopyEvidence", "NearestImages", "SearchedSets", "search_features", "search_pixels"]

# Control pairs kept for readers; a review takes some tens of them.
_MOST_CONTROLS: Final = 500


@dataclass(frozen=True, slots=True)
class NearestImages:
    """The training image nearest to each image of a set, and how well the two agree.

    Attributes:
        real_index: (n,) its row in the real set.
        distance: (n,) in the extractor's units.
        ratio: (n,) rho: that over the training image's own distance to its nearest other one.
        pixels: the pair in pixels, after alignment.
    """

    real_index: NDArray[np.intp]
    distance: NDArray[np.float64]
    ratio: NDArray[np.float64]
    pixels: CopyMatches


@dataclass(frozen=True, slots=True)
class Controls:
    """Real images beside the training image nearest to them: pairs that are no copies.

    Attributes:
        image_set: the held-out set, or the real one.
        rows: which of its images.
        nearest: their pairs.
    """

    image_set: ImageSet
    rows: NDArray[np.intp]
    nearest: NearestImages


@dataclass(frozen=True, slots=True)
class CopyEvidence:
    """What one extractor says of copies.

    Attributes:
        extractor: its name in results.
        synthetic: by set name.
        null: what innocent images score.
        controls: pairs for readers to be tested by.
    """

    extractor: str
    synthetic: Mapping[str, NearestImages]
    null: CopyNull
    controls: Controls


@dataclass(frozen=True)
class SearchedSets:
    """The sets of a study as the search in pixels sees them.

    Attributes:
        real: the real set.
        heldout: the held-out set, or None.
        synthetic: the synthetic sets.
        search: searches the real set.
        thumbnails: by set name, the real set's left out.
        matches: the search's result by set name, the real set's left out.
        false_flag_rate: share of innocent images that may be flagged.
        seed: seeds the draw of controls.
    """

    real: ImageSet
    heldout: ImageSet | None
    synthetic: tuple[ImageSet, ...]
    search: AlignedSearch
    thumbnails: Mapping[str, SmallItems]
    matches: Mapping[str, CopyMatches]
    false_flag_rate: float
    seed: int

    @property
    def innocent(self) -> NDArray[np.intp]:
        """Rows of the held-out set that repeat no training image; none without a held-out set."""
        if self.heldout is None:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(~are_repeats(self.matches[self.heldout.name]))

    @cached_property
    def heldout_groups(self) -> NDArray[np.intp]:
        """(n_heldout,) a group of each held-out image: its patient, and equal pictures."""
        assert self.heldout is not None
        return number_groups([(item.patient, item.pixel_digest) for item in self.heldout.items])

    def draw_controls(self) -> tuple[ImageSet, NDArray[np.intp]]:
        """Draw images whose pairs test readers: held-out ones, else training images."""
        image_set, rows = self.heldout, self.innocent
        if image_set is None or not len(rows):
            image_set, rows = self.real, np.arange(len(self.real))
        if len(rows) > _MOST_CONTROLS:
            rows = np.sort(np.random.default_rng(self.seed).choice(rows, _MOST_CONTROLS, replace=False))
        return image_set, rows


def search_pixels(sets: SearchedSets, *, extractor: str) -> CopyEvidence:
    """Take the aligned search's own distances.

    Raises:
        TooFewImagesError: if there are too few images to calibrate by.
    """
    left_out = sets.search.left_out

    def weigh(found: CopyMatches) -> NearestImages:
        ratio = compute_ratios(
            distance_to_nearest=found.distance, nearest_distance_of_train=left_out.radius[found.real_index]
        )
        return NearestImages(found.real_index, found.distance, ratio, found)

    def weigh_left_out() -> Witnesses:
        ratios = compute_ratios(
            distance_to_nearest=left_out.radius, nearest_distance_of_train=sets.search.match_radius
        )
        return Witnesses(ratios, left_out.groups)

    heldout = None if sets.heldout is None else weigh(sets.matches[sets.heldout.name])
    null = choose_null(
        heldout=None
        if heldout is None
        else Witnesses(heldout.ratio[sets.innocent], sets.heldout_groups[sets.innocent]),
        left_out=weigh_left_out,
        false_flag_rate=sets.false_flag_rate,
        seed=sets.seed,
        noun=sets.search.kind.noun,
    )
    image_set, rows = sets.draw_controls()
    if heldout is not None and image_set is sets.heldout:
        nearest = _take(heldout, rows)
    else:
        matches = left_out.matches.take(rows)
        nearest = NearestImages(matches.real_index, matches.distance, weigh_left_out().ratios[rows], matches)
    synthetic = {one.name: weigh(sets.matches[one.name]) for one in sets.synthetic}
    return CopyEvidence(extractor, synthetic, null, Controls(image_set, rows, nearest))


def search_features(
    sets: SearchedSets,
    features: Mapping[str, Array],
    *,
    extractor: str,
    metric: DistanceMetric,
) -> CopyEvidence:
    """Take distances between features, and compare the pairs found in pixels as well.

    Args:
        sets: the study as the search in pixels sees it.
        features: (n, d) features by set name, the real set's among them.
        extractor: its name in results.
        metric: Euclidean, or Hamming for codes.

    Raises:
        TooFewImagesError: if there are too few images to calibrate by.
        CancelledError: if the search's progress says so.
    """
    real = features[sets.real.name]
    # Repeats of one picture count as one, as they do in pixels.
    groups = [str(group) for group in sets.search.left_out.groups.tolist()]
    left_out = find_left_out_train(real=real, patients=groups, metric=metric)

    def find(name: str, rows: NDArray[np.intp] | None = None) -> tuple[NDArray[np.intp], Array, Array]:
        queries = features[name] if rows is None else features[name][rows]
        near = find_nearest_train(real=real, queries=queries, metric=metric)
        ratio = compute_ratios(
            distance_to_nearest=near.distance, nearest_distance_of_train=left_out.radius[near.index]
        )
        return near.index, near.distance, ratio

    def compare(name: str, index: NDArray[np.intp], rows: NDArray[np.intp] | None = None) -> CopyMatches:
        thumbnails = sets.search.real if name == sets.real.name else sets.thumbnails[name]
        return sets.search.align(
            thumbnails if rows is None else thumbnails.take(rows),
            index,
            stage=f"Comparing pairs of {extractor}: {name}",
        )

    innocent = sets.innocent
    heldout = find(sets.heldout.name, innocent) if sets.heldout is not None and len(innocent) else None
    null = choose_null(
        heldout=None if heldout is None else Witnesses(heldout[2], sets.heldout_groups[innocent]),
        left_out=lambda: Witnesses(_weigh_left_out(left_out), sets.search.left_out.groups),
        false_flag_rate=sets.false_flag_rate,
        seed=sets.seed,
        noun=sets.search.kind.noun,
    )
    image_set, rows = sets.draw_controls()
    if image_set is sets.real:
        index, distance = left_out.nearest.index[rows], left_out.nearest.distance[rows]
        ratio = _weigh_left_out(left_out)[rows]
    else:
        index, distance, ratio = find(image_set.name, rows)
    nearest = NearestImages(index, distance, ratio, compare(image_set.name, index, rows))
    synthetic = {}
    for one in sets.synthetic:
        index, distance, ratio = find(one.name)
        synthetic[one.name] = NearestImages(index, distance, ratio, compare(one.name, index))
    return CopyEvidence(extractor, synthetic, null, Controls(image_set, rows, nearest))


def _weigh_left_out(left_out: LeftOutTrain) -> NDArray[np.float64]:
    return compute_ratios(
        distance_to_nearest=left_out.nearest.distance, nearest_distance_of_train=left_out.match_radius
    )


def _take(nearest: NearestImages, rows: NDArray[np.intp]) -> NearestImages:
    return NearestImages(
        nearest.real_index[rows],
        nearest.distance[rows],
        nearest.ratio[rows],
        nearest.pixels.take(rows),
    )

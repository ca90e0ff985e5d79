"""Copy, real and non-real sets: which synthetic items lie closer to a real one than its own neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.metrics._intervals import estimate_share
from core.metrics.estimate import Array, Estimate
from core.metrics.neighbourhood import Neighbourhood

__all__ = ["COLLAPSE_MARGIN", "CopyLabel", "CopySets", "compute_copy_sets", "decide_collapse_margin"]

# MedSynAnalyzer: added to the copy test's radius when the features' mean standard deviation is at most this.
COLLAPSE_MARGIN = 0.05


class CopyLabel(StrEnum):
    """The set that a synthetic item falls into; the values are those of copies.csv."""

    COPY = "copy"
    REAL = "real"
    NON_REAL = "non-real"


@dataclass(frozen=True, slots=True)
class CopySets:
    """The three sets of a synthetic set, and what follows from their sizes.

    Attributes:
        labels: the set of each synthetic item, in order.
        fidelity: share in the copy or real set; higher is closer to the real images.
        privacy: share outside the copy set. A fresh real image falls into it often, too: hold it against the
            privacy of held-out images.
        precision_privacy: share in the real set, realistic without being a copy.
        collapse_margin: what was added to the copy test's radius; 0 when nothing was.
        note: one sentence when the margin was added, otherwise empty.
    """

    labels: tuple[CopyLabel, ...]
    fidelity: Estimate
    privacy: Estimate
    precision_privacy: Estimate
    collapse_margin: float
    note: str

    @property
    def collapse_margin_fired(self) -> bool:
        """Whether the radius of the copy test was widened because of mode collapse."""
        return self.collapse_margin > 0

    def count(self, label: CopyLabel) -> int:
        """Return the number of synthetic items in a set."""
        return self.labels.count(label)


def decide_collapse_margin(*, synthetic: Array) -> float:
    """Return what MedSynAnalyzer adds to the copy test's radius for these synthetic features.

    Args:
        synthetic: (m, d) features.

    Returns:
        0.05 when the mean over dimensions of the standard deviation is at most 0.05 (mode collapse), else 0.
    """
    collapsed = float(synthetic.std(axis=0, dtype=np.float64).mean()) <= COLLAPSE_MARGIN
    return COLLAPSE_MARGIN if collapsed else 0.0


def compute_copy_sets(neighbourhood: Neighbourhood) -> CopySets:
    """Divide synthetic items into copies, realistic ones and the rest.

    With r_k(i) the distance of real item i to its k-th other real item: a synthetic item is a copy if it lies
    closer than r_1(i) (plus the neighbourhood's collapse margin) to some real item i, real if it is no copy
    and lies closer than r_k(i) to some i, and non-real otherwise.

    Args:
        neighbourhood: relations of the two sets, computed with the margin of `decide_collapse_margin` where
            that option is on.

    Returns:
        The label of each item, and fidelity, privacy and precision-privacy with Wilson intervals.

    References:
        Xing et al., The beauty or the beast: which aspect of synthetic medical images deserves our focus?,
        CBMS 2023 (MedSynAnalyzer).
    """
    is_copy = neighbourhood.in_copy_ball
    is_real = neighbourhood.in_real_ball & ~is_copy
    labels = np.select(
        [is_copy, is_real], [CopyLabel.COPY.value, CopyLabel.REAL.value], CopyLabel.NON_REAL.value
    )

    def share(members: NDArray[np.bool_]) -> Estimate:
        return estimate_share(members, n_real=neighbourhood.n_real, n_synthetic=neighbourhood.n_synthetic)

    margin = neighbourhood.collapse_margin
    note = (
        f"The synthetic features hardly vary (mode collapse), so {margin:g} was added to the copy radius."
        if margin > 0
        else ""
    )
    return CopySets(
        labels=tuple(CopyLabel(label) for label in labels.tolist()),
        fidelity=share(is_copy | is_real),
        privacy=share(~is_copy),
        precision_privacy=share(is_real),
        collapse_margin=margin,
        note=note,
    )

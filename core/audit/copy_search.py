"""Searches a study for copies, and says which pictures stand in the way of judging them."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.aligned_search import AlignedSearch
from core.audit.copy_evidence import SearchedSets
from core.audit.protocol import Execution, Protocol
from core.config import Settings
from core.datasets.image_set import ImageSet, Role
from core.progress import Progress

__all__ = ["search_study"]


def search_study(
    sets: Sequence[ImageSet],
    *,
    protocol: Protocol,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> tuple[SearchedSets, tuple[str, ...]]:
    """Search the real set for what each image of the other sets may be a copy of.

    Returns:
        The study as searched, and one sentence each on pictures that stand in more than one real image.

    Raises:
        TooFewImagesError: if there are too few different real images.
        CancelledError: if progress says so.
    """
    real = sets[0]
    search = AlignedSearch(real, execution=execution, settings=settings, progress=progress)
    thumbnails = {one.name: search.load_thumbnails(one) for one in sets[1:]}
    left_out = search.left_out
    searched = SearchedSets(
        real=real,
        heldout=next((one for one in sets if one.role is Role.HELDOUT), None),
        synthetic=tuple(one for one in sets if one.role is Role.SYNTHETIC),
        search=search,
        thumbnails=thumbnails,
        matches={one.name: search.search(one, thumbnails[one.name]) for one in sets[1:]},
        false_flag_rate=protocol.false_flag_rate,
        seed=protocol.seed,
    )
    warnings, noun = [], search.kind.noun
    n_repeated = int(left_out.repeats.sum())
    if n_repeated:
        warnings.append(
            f"{n_repeated:,} of {len(real):,} real {noun} show the same picture as "
            "another one, as it is, turned, or with another contrast: they count as one where copies are "
            "searched."
        )
    if searched.heldout is not None:
        n_leaks = len(searched.heldout) - len(searched.innocent)
        if n_leaks:
            warnings.append(
                f"{n_leaks:,} of {len(searched.heldout):,} held-out {noun} show the "
                f"same picture as a real (train) {noun[:-1]}, as it is, turned, or with another contrast: "
                "they are left out where copies are calibrated, and every other number against the held-out "
                "set is too good."
            )
    return searched, tuple(warnings)

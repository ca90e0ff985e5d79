"""What the viewer needs of pairs of volumes, before their verdict and after it."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.items import load_items
from core.audit.pairs import load_pairs
from core.config import Settings
from core.db.review_record import ReviewPair
from core.errors import InputError
from core.jobs.job_folder import items_folder
from core.review.volume_match import VolumeMatch, find_matches
from pages._shared.viewer import ViewedVolume

__all__ = ["find_volumes"]


def find_volumes(
    settings: Settings, audit_id: str, pairs: Sequence[ReviewPair]
) -> dict[int, tuple[ViewedVolume, VolumeMatch]]:
    """Describe the pairs of volumes among some, by their number; pictures are left out.

    Args:
        settings: the workspace.
        audit_id: the audit that the pairs are of.
        pairs: pairs of a review.
    """
    folder = items_folder(settings, audit_id)
    try:
        items = load_items(folder)
        if "slices" not in items.table.column_names:
            return {}  # a set holds pictures or volumes
        volumes = [pair for pair in pairs if pair.real_id in items and items[pair.real_id].slices > 1]
        matches = find_matches(load_pairs(folder), volumes) if volumes else {}
    except InputError:
        # The images themselves say what is wrong, once they are asked for.
        return {}
    found = {}
    for pair in volumes:
        real, query = (items[one] for one in (pair.real_id, pair.query_id))
        match = matches.get(pair.number, VolumeMatch())
        shape = (real.slices, real.height, real.width)
        viewed = ViewedVolume(
            real=shape,
            query=(query.slices, query.height, query.width),
            shift=match.shift,
            is_turned_over=match.is_turned_over,
            start=match.find_start(shape),
        )
        found[pair.number] = (viewed, match)
    return found

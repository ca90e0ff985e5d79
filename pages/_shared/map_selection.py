"""What was selected on a map: counts, images, a list to download, and the way into a review."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from core.db.database import Database
from core.db.reviews import list_reviews
from core.errors import MedSynError
from core.maps.map_points import STATUSES, MapPoints, count_by_set, unpack_selection, write_selection
from core.review.appending import append_items
from pages._shared.gallery import show_gallery
from pages._shared.links import PRIVACY
from pages._shared.names import escape_markdown, show_name

__all__ = ["show_selection"]


def show_selection(
    database: Database, folder: Path, audit_id: str, map_key: str, points: MapPoints, bits: str
) -> None:
    """Show the images of a selection, within the map's fragment.

    Args:
        database: the workspace's.
        folder: the audit's folder.
        audit_id: the audit.
        map_key: the map.
        points: what is on the map.
        bits: what `pages._shared.scatter.show_scatter` returned.
    """
    # However much there is to tell, the gallery below keeps its place.
    told = st.container()
    if not bits:
        told.caption(
            "Nothing is selected. Draw around images with the lasso, or click one, to see them here."
        )
        show_gallery(audit_id, (), key="selected", within_fragment=True)
        return
    rows = unpack_selection(bits, len(points.table))
    counts = {name: pair for name, pair in count_by_set(points, rows).items() if pair[0]}
    chosen = points.table.iloc[rows]
    ids = chosen["id"].tolist()
    with told:
        st.subheader(f"{len(rows):,} {'image' if len(rows) == 1 else 'images'} selected", anchor=False)
        st.text(
            "; ".join(f"{show_name(name)} {n:,} of {total:,}" for name, (n, total) in counts.items()) + "."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                "List as CSV",
                partial(write_selection, points, rows),
                file_name=f"selection-{audit_id}-{map_key}.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                help="Id, set, class, file, digest and copy search of each selected image.",
            )
            synthetic = chosen.loc[chosen["role"] == "synthetic", "id"].tolist()
            if synthetic and points.judged_by is not None:
                with st.popover("Add to a review", icon=":material/rate_review:"):
                    _offer_review(database, folder, audit_id, synthetic, n_real=len(ids) - len(synthetic))
    place_of = {item_id: at for at, item_id in enumerate(ids)}

    def describe(item_id: str) -> str:
        record = chosen.iloc[place_of[item_id]]
        label, copies = record["label"], STATUSES[1] if record["status"] == 1 else ""
        first = show_name(record["set"]) + (f", {show_name(label)}" if isinstance(label, str) else "")
        return "\n".join(filter(None, (first, show_name(record["item"]), copies)))

    show_gallery(audit_id, ids, key="selected", captions=describe, within_fragment=True)


def _offer_review(
    database: Database, folder: Path, audit_id: str, synthetic: Sequence[str], *, n_real: int
) -> None:
    reviews = {one.id: one.name for one in list_reviews(database, audit_id) if not one.is_locked}
    if not reviews:
        st.write("This audit has no open review; start one first.")
        st.page_link(PRIVACY, label="Privacy review", query_params={"audit": audit_id})
        return
    many = f"{len(synthetic):,} synthetic {'image' if len(synthetic) == 1 else 'images'}"
    st.write(
        f"{many}, each with its nearest real image, would be put behind the pairs that wait. "
        + (f"The {n_real:,} real images selected have no pair to judge and are skipped. " if n_real else "")
        + "Pairs that joined a review stay in it."
    )
    review_id = st.selectbox("Review", list(reviews), format_func=reviews.__getitem__, required=True)
    if st.button(f"Add {many}", type="primary", key="add_to_review"):
        try:
            done = append_items(database, str(review_id), folder, synthetic)
        except MedSynError as error:
            st.error(escape_markdown(str(error)))
            return
        already = f" {done.n_present:,} were in it already." if done.n_present else ""
        without = f" {done.n_without_pair:,} have no pair." if done.n_without_pair else ""
        st.success(f"{done.n_added:,} added to {escape_markdown(reviews[str(review_id)])}.{already}{without}")
        st.page_link(
            PRIVACY, label="To the review", query_params={"audit": audit_id, "review": str(review_id)}
        )

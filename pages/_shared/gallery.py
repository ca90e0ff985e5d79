"""A gallery of an audit's images: thumbnails by signed addresses, each enlarged without loss on a click."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import streamlit as st

from pages._shared.assets import read_assets
from pages._shared.image_addresses import address_image
from pages._shared.volume_address import address_volume

__all__ = ["show_gallery"]


# Thumbnails are fetched larger than they are shown, for screens with more than one dot a pixel.
_FETCHED: Final = 1.5


def show_gallery(
    audit_id: str,
    item_ids: Sequence[str],
    *,
    key: str,
    captions: Mapping[str, str] | Callable[[str], str] | None = None,
    page_size: int = 48,
    side_px: int = 144,
    within_fragment: bool = False,
) -> None:
    """Show images as thumbnails, a page of them at a time; a click or Enter opens one in full resolution.

    Turning pages runs only the gallery again, or the fragment that it is a part of. It opens at its first
    page whenever the images are others.

    Args:
        audit_id: the audit.
        item_ids: its items in the order wanted; repeats are shown again.
        key: name of the gallery within the app.
        captions: text below an image by item id, or what makes it, which is asked for the page shown alone;
            further lines, parted by a line feed, are smaller. It is shown as text, never as markup.
        page_size: images a page.
        side_px: side of the square that a thumbnail is fitted into.
        within_fragment: whether a fragment shows it, which then has to show it without images, too. Where a
            fragment runs again before the browser was sent what it wrote last, Streamlit takes that back, but
            sends what a fragment within it wrote, for places that the browser does not have: the page dies.
    """
    given = {} if captions is None or callable(captions) else captions
    describe = captions if callable(captions) else lambda item_id: given.get(item_id, "")
    if within_fragment:
        _show(audit_id, tuple(item_ids), key, describe, page_size, side_px)
    elif item_ids:
        st.fragment(_show)(audit_id, tuple(item_ids), key, describe, page_size, side_px)


def _show(
    audit_id: str,
    item_ids: tuple[str, ...],
    key: str,
    describe: Callable[[str], str],
    page_size: int,
    side_px: int,
) -> None:
    # Also without images: of what a fragment takes back, Streamlit still sends large elements that the
    # browser has had before, and their places have to be there then.
    turning, images = st.container(), st.container()
    if not item_ids:
        return
    n_pages = -(-len(item_ids) // page_size)
    shown, place = hash((audit_id, item_ids)), f"{key}_page"
    if st.session_state.get(f"{key}_of") != shown:
        st.session_state[f"{key}_of"], st.session_state[place] = shown, 0
    page = min(st.session_state[place], n_pages - 1)
    first = page * page_size
    part = item_ids[first : first + page_size]
    if n_pages > 1:
        span = f"{first + 1:,} to {first + len(part):,} of {len(item_ids):,}"
        with turning:
            _show_turning(key, place, page, n_pages, span)
    fetched = min(512, round(side_px * _FETCHED))
    data = {
        "items": [
            {
                "id": one,
                "thumbnail": address_image(audit_id, one, form="thumbnail", side_px=fetched),
                "samples": address_image(audit_id, one, form="samples"),
                "volume": address_volume(audit_id, one),
                "caption": describe(one),
            }
            for one in part
        ],
        "sidePx": side_px,
        "first": first,
        "total": len(item_ids),
    }
    # Addresses that ran out are asked for again: the fragment runs, and signs new ones.
    with images:
        _COMPONENT(key=f"{key}_images", data=data, on_expired_change=_ignore)


def _show_turning(key: str, place: str, page: int, n_pages: int, span: str) -> None:
    def turn(to: int) -> None:
        st.session_state[place] = to

    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_turning"):
        for label, icon, to, can in (
            ("Previous page", "chevron_left", page - 1, page > 0),
            ("Next page", "chevron_right", page + 1, page + 1 < n_pages),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{key}_{icon}",
                on_click=turn,
                args=(to,),
                disabled=not can,
            )
        st.caption(f"Images {span}, page {page + 1:,} of {n_pages:,}.", width="content")


def _ignore() -> None:
    """Stand in for the callback without which Streamlit does not run the gallery again."""


_COMPONENT = st.components.v2.component(
    "medsynaudit_gallery",
    css=read_assets("stage/large.css", "gallery/gallery.css"),
    js=read_assets(
        "stage/make.js", "stage/fit.js", "stage/lossless.js", "stage/slices.js", "gallery/gallery.js"
    ),
)

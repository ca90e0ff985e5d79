"""The raters of a session: a link each to copy or open, more raters, and links taken back."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import streamlit as st

from core.config import Settings
from core.db.database import Database
from core.db.raters import list_raters, rename_rater, revoke_rater
from core.db.rating_record import RaterRecord, RatingSessionRecord
from core.errors import MedSynError
from core.rating.rater_link import make_rater_path
from core.rating.session import invite_rater
from pages._shared.access import is_loopback
from pages._shared.names import escape_markdown
from pages._shared.selection import choose

__all__ = ["show_links"]

_PER_PAGE: Final = 12
_NAME: Final = "What lists call the link; a number will do."


def show_links(database: Database, settings: Settings, session: RatingSessionRecord, *, path: str) -> None:
    """Show each rater's link, and what can be done with it.

    Args:
        database: where raters are kept.
        settings: the workspace, which signs links.
        session: the session.
        path: the page's own path in the address, such as `rating-sessions`.
    """
    if session.closed_at is not None:
        st.caption("The session is closed: links take no more answers.")
        return
    raters = list_raters(database, session.id)
    base = _find_base(path)
    st.caption(
        "Whoever holds a link rates under it, without an account, and sees nothing else. A browser that was "
        "closed goes on at the very trial."
    )
    if is_loopback(urlsplit(base).hostname or ""):
        st.info(
            "These links lead to this machine only, as the dashboard does: raters sit here, or the dashboard "
            "is opened to others first, with a login that they do not have. Whoever opens the dashboard "
            "itself can see which images are fake."
        )
    for rater in _choose_page(raters):
        _show_rater(database, settings, rater, base)
    _show_adding(database, session, len(raters))


def _choose_page(raters: tuple[RaterRecord, ...]) -> tuple[RaterRecord, ...]:
    if len(raters) <= _PER_PAGE:
        return raters
    starts = range(0, len(raters), _PER_PAGE)
    pages = {f"{at}": f"{at + 1} to {min(at + _PER_PAGE, len(raters))} of {len(raters)}" for at in starts}
    at = int(choose("Links", pages, param="links"))
    return raters[at : at + _PER_PAGE]


def _show_rater(database: Database, settings: Settings, rater: RaterRecord, base: str) -> None:
    name_place, link_place, act_place = st.columns([1, 4, 1.6], vertical_alignment="center")
    name_place.markdown(f"**{escape_markdown(rater.name)}**")
    is_active = rater.revoked_at is None and rater.finished_at is None
    with act_place.container(horizontal=True):
        if is_active:
            link = base + make_rater_path(settings, rater.id)
            link_place.code(link, language=None)
            st.link_button("Open", link, icon=":material/open_in_new:", key=f"open_{rater.id}")
        elif rater.finished_at is not None:
            link_place.caption("Has finished.")
        else:
            link_place.caption("This link was taken back; what was answered before stays.")
        with st.popover("Change", key=f"change_{rater.id}"):
            _show_change(database, rater, can_revoke=is_active)


def _show_change(database: Database, rater: RaterRecord, *, can_revoke: bool) -> None:
    name = st.text_input("Name", rater.name, max_chars=80, key=f"name_{rater.id}", help=_NAME)
    renames = st.button("Rename", key=f"rename_{rater.id}", disabled=name.strip() == rater.name)
    revokes = False
    if can_revoke:
        st.caption("A link that was taken back stops working for good; answers that were given stay.")
        revokes = st.button("Take the link back", icon=":material/link_off:", key=f"revoke_{rater.id}")
    if not (renames or revokes):
        return
    try:
        if renames:
            rename_rater(database, rater.id, name)
        else:
            revoke_rater(database, rater.id)
    except MedSynError as error:
        st.error(escape_markdown(str(error)))
        return
    st.rerun()


def _show_adding(database: Database, session: RatingSessionRecord, n_raters: int) -> None:
    with st.popover("Add a rater", icon=":material/person_add:"):
        name = st.text_input(
            "Name",
            f"Rater {n_raters + 1}",
            max_chars=80,
            key=f"rater_name_{session.id}_{n_raters}",
            help=_NAME,
        )
        if not st.button("Make a link", type="primary"):
            return
        try:
            invite_rater(database, session.id, name)
        except MedSynError as error:
            st.error(escape_markdown(str(error)))
            return
    st.rerun()


def _find_base(path: str) -> str:
    """Where the dashboard is, as this browser calls it; links begin with it."""
    return str(st.context.url or "").rstrip("/").removesuffix(f"/{path}").rstrip("/")

"""Addresses of images, maps and jobs: signed, short-lived, and naming an item's id, never its file."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final, Literal
from urllib.parse import urlencode

import streamlit as st

from core.config import Settings, get_settings
from core.workspace_key import load_workspace_key

__all__ = [
    "JOBS_ADDRESS",
    "LOGIN_COOKIE",
    "MAX_THUMBNAIL_PX",
    "Form",
    "address_image",
    "address_jobs",
    "address_map",
    "address_pattern",
    "address_stimulus",
    "is_signed",
    "name_jobs",
    "name_map",
]

LOGIN_COOKIE: Final = "_streamlit_user"
JOBS_ADDRESS: Final = "/jobs/active"
MAX_THUMBNAIL_PX: Final = 512

# Long enough to look at what was asked for; addresses stay the same for as long, so that pages need not
# fetch an image again with each run.
_STEP_S: Final = 900

Form = Literal["samples", "slice", "thumbnail"]

# Stands for all items of an audit; no item is called so.
_ANY: Final = "*"


def address_image(audit_id: str, item_id: str, *, form: Form, side_px: int = 0) -> str:
    """Return the address of an item's image, good for this visitor and for 15 to 30 minutes.

    Args:
        audit_id: an audit.
        item_id: one of its items.
        form: `samples` for lossless samples (`core.images.encoding.Samples`), `thumbnail` for a small PNG,
            `slice` for lossless samples of any slice of a volume: whoever asks adds plane, index, turn and
            over (`pages._shared.slice_answer`), which are not signed, since all slices are one image.
        side_px: the thumbnail's larger side, at most 512.
    """
    query = _sign_query(audit_id, item_id, form=form, side_px=side_px)
    return f"/images/{audit_id}/{item_id}?{query}"


def address_pattern(audit_id: str, *, form: Form, side_px: int = 0) -> str:
    """Return an address in which `{item}` is to be replaced by the id of any of the audit's items.

    One signature for a whole audit, for a page that shows any of many images at once. It is good for this
    visitor and as long as the addresses of single items.

    Args:
        audit_id: an audit.
        form: as in `address_image`.
        side_px: as in `address_image`.
    """
    return f"/images/{audit_id}/{{item}}?{_sign_query(audit_id, _ANY, form=form, side_px=side_px)}"


def address_map(audit_id: str, key: str) -> str:
    """Return the address of a map's points, good for this visitor and as long as those of images.

    Args:
        audit_id: an audit.
        key: one of its maps.
    """
    return f"/maps/{audit_id}/{key}?{_sign_query(audit_id, name_map(key), form='map', side_px=0)}"


def address_jobs(study_id: str | None, kind: str | None) -> str:
    """Return the address of the jobs that wait or run, good for this visitor and as long as those of images.

    Args:
        study_id: only this study's.
        kind: only jobs of this kind.
    """
    chosen = {name: value for name, value in (("study", study_id), ("kind", kind)) if value is not None}
    signed = _sign_query(JOBS_ADDRESS, name_jobs(study_id, kind), form="jobs", side_px=0)
    return f"{JOBS_ADDRESS}?{'&'.join(filter(None, (urlencode(chosen), signed)))}"


def address_stimulus(session_id: str, number: int) -> str:
    """Return the address of an image as raters of a session saw it, good as long as those of other images.

    It is for researchers: raters have addresses of their own, which do not tell one image from another.

    Args:
        session_id: a rating session.
        number: the image's place in the session's list.
    """
    return f"/images/{session_id}/{number}?{_sign_query(session_id, f'{number}', form='stimulus', side_px=0)}"


def name_jobs(study_id: str | None, kind: str | None) -> str:
    """What a signature calls the jobs of a study and kind; no item is called so."""
    return f"jobs {study_id!r} {kind!r}"


def name_map(key: str) -> str:
    """What a signature calls a map; no item is called so."""
    return f"map {key}"


def is_signed(
    settings: Settings, audit_id: str, item_id: str, asked: dict[str, str], *, signature: str, visitor: str
) -> bool:
    """Tell whether an address was given to this visitor and is still good.

    Args:
        settings: the workspace, which keeps the key.
        audit_id: as in the address.
        item_id: as in the address; signatures of `address_pattern` are good for all of the audit.
        asked: form, side and until, as in the address.
        signature: as in the address.
        visitor: the login cookie that came with the request, empty without a login.
    """
    until = asked["until"]
    if not (until.isascii() and until.isdecimal()) or int(until) < time.time():
        return False
    return any(
        hmac.compare_digest(_sign(settings, audit_id, what, asked, visitor).encode(), signature.encode())
        for what in (item_id, _ANY)
    )


def _sign_query(audit_id: str, what: str, *, form: str, side_px: int) -> str:
    until = (int(time.time()) // _STEP_S + 2) * _STEP_S
    visitor = str(st.context.cookies.get(LOGIN_COOKIE, ""))
    asked = {"form": form, "side": str(side_px), "until": str(until)}
    signature = _sign(get_settings(), audit_id, what, asked, visitor)
    return urlencode(asked | {"signature": signature})


def _sign(settings: Settings, audit_id: str, item_id: str, asked: dict[str, str], visitor: str) -> str:
    who = hashlib.sha256(visitor.encode()).hexdigest()
    text = "\0".join((audit_id, item_id, asked["form"], asked["side"], asked["until"], who))
    return hmac.new(load_workspace_key(settings.home), text.encode(), "sha256").hexdigest()

"""The viewer of image pairs: two linked stages in the browser, and verdicts by keys that are never lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.plots.difference import DIFFERENCE_STOPS
from pages._shared.assets import read_assets

__all__ = ["Judged", "Queue", "ViewedPair", "ViewedVolume", "read_viewer", "show_viewer"]


@dataclass(frozen=True, slots=True)
class ViewedVolume:
    """What a reader may know of a pair of volumes before the verdict.

    Attributes:
        real: slices, rows and columns of the real volume.
        query: those of the volume under review, as stored.
        shift: by which shares of its extent along slices, rows and columns the volume under review, turned,
            is moved onto the real one.
        is_turned_over: whether it is turned over, head to foot, after its axial slices are turned.
        start: number of the real volume's axial, coronal and sagittal slice that is shown first.
    """

    real: tuple[int, int, int]
    query: tuple[int, int, int]
    shift: tuple[float, float, float]
    is_turned_over: bool
    start: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ViewedPair:
    """A pair as a reader may see it before the verdict; whatever is in here reaches the browser.

    Attributes:
        query: address of the image under review, as samples; of a volume, of its slices.
        real: address of the real training image, likewise.
        transform: the flip or turn that the image under review is shown with, by name.
        warp: six numbers that lay it, so turned, on the real one; None leaves it where it is.
        remark: one sentence shown with the pair.
        volume: what there is to know of volumes; None of pictures.
    """

    query: str
    real: str
    transform: str
    warp: Sequence[float] | None = None
    remark: str = ""
    volume: ViewedVolume | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict of this reader that holds, and what may be known of the pair since.

    Attributes:
        verdict: what was said.
        confidence: 1 to 5, or None.
        note: free text.
        evidence: sentences.
        agreement: of volumes, see `core.review.volume_match.VolumeMatch`.
    """

    verdict: str
    confidence: int | None
    note: str
    evidence: tuple[str, ...] = ()
    agreement: tuple[tuple[float | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """What a reader reads.

    Attributes:
        identity: names review, reader and stage; what the browser keeps is kept under it.
        numbers: pairs in reading order.
        pairs: those near the ones being read, by number.
        judged: by number, in the order of the verdicts, the latest last.
        acknowledged: tokens of verdicts that are stored.
        problem: why verdicts handed in could not be stored, one sentence; empty where they were.
        locked: why no verdict is taken any more, one sentence; empty while they are.
        filtered: whether `numbers` is a part of the review.
        empty: what to say where `numbers` is empty.
    """

    identity: str
    numbers: Sequence[int]
    pairs: Mapping[int, ViewedPair]
    judged: Mapping[int, Judged]
    acknowledged: Iterable[str] = ()
    problem: str = ""
    locked: str = ""
    filtered: bool = False
    empty: str = field(default="No pair to read.")


def read_viewer(key: str) -> tuple[list[Mapping[str, Any]], int | None]:
    """Read what the browser handed in, before the viewer is shown again.

    Args:
        key: name of the viewer within the app.

    Returns:
        Verdicts that it has not seen acknowledged, in their order, and the pair around which it asks for
        addresses. They come from a browser: nothing about them is checked.
    """
    state = st.session_state.get(key) or {}
    handed, around = state.get("pending") or {}, state.get("around") or {}
    entries = handed.get("entries") if isinstance(handed, Mapping) else None
    number = around.get("number") if isinstance(around, Mapping) else None
    return (
        [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else [],
        number if isinstance(number, int) else None,
    )


def show_viewer(queue: Queue, *, key: str) -> None:
    """Show the viewer.

    Args:
        queue: what is read.
        key: name of the viewer within the app; another one for each reader, so that nobody's verdicts are
            taken for somebody else's.
    """
    data = {
        "identity": queue.identity,
        "queue": list(queue.numbers),
        "pairs": {str(number): _encode_pair(pair) for number, pair in queue.pairs.items()},
        "verdicts": {
            str(number): {"verdict": one.verdict, "confidence": one.confidence, "note": one.note}
            for number, one in queue.judged.items()
        },
        "history": list(queue.judged),
        "evidence": {str(number): list(one.evidence) for number, one in queue.judged.items() if one.evidence},
        "agreement": {
            str(number): list(map(list, one.agreement))
            for number, one in queue.judged.items()
            if one.agreement
        },
        "acknowledged": list(queue.acknowledged),
        "problem": queue.problem,
        "locked": queue.locked,
        "filtered": queue.filtered,
        "empty": queue.empty,
        "stops": list(DIFFERENCE_STOPS),
    }
    _COMPONENT(key=key, data=data, on_pending_change=_ignore, on_around_change=_ignore)


def _encode_pair(pair: ViewedPair) -> Mapping[str, Any]:
    seen = {
        "query": pair.query,
        "real": pair.real,
        "transform": pair.transform,
        "warp": None if pair.warp is None else list(pair.warp),
        "remark": pair.remark,
    }
    volume = pair.volume
    if volume is None:
        return seen
    return seen | {
        "volume": {
            "real": list(volume.real),
            "query": list(volume.query),
            "shift": list(volume.shift),
            "over": volume.is_turned_over,
            "start": list(volume.start),
        }
    }


def _ignore() -> None:
    """Stand in for the callbacks without which Streamlit keeps no state."""


_SCRIPTS = (
    "viewer/transforms.js",
    "viewer/planes.js",
    "viewer/samples.js",
    "viewer/feed.js",
    "viewer/windowing.js",
    "viewer/difference.js",
    "viewer/pending.js",
    "viewer/standing.js",
    "viewer/keys.js",
    "viewer/controls.js",
    "viewer/stage.js",
    "viewer/gestures.js",
    "viewer/slices.js",
    "viewer/status.js",
    "viewer/viewer.js",
)
# One module from several files: nothing is built, and the browser loads nothing but Streamlit's own message.
_COMPONENT = st.components.v2.component(
    "medsynaudit_viewer",
    css=read_assets("viewer/viewer.css"),
    js=read_assets(*_SCRIPTS),
)

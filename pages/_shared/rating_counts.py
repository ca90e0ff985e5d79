"""How many images of each set and class a session shows: a grid of numbers that begins spread evenly."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from core.errors import InputError
from core.rating.available import N_USUAL, AvailableImages, propose_counts, spread_over_classes
from core.rating.design import RealSource, SessionDesign, SetCount, Task
from pages._shared.names import escape_markdown, show_name

__all__ = ["choose_counts", "choose_total"]

# With more classes a set has one number, which is spread over its classes.
_MOST_COLUMNS: Final = 4
_MOST_IMAGES: Final = 4000
_TOTAL = (
    "Real and synthetic images together, repeats, training and checks not counted; published sessions had 50 "
    "to 60. Another number spreads anew what stands below."
)

Cell = tuple[str | None, str | None]


def choose_total(like: SessionDesign | None = None) -> int:
    """Ask for the number of images, from which the numbers by set and class begin.

    Args:
        like: a design to begin with.
    """
    usual = N_USUAL if like is None else min(_MOST_IMAGES, like.n_real + like.n_synthetic)
    n_total: int = st.number_input("Images", 2, _MOST_IMAGES, usual, 2, key="rating_total", help=_TOTAL)
    return n_total


def choose_counts(
    available: AvailableImages,
    *,
    synthetic: Sequence[str],
    classes: Sequence[str | None],
    real_source: RealSource,
    task: Task,
    n_total: int,
    like: SessionDesign | None = None,
) -> tuple[SetCount, ...]:
    """Ask for the number of images by set and class.

    Args:
        available: what the study has.
        synthetic: the synthetic sets that take part.
        classes: the classes that take part.
        real_source: where real images come from.
        task: in pairs the real images follow from the synthetic ones.
        n_total: images in all where the numbers begin.
        like: a design whose numbers they begin with, while sets, classes and their sum are its own.

    Raises:
        InputError: if there are not as many images, with what to change.
    """
    proposed = propose_counts(
        available,
        synthetic=synthetic,
        classes=classes,
        real_source=real_source,
        task=task,
        n_total=n_total,
    )
    start = {(one.synthetic, one.class_name): one.n for one in proposed}
    if like is not None and n_total == like.n_real + like.n_synthetic:
        kept = {(one.synthetic, one.class_name): one.n for one in like.counts}
        if {one for one, _ in kept} == {None, *synthetic} and {name for _, name in kept} == {*classes}:
            start = kept
    caps: dict[Cell, int] = {(None, name): available.real(real_source).get(name, 0) for name in classes}
    caps |= {(one, name): available.synthetic[one].get(name, 0) for one in synthetic for name in classes}
    rows = (None, *synthetic) if task is Task.SINGLE else tuple(synthetic)
    # Another choice above begins anew from its own spread.
    context = hashlib.sha256(repr((rows, classes, real_source, n_total, caps)).encode()).hexdigest()[:12]
    titles = {None: f"Real ({_SOURCES[real_source]})"} | {one: one for one in synthetic}
    if len(classes) > _MOST_COLUMNS:
        chosen = _ask_by_set(rows, classes, caps, start, titles, context)
    else:
        chosen = _ask_by_class(rows, classes, caps, start, titles, context)
    if task is Task.PAIR:
        chosen = _match_pairs(chosen, caps, real_source) | chosen
    if not any(chosen.values()):
        raise InputError("No image is shown; raise at least one number, or choose other sets or classes.")
    return tuple(SetCount(synthetic=one, class_name=name, n=n) for (one, name), n in chosen.items() if n)


_SOURCES: Final = {RealSource.HELDOUT: "held-out", RealSource.TRAIN: "train"}


def _ask_by_class(
    rows: Sequence[str | None],
    classes: Sequence[str | None],
    caps: Mapping[Cell, int],
    start: Mapping[Cell, int],
    titles: Mapping[str | None, str],
    context: str,
) -> dict[Cell, int]:
    """One number a set and class."""
    widths = [2, *[1] * len(classes), 1]
    for place, name in zip(st.columns(widths)[1:-1], classes, strict=True):
        if name is not None:
            place.caption(escape_markdown(show_name(name)))
    chosen: dict[Cell, int] = {}
    for one in rows:
        title_place, *places, total_place = st.columns(widths, vertical_alignment="center")
        title_place.text(titles[one])
        for place, name in zip(places, classes, strict=True):
            chosen[one, name] = place.number_input(
                titles[one] if name is None else f"{titles[one]}, {show_name(name)}",
                0,
                caps[one, name],
                min(start.get((one, name), 0), caps[one, name]),
                key=f"rating_n_{context}_{one}_{name}",
                label_visibility="collapsed",
                disabled=not caps[one, name],
            )
        have = sum(caps[one, name] for name in classes)
        total_place.caption(f"{sum(chosen[one, name] for name in classes):,} of {have:,}")
    return chosen


def _ask_by_set(
    rows: Sequence[str | None],
    classes: Sequence[str | None],
    caps: Mapping[Cell, int],
    start: Mapping[Cell, int],
    titles: Mapping[str | None, str],
    context: str,
) -> dict[Cell, int]:
    """One number a set, spread over its classes."""
    st.caption(
        f"Each set's images are spread evenly over the {len(classes)} classes; choose at most "
        f"{_MOST_COLUMNS} classes to set numbers class by class."
    )
    chosen: dict[Cell, int] = {}
    for one in rows:
        title_place, place, total_place, _ = st.columns([2, 1, 1, 2], vertical_alignment="center")
        title_place.text(titles[one])
        own = {name: caps[one, name] for name in classes}
        have = sum(own.values())
        n = place.number_input(
            titles[one],
            0,
            have,
            min(sum(start.get((one, name), 0) for name in classes), have),
            key=f"rating_n_{context}_{one}",
            label_visibility="collapsed",
            disabled=not have,
        )
        total_place.caption(f"of {have:,}")
        chosen |= {(one, name): share for name, share in spread_over_classes(own, n).items()}
    return chosen


def _match_pairs(
    chosen: Mapping[Cell, int], caps: Mapping[Cell, int], real_source: RealSource
) -> dict[Cell, int]:
    """Real images beside the synthetic ones: as many in each class."""
    needed = Counter[str | None]()
    for (_, name), n in chosen.items():
        needed[name] += n
    for name, n in needed.items():
        if n > caps[None, name]:
            what = "" if name is None else f" of {show_name(name)}"
            raise InputError(
                f"These pairs take {n:,} real images{what}, and the {_SOURCES[real_source]} set has "
                f"{caps[None, name]:,}; take fewer synthetic ones, or real images from the other set."
            )
    st.caption(f"Beside them as many real images of the same classes: {sum(needed.values()):,}.")
    return {(None, name): n for name, n in needed.items()}

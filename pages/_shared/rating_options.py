"""Every setting of a rating session besides its images, with what it does."""

from __future__ import annotations

import secrets
from typing import Any, Final

import streamlit as st

from core.rating.design import SessionDesign, Task, Timing
from pages._shared.intensity_choice import choose_intensity
from pages._shared.selection import choose

__all__ = ["choose_options", "choose_task", "choose_timing"]

_TASKS: Final = {
    Task.SINGLE.value: "One image: is it real or fake?",
    Task.PAIR.value: "Two images, one of them fake: which?",
}
_TIMINGS: Final = {
    Timing.UNTIMED.value: "Until the answer",
    Timing.FIXED.value: "For a fixed time, then a mask",
    Timing.STAIRCASE.value: "HYPE staircase: shorter after right answers, longer after wrong ones",
}
_TASK = (
    "One image at a time gives the fake identification rate with false alarms on real images. In pairs "
    "(two-alternative forced choice) a rater's leaning to say fake has no influence; guessing is 50 %."
)
_TIMING = (
    "A fixed time and the staircase count frames of the rater's screen; what was measured is kept with each "
    "answer."
)
_TRAINING = "Trials that say right or wrong after the answer, on images of their own; they enter no number."
_REPEATS = "Trials that come a second time, to tell how often a rater says the same of the same image."
_CHECKS = "Images whose blocks are shuffled, obviously no real ones: who misses them was not looking."
_CONFIDENCE = "From 1 (a guess) to 5 (certain) after each answer: gives an ROC curve, and takes a key more."
_JOINT = "Several experts sit together and agree on one answer; each gives role and years of experience."
_SCORE = "After the last trial a rater sees how many were right; what raters tell each other may bias others."
_SIDE = "Side of the square in which every image is shown; all are resampled and padded in the same way."
_RATERS = "A link is made for each; more can be added later. Intervals count on this many."
_SEED = "Seeds the draw of the images and, with the rater's number, the order of the trials."
_FEW_HZ: Final = (60, 120)


def choose_task() -> Task:
    """Ask what a trial is."""
    return Task(choose("Task", _TASKS, param="task", help=_TASK))


def choose_timing(task: Task) -> Timing:
    """Ask how long images are seen; the staircase shows one image at a time."""
    offered = {key: text for key, text in _TIMINGS.items() if task is Task.SINGLE or key != Timing.STAIRCASE}
    return Timing(choose("Shown", offered, param="timing", help=_TIMING, follows=True))


def choose_options(
    task: Task, timing: Timing, *, n_trials: int, has_spares: bool, like: SessionDesign | None = None
) -> dict[str, Any]:
    """Ask for everything else.

    Args:
        task: in pairs, an attention check takes a real image that is shown nowhere else.
        timing: decides whether an exposure is asked for.
        n_trials: scored trials of one rater.
        has_spares: whether every set has images left, which training takes.
        like: a design to begin with.

    Returns:
        Fields of `core.rating.design.SessionDesign`.
    """
    # Beginnings only: what was typed stays when the images change.
    start = {name: field.default for name, field in SessionDesign.model_fields.items()} | {
        "n_training": 4 if has_spares else 0,
        "n_repeats": min(6, n_trials),
        "n_checks": 2 if has_spares or task is Task.SINGLE else 0,
        "seed": secrets.randbelow(10_000),
    }
    if like is not None:
        start = like.model_dump() | {"intensity": like.intensity}
    chosen: dict[str, Any] = {}
    if timing is Timing.FIXED:
        chosen["exposure_frames"] = _ask_exposure(start["exposure_frames"])
    first, second, third, fourth = st.columns(4)
    chosen |= {
        "n_raters": first.number_input(
            "Raters", 1, 200, start["n_raters"], key="rating_raters", help=_RATERS
        ),
        "n_training": second.number_input(
            "Training trials", 0, 50, start["n_training"], key="rating_training", help=_TRAINING
        ),
        "n_repeats": third.number_input(
            "Repeats", 0, 500, start["n_repeats"], key="rating_repeats", help=_REPEATS
        ),
        "n_checks": fourth.number_input(
            "Attention checks", 0, 50, start["n_checks"], key="rating_checks", help=_CHECKS
        ),
    }
    left, middle, right = st.columns(3)
    chosen |= {
        "with_confidence": left.checkbox(
            "Ask for confidence", start["with_confidence"], key="rating_confidence", help=_CONFIDENCE
        ),
        "is_joint": middle.checkbox(
            "Joint session of several experts", start["is_joint"], key="rating_joint", help=_JOINT
        ),
        "shows_score": right.checkbox(
            "Show raters their score", start["shows_score"], key="rating_score", help=_SCORE
        ),
    }
    first, second, third = st.columns([1, 1, 2])
    st.session_state.setdefault("rating_seed", start["seed"])
    return chosen | {
        "side_px": first.number_input(
            "Image side in pixels", 64, 1024, start["side_px"], 64, key="rating_side", help=_SIDE
        ),
        "seed": second.number_input("Seed", 0, 2**32 - 1, key="rating_seed", help=_SEED),
        "intensity": choose_intensity(third, key="rating_intensity", start=start["intensity"]),
    }


def _ask_exposure(default: int) -> int:
    place, beside = st.columns([1, 3], vertical_alignment="bottom")
    frames = place.number_input(
        "Frames",
        1,
        600,
        default,
        key="rating_frames",
        help="How many frames of the rater's screen an image is shown for.",
    )
    lengths = " or ".join(f"{1000 * frames / rate:.0f} ms on a screen of {rate} Hz" for rate in _FEW_HZ)
    beside.caption(f"{lengths}; frames and frame rate are measured and kept with each answer.")
    return frames

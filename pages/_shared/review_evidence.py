"""What is said of a pair once its reader has judged it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.copies.repeats import REPEAT_DISTANCE
from core.copies.slice_words import describe_best_slices
from core.db.review_record import ReviewPair
from core.report.numbers import format_value, typeset

__all__ = ["describe_evidence", "format_number", "format_q"]

# The search whose distances are of pixels, so that a small one means the same picture.
_SEARCH = "pixels"


def describe_evidence(
    pair: ReviewPair, *, axial: Sequence[float | None] = (), n_slices: int = 0
) -> tuple[str, ...]:
    """Say where the image under review came from, and what the audit measured of the pair.

    Args:
        pair: the pair.
        axial: of volumes, how corresponding axial slices agree, see `core.review.volume_match.VolumeMatch`.
        n_slices: axial slices of the real volume.
    """
    evidence, noun = pair.evidence, "volume" if n_slices else "image"
    if pair.is_control:
        which = "the generator never saw" if pair.query_set == "heldout" else "was left out for this"
        sentences = [
            f"It is a control: a real {noun} that {which}, beside the training {noun} nearest to it."
        ]
    else:
        sentences = [
            f"{'A volume' if n_slices else 'An image'} of {pair.query_set}; {_describe_flag(pair, noun)}."
        ]
    numbers = []
    if evidence.distance is not None:
        numbers.append(f"distance {format_number(evidence.distance)} ({evidence.extractor})")
    if evidence.rho is not None and math.isfinite(evidence.rho):
        numbers.append(
            f"{format_number(evidence.rho)} times that of the real {noun} to its own nearest training {noun}"
        )
    if evidence.pixel_agreement is not None:
        numbers.append(f"pixel agreement after alignment {format_number(evidence.pixel_agreement)}")
    if numbers:
        text = "; ".join(numbers)
        sentences.append(f"{text[0].upper()}{text[1:]}.")
    if where := describe_best_slices(axial, n_slices):
        sentences.append(where)
    return tuple(sentences)


def _describe_flag(pair: ReviewPair, noun: str) -> str:
    evidence = pair.evidence
    q = "" if evidence.q_value is None else f" (q = {format_q(evidence.q_value)})"
    distance = evidence.distance if evidence.extractor == _SEARCH else None
    if distance is not None and distance < REPEAT_DISTANCE:
        return f"by the audit it shows the same picture as the training {noun}{q}"
    if evidence.flagged:
        return f"by the audit it looks like a copy of a training {noun}{q}"
    return f"the audit does not flag it{q}"


def format_number(value: float) -> str:
    """Write a measured number with three digits at most."""
    return typeset(format_value(value, None, None)) if math.isfinite(value) else "∞"


def format_q(value: float) -> str:
    """Write a q-value with two digits, small ones as a bound."""
    return "below 0.001" if value < 0.001 else f"{value:.2g}"

"""From one set's calibrated copies to an honest sentence: what was flagged, and what chance would flag."""

from __future__ import annotations

from core.audit.result import MetricRow
from core.report.judgements import FEW_IMAGES, Finding
from core.report.numbers import format_count, format_share, typeset

__all__ = ["judge_flags"]

_NO_PROOF = "That is no proof of privacy: a copy of a part of an image is not looked for."


def judge_flags(
    flagged: MetricRow, *, excess: MetricRow | None, repeated: MetricRow | None, n_shared: int
) -> Finding:
    """Tell whether more images are flagged than chance gives, and whether any repeats a training image.

    Args:
        flagged: `flagged` of the whole set; without a value where the null is too small to flag anything.
        excess: `flag_excess` of the same extractor.
        repeated: `repeated` of the whole set, or None where the extractor does not look at pixels.
        n_shared: images of the set that stand in the real set pixel for pixel.
    """
    n = flagged.n_synthetic
    n_repeated = 0 if repeated is None or repeated.value is None else round(repeated.value * n)
    parts = []
    if n_repeated:
        equal = f", {format_count(n_shared)} of them pixel for pixel" if n_shared else ""
        verb = "shows" if n_repeated == 1 else "show"
        parts.append(
            f"{format_count(n_repeated)} of {format_count(n)} images {verb} the same picture as a training "
            f"image, be it mirrored, turned, moved or brightened{equal}."
        )
    elif n_shared:
        parts.append(
            f"{format_count(n_shared)} of {format_count(n)} pictures stand in the real set pixel for pixel."
        )
    if flagged.value is None:
        parts.append(flagged.note)
    else:
        share = typeset(format_share(flagged.value, flagged.low, flagged.high))
        parts.append(
            f"{format_count(round(flagged.value * n))} of {format_count(n)} images are flagged as nearer to "
            f"a training image than innocent ones come ({flagged.extractor}: {share}). {flagged.note}"
        )
    sentence = " ".join(part for part in parts if part)
    if n_repeated or n_shared:
        return Finding("Holds copies of training images", sentence, "concern")
    if flagged.value is None or excess is None or excess.low is None:
        return Finding("Cannot be judged", sentence, "open")
    if excess.low > 0:
        return Finding("More flagged than chance explains", sentence, "concern")
    few = f" With fewer than {FEW_IMAGES} images a few copies can hide." if n < FEW_IMAGES else ""
    return Finding("No copies found", f"{sentence} {_NO_PROOF}{few}", "clear")

"""What an analysis of bias says: from where the class can be told, and which sets carry that on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Protocol

from core.bias.archive import ALL_REGIONS, BiasSetRecord, BiasSummary, InheritanceRecord, SuspectRecord
from core.bias.attribution_archive import AttributionSummary
from core.bias.summary import explain_montages
from core.report.numbers import format_count, format_interval, format_share, format_value, typeset

__all__ = [
    "WIDESPREAD",
    "describe_attribution",
    "describe_bias",
    "describe_place",
    "describe_settings",
    "write_auroc",
    "write_p",
    "write_place",
    "write_share",
]

WIDESPREAD: Final = 0.5
"""Rule of thumb: if more than this share of all places tell the class, the classes differ as a whole."""

# Names of the thirds of an image, as seen on the screen; the middle one of each is left out where both apply.
_ROWS: Final = ("upper", "middle", "lower")
_COLUMNS: Final = ("left", "middle", "right")


class Rectangle(Protocol):
    """Edges as shares of an image."""

    @property
    def left(self) -> float:
        """Left edge."""

    @property
    def top(self) -> float:
        """Upper edge."""

    @property
    def right(self) -> float:
        """Right edge."""

    @property
    def bottom(self) -> float:
        """Lower edge."""


def describe_bias(summary: BiasSummary) -> tuple[str, ...]:
    """Say in a few sentences from where the class can be told and who inherits it.

    Args:
        summary: the analysis.
    """
    montage = summary.settings.montage_slices
    return (*_describe_places(summary), *((explain_montages(montage),) if montage else ()))


def _describe_places(summary: BiasSummary) -> tuple[str, ...]:
    real = summary.sets[0]
    two = len(summary.classes) == 2
    told = " from ".join(summary.classes) if two else f"the {len(summary.classes)} classes"
    scale = "0.5 is chance, 1 tells every image"
    if not two:
        scale = f"the mean of each class against the rest: {scale}"
    if not summary.suspects:
        return (_say_nothing(summary, told), *_say_notes(summary))
    top = summary.suspects[0]
    beyond = len(summary.suspects) - 1
    first = (
        f"The most suspect place of the real images is {describe_place(top)}, {write_place(top)}: its "
        f"strongest patch alone tells {told} with AUROC "
        f"{write_auroc(top.auroc, top.low, top.high)} ({scale}; "
        f"{write_p(top.p_value)}, n = {format_count(real.n)}); around it the mean is "
        f"{top.surround_auroc:.2f}{_judge_surround(top, real)}."
    )
    if top.score <= 0:
        first = (
            f"{told[:1].upper()}{told[1:]} can be told from places all over the real images, and none stands "
            f"out as a small mark does: the strongest patch has AUROC "
            f"{write_auroc(top.auroc, top.low, top.high)} ({write_p(top.p_value)}, "
            f"n = {format_count(real.n)})."
        )
    spreads = real.threshold is not None and top.surround_auroc > real.threshold
    if top.score > 0 and spreads and real.share_above is not None and real.share_above > WIDESPREAD:
        first += (
            f" {100 * real.share_above:.0f} % of all places tell {told}: the classes differ as a whole, as "
            "by age, pose or exposure, and what is listed merely stands out from that."
        )
    further = f" {_count_regions(beyond)} listed below." if beyond else ""
    closing = "Whether it is disease or a shortcut is for a reader to say: look at the patches."
    return (first + further, *_say_inherited(summary, top), closing, *_say_notes(summary))


def describe_attribution(attribution: AttributionSummary) -> tuple[str, ...]:
    """Say how well the classifier tells the classes that was asked where it looks, and what its notes are."""
    n = len(attribution.trainings)
    return (
        f"{attribution.classifier}, trained {'once' if n == 1 else f'{n} times'} on real images, tells the "
        f"classes with a balanced accuracy of "
        f"{write_auroc(attribution.balanced_accuracy, attribution.low, attribution.high)} "
        f"(n = {format_count(attribution.n_validation)} real images of other patients).",
        *attribution.notes,
    )


def describe_settings(summary: BiasSummary) -> str:
    """Say how an analysis was made."""
    made = summary.settings
    return (
        f"Images brought to {made.side_px} × {made.side_px} pixels; patches of {made.patch_px} pixels every "
        f"{made.stride_px}, {made.positions[0]} × {made.positions[1]} places; {made.n_folds} folds that keep "
        f"patients together; {format_count(made.n_permutations)} shuffled labellings say what chance reaches "
        f"anywhere ({100 * made.alpha:.0f} % of them reach more than the threshold); at most "
        f"{format_count(made.max_per_class)} images a class and set; seed {made.seed}. Intervals are of 95 % "
        "and, within a set, widened as shuffled labellings vary. Whether there is any signal, p decides."
    )


def describe_place(box: Rectangle) -> str:
    """Name the third of the image that holds a rectangle's middle, such as "the upper left"."""
    row = _ROWS[min(int((box.top + box.bottom) / 2 * 3), 2)]
    column = _COLUMNS[min(int((box.left + box.right) / 2 * 3), 2)]
    return "the centre" if row == column == "middle" else f"the {row} {column}"


def write_place(box: Rectangle) -> str:
    """Write a rectangle in percent, as seen on the screen from the upper left corner."""
    # Halves go up, as in a browser.
    edges = (box.left, box.top, box.right, box.bottom)
    left, top, right, bottom = (str(math.floor(100 * edge + 0.5)) for edge in edges)
    return f"{left} to {right} % of the width, {top} to {bottom} % of the height"


def write_auroc(value: float, low: float, high: float) -> str:
    """Write an area with its interval, such as `0.97 [0.93, 0.99]`."""
    return f"{format_value(value, low, high)} {format_interval(value, low, high)}"


def write_share(one: InheritanceRecord) -> str:
    """Write how much is inherited, such as `99 % [95 %, 103 %]`."""
    return typeset(format_share(one.share, one.low, one.high))


def write_p(p_value: float) -> str:
    """Write a p-value with two digits at most."""
    return f"p = {p_value:.2g}" if p_value >= 0.001 else "p < 0.001"


def _judge_surround(top: SuspectRecord, real: BiasSetRecord) -> str:
    if real.threshold is None:
        return ""
    reached = f"than chance reaches anywhere ({real.threshold:.2f})"
    if top.surround_auroc > real.threshold:
        return f", more {reached}: the sign spreads, as disease does"
    if real.share_above is not None and real.share_above > WIDESPREAD:
        return f", no more {reached}, though most places tell the class"
    return f", no more {reached}: the sign is local, as a burnt-in mark is"


def _say_nothing(summary: BiasSummary, told: str) -> str:
    real = summary.sets[0]
    n = format_count(real.n)
    if real.threshold is None or real.max_auroc is None:
        return f"The real set has too few images to tell {told} by patches (n = {n})."
    return (
        f"No place of the real images tells {told} beyond chance: the strongest patch has AUROC "
        f"{real.max_auroc:.2f}, and chance alone reaches {real.threshold:.2f} somewhere in one of "
        f"{round(1 / summary.settings.alpha)} analyses (n = {n}). What is weaker than that, or larger than a "
        "patch, is not seen this way."
    )


def _say_inherited(summary: BiasSummary, top: SuspectRecord) -> tuple[str, ...]:
    region = str(top.rank)
    asked = [one for one in summary.inheritance if one.sign == "same" and one.region == region]
    asked = asked or [one for one in summary.inheritance if one.sign == "same" and one.region == ALL_REGIONS]
    if not asked:
        return ()
    roles = {one.name: one.role for one in summary.sets}
    synthetic = sorted(
        (one for one in asked if roles.get(one.set) == "synthetic"), key=lambda one: -one.share
    )
    carry = [one for one in synthetic if one.low > 0]
    swapped = [one for one in synthetic if one.high < 0 and _tells_itself(summary, one)]
    parts = [
        _list_sets("Carry that sign on, as a share of the real signal", carry),
        _list_sets("Carry it with the classes swapped", swapped),
        _list_sets("Not shown to carry it", [one for one in synthetic if one not in (*carry, *swapped)]),
        _list_sets(
            "For comparison, real images of other patients",
            [one for one in asked if roles.get(one.set) == "heldout"],
        ),
    ]
    return tuple(filter(None, parts))


def _tells_itself(summary: BiasSummary, one: InheritanceRecord) -> bool:
    """Whether a set's own probe tells its classes there; a sign that is there, swapped or not, it would find.

    What a probe learned from a mark may lean to one side by chance where there is none.
    """
    own = [
        other
        for other in summary.inheritance
        if (other.set, other.region, other.sign) == (one.set, one.region, "any")
    ]
    return all(other.low > 0 for other in own)


def _list_sets(start: str, records: Sequence[InheritanceRecord]) -> str:
    named = ", ".join(
        f"{one.set} {write_share(one)} (n = {format_count(one.n_synthetic)})" for one in records
    )
    # A number and its sign stay on one line.
    return f"{start}: {named}.".replace(" %", "\N{NO-BREAK SPACE}%") if records else ""


def _count_regions(n: int) -> str:
    return "One further region is" if n == 1 else f"{n} further regions are"


def _say_notes(summary: BiasSummary) -> tuple[str, ...]:
    return tuple(one.note for one in summary.sets if one.note)

"""Bias as a part of an audit: one analysis of the study, and what each synthetic set inherits, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.audit.result import AuditBias, Floor, MetricRow
from core.bias.document import document_result
from core.bias.frame import choose_classes, count_montage_slices
from core.bias.heatmap import BiasResult, Inherited, analyse_bias
from core.bias.options import BiasChoices
from core.bias.summary import explain_montages
from core.config import Settings
from core.datasets.image_set import ImageSet, Role
from core.errors import ImageSetError, TooFewImagesError
from core.progress import Progress

if TYPE_CHECKING:
    from core.bias.suspects import Suspect

__all__ = ["LEAST_DROP", "METRIC", "StudyBias", "compute_bias_rows", "measure_bias"]

METRIC: Final = "bias_inheritance"

LEAST_DROP: Final = 0.05
"""Rule of thumb: a place stands out if its area under the ROC curve falls by this much around it."""

_FIRST = 1


@dataclass(frozen=True, slots=True)
class StudyBias:
    """What an audit says of bias.

    Attributes:
        bias: the analysis, or None where there could be none.
        rows: one number a synthetic set that was probed.
        warnings: one sentence on everything that was left out.
    """

    bias: AuditBias | None
    rows: tuple[MetricRow, ...] = ()
    warnings: tuple[str, ...] = ()


def measure_bias(
    sets: Sequence[ImageSet],
    choices: BiasChoices,
    *,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> StudyBias:
    """Analyse the bias of a study, or say why that cannot be done.

    Args:
        sets: as the audit scanned them, real first.
        choices: what decides the numbers.
        workers: decoding threads; None takes one a core.
        settings: limits of reading.
        progress: told about every stage.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        CancelledError: if progress says so.
    """
    try:
        choose_classes(sets[0])
        count_montage_slices(sets)
    except ImageSetError as error:
        return StudyBias(None, warnings=(f"Bias was not analysed: {error}",))
    try:
        result = analyse_bias(
            sets, choices.build_options(), workers=workers, settings=settings, progress=progress
        )
    except TooFewImagesError as error:
        return StudyBias(None, warnings=(f"Bias was not analysed: {error}",))
    bias = AuditBias(choices.key, document_result(result), result)
    return StudyBias(bias, compute_bias_rows(result), tuple(_explain_missing(sets, result)))


def compute_bias_rows(result: BiasResult) -> tuple[MetricRow, ...]:
    """Write down how much of the real set's first suspect region each synthetic set carries.

    One region, not all positions: all of them hold disease and anatomy, too, which synthetic images should
    carry. Where no region stands out by `LEAST_DROP`, nothing local can be inherited, and rows have no value.

    Args:
        result: an analysis with the real set first.

    Returns:
        One row a synthetic set that was probed; its floor is what held-out real images carry.
    """
    real = result.sets[0]
    top = result.suspects[0] if result.suspects else None
    found = {one.name: one for one in result.inherited if one.rank == _FIRST}
    note = _describe(top)
    if result.montage_slices:
        note = f"{note} {explain_montages(result.montage_slices)}"
    stands_out = top is not None and _drop(top) >= LEAST_DROP
    floor = next(
        (
            _measure_floor(found[one.name])
            for one in result.sets
            if one.role is Role.HELDOUT and one.name in found
        ),
        None,
    )
    rows = []
    for one in result.sets:
        if one.role is not Role.SYNTHETIC or one.probe is None:
            continue
        share = found[one.name].same_sign if stands_out else None
        rows.append(
            MetricRow(
                synthetic=one.name,
                extractor=None,
                class_name=None,
                metric=METRIC,
                value=None if share is None else share.value,
                low=None if share is None else share.low,
                high=None if share is None else share.high,
                n_real=len(real.items),
                n_synthetic=len(one.items),
                floor=None if share is None or floor is None else floor.value,
                floor_detail=None if share is None else floor,
                note=note,
            )
        )
    return tuple(rows)


def _measure_floor(heldout: Inherited) -> Floor:
    share = heldout.same_sign
    return Floor(kind="heldout", value=share.value, low=share.low, high=share.high, n=share.n_synthetic)


def _drop(region: Suspect) -> float:
    return region.mean_auroc - region.surround_auroc


def _describe(top: Suspect | None) -> str:
    if top is None:
        return (
            "No place of the real images tells their class beyond chance, so that there is no local sign to "
            "inherit."
        )
    if _drop(top) < LEAST_DROP:
        return (
            "Places of the real images tell their class, but none stands out from its surroundings: there is "
            "no local sign to inherit. The strongest patch of the first region has AUROC "
            f"{_write_area(top)}."
        )
    box = top.box
    return (
        f"Most suspect place: {box.zone} (x {100 * box.left:.0f} to {100 * box.right:.0f} %, y "
        f"{100 * box.top:.0f} to {100 * box.bottom:.0f} %); one patch there tells the real classes with "
        f"AUROC {_write_area(top)}, patches around it with {top.surround_auroc:.2f}. Disease, anatomy or "
        "shortcut: that is for a reader to say."
    )


def _write_area(region: Suspect) -> str:
    return f"{region.auroc:.2f} [{region.low:.2f}, {region.high:.2f}]"


def _explain_missing(sets: Sequence[ImageSet], result: BiasResult) -> list[str]:
    notes = {one.name: one.note for one in result.sets}
    absent = "It has no image of the real set's classes."
    return [
        f"Bias of {_title(one)} was not analysed: {notes.get(one.name, absent)}"
        for one in sets
        if notes.get(one.name, absent)
    ]


def _title(one: ImageSet) -> str:
    return "the held-out set" if one.role is Role.HELDOUT else repr(one.name)

"""Tables of a rating session besides its rates: agreement, comparisons, times, checks, flagged trials."""

from __future__ import annotations

from core.rating.rating_score import RatingScore
from core.rating.score_facts import RATING_FACTS
from core.rating.set_comparison import ALPHA
from core.report.points import format_points, format_points_interval
from pages._shared.names import show_name
from pages._shared.rating_cells import number_cell, number_column, write_number
from pages._shared.table import Cell, Column, Table

__all__ = [
    "lay_out_agreement",
    "lay_out_comparisons",
    "lay_out_flagged",
    "lay_out_raters",
    "lay_out_times",
]

_AGREEMENT = (
    "fleiss_kappa",
    "krippendorff_alpha",
    "cohen_kappa",
    "same_answers",
    "self_consistency",
)
_P = "Wilcoxon's signed-rank test over raters, exact and two-sided: would other raters differ, too?"
_P_HOLM = "The same after Holm's correction for all pairs of sets."
_P_IMAGES = "Permutation of the images of both sets, for these raters: would other images differ, too?"
_P_IMAGES_HOLM = "The same after Holm's correction for all pairs of sets."
_DIFFERENCE = (
    "Fake identification rate of the first set minus that of the second: above 0 the second looks more real."
)
_CHECKS = "Attention checks answered right; their answer is obvious."
_WORDS = {True: "look at this rater's answers", False: ""}


def lay_out_agreement(score: RatingScore) -> Table:
    """One row a coefficient, that of raters with themselves among them."""
    columns = (
        Column("what", "Agreement", width=260),
        Column("value", "Value", kind="number", detail_title="95 %"),
        Column("n", "Images", "Images behind it; repeated ones for self-consistency.", kind="number"),
        Column("note", ""),
    )
    rows = []
    for name in _AGREEMENT:
        one, facts = score.headline[name], RATING_FACTS[name]
        cell = number_cell(name, one)
        percent = " %" if name in ("same_answers", "self_consistency") and one.value is not None else ""
        cells = {
            "what": Cell(facts.title, tooltip=facts.sentence),
            "value": Cell(f"{cell.text}{percent}", cell.value, cell.detail, tooltip=cell.tooltip),
            "n": Cell(f"{one.n:,}", one.n),
            "note": Cell(one.note),
        }
        rows.append((name, cells))
    return Table(columns, tuple(rows))


def lay_out_comparisons(score: RatingScore) -> Table:
    """One row a pair of synthetic sets."""
    columns = (
        Column("first", "Set"),
        Column("second", "Against"),
        Column("change", "Difference of FIR, points", _DIFFERENCE, kind="number", detail_title="95 %"),
        Column("p", "Over raters, p", _P, kind="number"),
        Column("holm", "Holm p", _P_HOLM, kind="number"),
        Column("images", "Over images, p", _P_IMAGES, kind="number"),
        Column("images_holm", "Holm p, images", _P_IMAGES_HOLM, kind="number"),
        Column("raters", "Raters", "Raters who saw both sets.", kind="number"),
    )
    rows = []
    for one in score.comparisons:
        found = one.difference
        value = found.value or 0.0
        cells = {
            "first": Cell(one.first),
            "second": Cell(one.second),
            "change": Cell(
                format_points(value, found.low, found.high),
                100 * value,
                format_points_interval(value, found.low, found.high),
                tooltip=" ".join(filter(None, (found.note, found.method and f"Interval: {found.method}."))),
            ),
            "images": Cell(f"{one.p_images:.2g}", one.p_images),
            "images_holm": Cell(
                f"{one.p_images_holm:.2g}", one.p_images_holm, strong=one.p_images_holm < ALPHA
            ),
            "raters": Cell(f"{one.n_raters:,}", one.n_raters),
        }
        if one.p is not None:
            cells["p"] = Cell(f"{one.p:.2g}", one.p, tooltip=one.note)
        if one.p_holm is not None:
            cells["holm"] = Cell(f"{one.p_holm:.2g}", one.p_holm, strong=one.p_holm < ALPHA, tooltip=one.note)
        rows.append((f"{one.first} {one.second}", cells))
    notes = dict.fromkeys(one.note for one in score.comparisons if one.note)
    caption = " ".join((*notes, f"Bold: p < {ALPHA} after correction."))
    return Table(columns, tuple(rows), caption)


def lay_out_times(score: RatingScore) -> Table:
    """One row a truth and answer, and one for all answers."""
    columns = (
        Column("what", "Answers", width=200),
        number_column("reaction_time_ms"),
        Column("n", "Answers behind it", kind="number"),
    )
    times = score.reaction_times
    rows = []
    for name, one in {"all": times.median, **times.by_answer}.items():
        cells = {
            "what": Cell(f"{name[0].upper()}{name[1:]}"),
            "reaction_time_ms": number_cell("reaction_time_ms", one),
            "n": Cell(f"{one.n:,}", one.n),
        }
        rows.append((name, cells))
    return Table(columns, tuple(rows))


def lay_out_raters(score: RatingScore) -> Table:
    """One row a rater: checks passed, and how often they said the same again."""
    columns: tuple[Column, ...] = (
        Column("rater", "Rater"),
        Column("checks", "Attention checks passed", _CHECKS, kind="number"),
        number_column("self_consistency"),
        Column("flagged", "Flagged trials", "Trials that went wrong in some way; they count all the same.",
               kind="number"),
        Column("threshold", "Exposure threshold, ms", RATING_FACTS["exposure_threshold_ms"].sentence,
               kind="number"),
        Column("hint", ""),
    )  # fmt: skip
    checks = {one.rater: one for one in score.checks}
    thresholds = score.threshold.by_rater if score.threshold is not None else {}
    rows = []
    for name in score.by_rater:
        n_flagged = sum(one.rater == name for one in score.flagged)
        cells = {"rater": Cell(show_name(name)), "flagged": Cell(f"{n_flagged:,}", n_flagged)}
        if (check := checks.get(name)) is not None:
            cells["checks"] = Cell(
                f"{check.n_passed:,} of {check.n:,}", check.n_passed, strong=check.is_doubtful
            )
            cells["hint"] = Cell(_WORDS[check.is_doubtful])
        if name in score.consistency.by_rater:
            cells["self_consistency"] = number_cell("self_consistency", score.consistency.by_rater[name])
        if name in thresholds:
            cells["threshold"] = Cell(f"{thresholds[name]:.0f}", thresholds[name])
        rows.append((name, cells))
    if not thresholds:
        columns = tuple(one for one in columns if one.id != "threshold")
    return Table(columns, tuple(rows))


def lay_out_flagged(score: RatingScore) -> Table:
    """One row a trial that went wrong in some way."""
    columns = (
        Column("rater", "Rater"),
        Column("trial", "Trial", kind="number"),
        Column("item", "Image", "Its number in the session's list."),
        Column("set", "Set"),
        Column("flags", "What went wrong"),
        Column("time", "Reaction time, ms", kind="number"),
    )
    rows = []
    for one in score.flagged:
        cells = {
            "rater": Cell(show_name(one.rater)),
            "trial": Cell(f"{one.trial:,}", one.trial),
            "item": Cell(one.item),
            "set": Cell(one.synthetic or "real"),
            "flags": Cell(", ".join(one.flags)),
        }
        if one.reaction_time_ms is not None:
            cells["time"] = Cell(f"{one.reaction_time_ms:,.0f}", one.reaction_time_ms)
        rows.append((f"{one.rater} {one.trial}", cells))
    without, interval = write_number("fir", score.fir_unflagged)
    caption = (
        ""
        if score.fir_unflagged.value is None
        else f"Without these trials the FIR is {without} % {interval}."
    )
    return Table(columns, tuple(rows), caption)

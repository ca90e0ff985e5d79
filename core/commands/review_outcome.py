"""What a terminal shows of a review: progress, agreement, false alarms, confirmed copies."""

from __future__ import annotations

from rich.console import Console

from core.metrics.estimate import Estimate
from core.report.numbers import format_interval, format_share, format_value
from core.review.agreement import FalseAlarms, ReaderAgreement
from core.review.findings import find_review_results
from core.review.loaded import LoadedReview
from core.review.outcome import SetOutcome

__all__ = ["print_review"]

_SCALES = {"verdicts": "the four verdicts", "copies": "copy or near copy against not a copy"}


def print_review(review: LoadedReview) -> None:
    """Print a review to standard output, one fact a line."""
    record, found = review.record, find_review_results(review)
    n = record.n_pairs - record.n_controls
    lines = [
        f"{record.name}: {n} pairs and {record.n_controls} controls of the audit {record.audit_id}",
        f"Locked by {record.locked_by} on {record.locked_at:%Y-%m-%d}." if record.locked_at else "Open.",
    ]
    lines += [f"{one.reviewer}: {one.n_done} of {record.n_pairs} read" for one in found.standings]
    lines += [_describe_alarms(one) for one in found.false_alarms]
    lines += [_describe_agreement(one) for one in found.agreements]
    lines += [_describe_set(one) for one in found.outcomes]
    if found.open:
        lines.append(f"To be settled: pairs {', '.join(str(call.pair.number + 1) for call in found.open)}")
    console = Console(highlight=False)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _describe_alarms(one: FalseAlarms) -> str:
    if one.rate is None:
        return f"{one.reviewer}: no control read, so false alarms are unknown"
    return (
        f"{one.reviewer}: {one.n_alarms} of {one.n_controls} controls called copies, a false-alarm rate of "
        f"{_interval(one.rate)}"
    )


def _describe_agreement(one: ReaderAgreement) -> str:
    who = f"{one.readers[0]} and {one.readers[1]}, {_SCALES[one.scale]}"
    left_out = f", {one.n_unsure} left out as unsure" * bool(one.n_unsure)
    kappa = ""
    if one.kappa is not None:
        value = format_value(one.kappa, one.low, one.high)
        interval = format_interval(one.kappa, one.low, one.high)
        kappa = f"kappa {value} {interval}".rstrip() + ", "
    return f"{who}: {kappa}equal on {one.n_equal} of {one.n} pairs{left_out}. {one.note}".rstrip(" ")


def _describe_set(one: SetOutcome) -> str:
    called = "" if one.of_called is None else f" ({_interval(one.of_called)} of those with a call)"
    return (
        f"{one.name}: {one.n_copies} copies and {one.n_near_copies} near copies confirmed among "
        f"{one.n_called} of {one.n_pairs} pairs{called}; at least {_interval(one.of_all)} of its "
        f"{one.n_images} images; {one.n_open} open"
    )


def _interval(estimate: Estimate) -> str:
    return format_share(estimate.value, estimate.low, estimate.high)

"""The answers that a report opens with: what the numbers say of each synthetic set, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.result import AuditSummary, MetricRow, SetSummary
from core.report.bias_judgement import METRIC, judge_inheritance
from core.report.copy_judgement import judge_flags
from core.report.judgements import Finding, judge_copies, judge_distance, judge_spread

__all__ = ["SetFindings", "find_answers", "summarise_answers"]

_NO_DISTANCE = Finding(
    "Cannot be judged", "No Fréchet distance with a floor: there are too few images for one.", "open"
)
_NO_SPREAD = Finding(
    "Cannot be judged", "Coverage was not measured: there are too few images for it.", "open"
)
_NO_COPIES = Finding("Cannot be judged", "Copies were not searched: there are too few images for it.", "open")
_NO_BIAS = Finding(
    "Cannot be judged", "It was not probed: there are too few images of a class, or none of it.", "open"
)


_CONCERNS = {
    "Fidelity": "told from real images",
    "Variety": "clearly short of the real variety",
    "Privacy": "suspected of holding copies",
    "Bias": "found to carry what may be a shortcut in the real images",
}
_CALIBRATED = ("flagged", "flag_excess", "repeated")


@dataclass(frozen=True, slots=True)
class SetFindings:
    """The answers for one synthetic set; of bias there is none where the audit did not look for it."""

    name: str
    fidelity: Finding
    variety: Finding
    privacy: Finding
    bias: Finding | None = None

    @property
    def by_question(self) -> tuple[tuple[str, Finding], ...]:
        """Question's word and answer, in the order of tables."""
        asked = (
            ("Fidelity", self.fidelity),
            ("Variety", self.variety),
            ("Privacy", self.privacy),
            ("Bias", self.bias),
        )
        return tuple((word, finding) for word, finding in asked if finding is not None)


def find_answers(summary: AuditSummary) -> tuple[SetFindings, ...]:
    """Answer for each synthetic set: is it told from real, does it look collapsed, does it hold copies?

    Where the audit looked for bias: does it carry the most suspect sign of the real classes?
    Only whole-set numbers are read, of volumes those of all planes. Where several extractors measured the
    same, each has its sentence and the headline says how many agree with it. Copies are judged by their
    calibration; without one, by the raw privacy of the extractor that was chosen for them.
    """
    has_bias = any(row.metric == METRIC for row in summary.results)
    return tuple(
        SetFindings(
            name=one.name,
            fidelity=_combine(_judge_fidelity(summary, one.name), _NO_DISTANCE),
            variety=_combine(_judge_variety(summary, one), _NO_SPREAD),
            privacy=_combine(_judge_privacy(summary, one), _NO_COPIES),
            bias=_combine(_judge_bias(summary, one.name), _NO_BIAS) if has_bias else None,
        )
        for one in summary.sets
        if one.role == "synthetic"
    )


def summarise_answers(answers: Sequence[SetFindings]) -> tuple[tuple[str, str], ...]:
    """Say in one sentence for each question which sets raise a concern.

    Returns:
        (question's word, sentence) for fidelity, variety and privacy, and for bias where it was looked for.
    """
    found: dict[str, list[tuple[str, Finding]]] = {}
    for one in answers:
        for word, finding in one.by_question:
            found.setdefault(word, []).append((one.name, finding))
    return tuple((word, _count(findings, _CONCERNS[word])) for word, findings in found.items())


def _count(findings: Sequence[tuple[str, Finding]], what: str) -> str:
    judged = [(name, finding) for name, finding in findings if finding.level != "open"]
    concern = [name for name, finding in judged if finding.level == "concern"]
    n_open = len(findings) - len(judged)
    if not judged:
        return f"Whether {'the set is' if len(findings) == 1 else 'any set is'} {what} cannot be judged here."
    rest = f" {n_open} cannot be judged." if n_open else ""
    sets = "set" if len(judged) == 1 else "sets"
    if not concern:
        return f"None of {len(judged)} synthetic {sets} is {what}.{rest}"
    verb = "is" if len(concern) == 1 else "are"
    return f"{len(concern)} of {len(judged)} synthetic {sets} {verb} {what}: {', '.join(concern)}.{rest}"


def _combine(findings: Sequence[Finding], missing: Finding) -> Finding:
    """One answer from several extractors': the most worrying headline, with how many share it."""
    if not findings:
        return missing
    order = {"concern": 0, "clear": 1, "open": 2}
    leading = min(findings, key=lambda finding: order[finding.level])
    agreeing = sum(finding.level == leading.level for finding in findings)
    headline = leading.headline
    if agreeing < len(findings):
        headline += f" by {agreeing} of {len(findings)} extractors"
    return Finding(headline, " ".join(finding.sentence for finding in findings), leading.level)


def _rows(summary: AuditSummary, name: str, *metrics: str) -> dict[str | None, MetricRow]:
    """Whole-set rows of the first of the metrics that each extractor has."""
    found: dict[str | None, MetricRow] = {}
    planes = summary.plane_extractors
    for metric in metrics:
        for row in summary.results:
            whole = row.synthetic == name and row.class_name is None
            if whole and row.extractor not in planes and row.metric == metric and row.value is not None:
                found.setdefault(row.extractor, row)
    return found


def _judge_fidelity(summary: AuditSummary, name: str) -> list[Finding]:
    return [judge_distance(row) for row in _rows(summary, name, "fid", "fd").values()]


def _judge_variety(summary: AuditSummary, synthetic: SetSummary) -> list[Finding]:
    name = synthetic.name
    precision, spread = _rows(summary, name, "precision"), _rows(summary, name, "feature_std")
    nearest_k = summary.protocol.choices.get("nearest_k")
    return [
        judge_spread(
            coverage=row,
            precision=precision.get(extractor),
            feature_std=spread.get(extractor),
            nearest_k=nearest_k if isinstance(nearest_k, int) else None,
            n_repeated=sum(len(group.members) - 1 for group in synthetic.duplicates),
        )
        for extractor, row in _rows(summary, name, "coverage").items()
    ]


def _judge_privacy(summary: AuditSummary, synthetic: SetSummary) -> list[Finding]:
    n_shared = 0
    for group in summary.shared:
        owners = [member.split("/", 1)[0] for member in group.members]
        if "real" in owners:
            n_shared += owners.count(synthetic.name)
    calibrated = _judge_calibrated(summary, synthetic.name, n_shared)
    return calibrated or _judge_uncalibrated(summary, synthetic, n_shared)


def _judge_calibrated(summary: AuditSummary, name: str, n_shared: int) -> list[Finding]:
    whole = [row for row in summary.results if row.synthetic == name and row.class_name is None]
    found = {metric: {row.extractor: row for row in whole if row.metric == metric} for metric in _CALIBRATED}
    # What looks at pixels leads: it alone sees mirrored and moved copies.
    order = sorted(found["flagged"], key=lambda extractor: extractor not in found["repeated"])
    return [
        judge_flags(
            found["flagged"][extractor],
            excess=found["flag_excess"].get(extractor),
            repeated=found["repeated"].get(extractor),
            n_shared=n_shared,
        )
        for extractor in order
    ]


def _judge_bias(summary: AuditSummary, name: str) -> list[Finding]:
    return [
        judge_inheritance(row)
        for row in summary.results
        if row.synthetic == name and row.class_name is None and row.metric == METRIC
    ]


def _judge_uncalibrated(summary: AuditSummary, synthetic: SetSummary, n_shared: int) -> list[Finding]:
    """Judge audits that are too small to calibrate, or were made before there was a calibration."""
    rows = _rows(summary, synthetic.name, "privacy")
    made_for_copies = {one.name for one in summary.protocol.extractors if one.metrics == ("copies",)}
    chosen = {extractor: row for extractor, row in rows.items() if extractor in made_for_copies} or rows
    return [judge_copies(row, n=synthetic.n, n_shared=n_shared) for row in chosen.values()]

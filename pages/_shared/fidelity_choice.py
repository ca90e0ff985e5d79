"""The metric, the experiment and the utility that the page of fidelity against utility shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.audit.result import AuditSummary
from core.audit.selection import name_extractors
from core.db.experiments import list_experiments
from core.fidelity_utility.fidelities import Fidelity, list_fidelities
from core.fidelity_utility.utilities import Utility, describe_way, list_utilities
from core.metrics.metric_facts import Direction
from core.utility.archive import load_utility_summary
from core.utility.arms import KIND_TITLES
from core.utility.result import UtilitySummary
from core.utility.score_facts import SCORES
from pages._shared.audit_choice import FinishedAudit, choose_finished_audit
from pages._shared.code_extractors import title_code_extractors
from pages._shared.links import UTILITY
from pages._shared.rated_audit import add_ratings
from pages._shared.selection import choose
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

__all__ = ["FidelityChoice", "choose_fidelity_and_utility", "key_of"]

_ARROWS = {Direction.LOWER: " ↓", Direction.HIGHER: " ↑", Direction.NONE: ""}


@dataclass(frozen=True, slots=True)
class FidelityChoice:
    """What the page shows.

    Attributes:
        found: the audit, with the rates of its study's rating sessions.
        fidelity: the metric.
        experiment: the experiment.
        utility: its number.
        class_name: class of the metrics, or None for the whole sets.
        experiments: the experiment and the newest one of the other kind, by title.
    """

    found: FinishedAudit
    fidelity: Fidelity
    experiment: UtilitySummary
    utility: Utility
    class_name: str | None
    experiments: tuple[tuple[str, UtilitySummary], ...]


def choose_fidelity_and_utility() -> FidelityChoice:
    """Ask for all of it; where something is not there yet, say what to do, link there, and end the page."""
    study, audit, experiment = st.columns(3)
    found = choose_finished_audit(study, audit)
    _, database = open_workspace()
    summary = add_ratings(found.record, found.summary, found.folder)
    found = replace(found, summary=name_extractors(summary, title_code_extractors(database)))
    experiments = _choose_experiment(found.record.study_id, experiment)
    metric, grouping, training, score = st.columns([4, 2, 5, 2])
    fidelity, class_name = _choose_fidelity(found.summary, metric, grouping)
    utility = _choose_utility(experiments[0][1], training, score)
    return FidelityChoice(found, fidelity, experiments[0][1], utility, class_name, experiments)


def key_of(fidelity: Fidelity) -> str:
    """What the address calls a metric of an extractor."""
    return f"{fidelity.metric}/{fidelity.extractor or ''}"


def _choose_experiment(study_id: str, place: DeltaGenerator) -> tuple[tuple[str, UtilitySummary], ...]:
    _, database = open_workspace()
    kept = list_experiments(database, study_id=study_id, kinds=list(KIND_TITLES))
    if not kept:
        st.info("This study has no utility experiment yet: it trains a classifier with each synthetic set.")
        st.page_link(
            UTILITY, label="To Utility", icon=":material/model_training:", query_params={"study": study_id}
        )
        st.stop()
    titles = {one.id: f"{KIND_TITLES[one.kind]}, {format_instant(one.finished_at)}" for one in kept}
    with place:
        chosen_id = choose("Experiment", titles, param="experiment", follows=True)
    chosen = next(one for one in kept if one.id == chosen_id)
    # Newest first.
    other = next((one for one in kept if one.kind != chosen.kind), None)
    shown = [chosen] if other is None else [chosen, other]
    return tuple((titles[one.id], load_utility_summary(database, one.id)[1]) for one in shown)


def _choose_fidelity(
    audit: AuditSummary, metric: DeltaGenerator, grouping: DeltaGenerator
) -> tuple[Fidelity, str | None]:
    classes = sorted({row.class_name for row in audit.results if row.class_name is not None})
    with grouping:
        kinds = {name: "group" if name in audit.groups else "class" for name in classes}
        named = {"": "All images"} | {
            f"{kinds[name]}:{name}": name for name in sorted(classes, key=kinds.__getitem__)
        }
        chosen = choose("Metric of", named, param="class", follows=True).partition(":")[2] or None
    options = {key_of(one): one for one in list_fidelities(audit, class_name=chosen)}
    titles = {key: f"{one.title}{_ARROWS[one.direction]}" for key, one in options.items()}
    if not options:
        st.info("The audit has no number of any synthetic set.")
        st.stop()
    with metric:
        return options[choose("Fidelity", titles, param="metric", follows=True)], chosen


def _choose_utility(experiment: UtilitySummary, training: DeltaGenerator, score: DeltaGenerator) -> Utility:
    utilities = list_utilities(experiment)
    arms = {arm.id: arm.title for arm in experiment.arms}
    ways = {
        f"{one.way}/{one.baseline or ''}": f"{describe_way(one.way)}: {_against(one.baseline, arms)}"
        for one in utilities
    }
    with training:
        # Each kind of experiment has arms of its own, and so a parameter of its own.
        chosen = choose("Utility", ways, param=experiment.experiment, follows=True)
    scores = {_score_key(one): one for one in utilities if f"{one.way}/{one.baseline or ''}" == chosen}
    titles = {
        key: one.score_title[0].upper() + one.score_title[1:] if one.score in SCORES else one.score
        for key, one in scores.items()
    }
    with score:
        return scores[choose("Score", titles, param="score", follows=True)]


def _score_key(utility: Utility) -> str:
    return utility.score if utility.class_name is None else f"{utility.score}:{utility.class_name}"


def _against(baseline: str | None, arms: dict[str, str]) -> str:
    if baseline is None:
        return "the score itself"
    title = arms.get(baseline, baseline)
    return f"change against {title[:1].lower()}{title[1:]}"

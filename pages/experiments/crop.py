"""Crop experiment: what synthetic sets are worth once a shortcut is cropped from every set."""

import streamlit as st

from core.crop_experiment.archive import EXPERIMENT_KIND, load_crop_summary
from core.crop_experiment.figures import (
    build_metric_figure,
    build_utility_figure,
    list_extractors,
    list_scores,
)
from core.crop_experiment.findings import describe_settings
from pages._shared.crop_form import show_crop_form
from pages._shared.crop_results import CROP_FILES, show_crop_answers, show_crop_figure, show_crop_samples
from pages._shared.crop_tables import lay_out_metric_changes, lay_out_probes, lay_out_score_changes
from pages._shared.downloads import show_downloads
from pages._shared.experiment_choice import choose_experiment
from pages._shared.names import escape_markdown
from pages._shared.selection import choose
from pages._shared.table import show_table
from pages._shared.workspace import open_workspace

settings, database = open_workspace()
st.title("Crop experiment")
# An address that names a region to crop opens the form.
choice = choose_experiment(
    {EXPERIMENT_KIND: ""}, load_crop_summary, job_kind="crop", opens_form="region" in st.query_params
)
if choice.experiment is None:
    if not choice.n_finished:
        st.markdown(
            "A generator that copied a shortcut, such as a letter in the corner of every normal film, looks "
            "useful until the shortcut is cropped from all sets. No crop experiment of this study yet."
        )
    show_crop_form(database, settings, choice.study)
    st.stop()

experiment, summary = choice.experiment, choice.experiment.summary
known = [one.name for one in choice.study.folders.synthetic]
show_crop_answers(summary)

st.subheader("Utility before and after")
scores = list_scores(summary)
score = choose("Score", scores, param="score")
figure = build_utility_figure(summary, score, known=known)
if figure is not None:
    show_crop_figure(figure, key="crop_utility")
    st.caption(
        "Outlined: before the crop; filled: after it. Mean over repeats with 95 % interval; real images "
        "alone in black or white. ✱ p < 0.05 by the signed-rank test after Holm's correction."
    )
table = lay_out_score_changes(summary, score, scores[score])
show_table(table, key="crop_scores", file_name=f"crop-utility-{experiment.id}.csv", height_px=440)

st.subheader("Metrics before and after")
extractors = list_extractors(summary)
extractor = None
if extractors:
    extractor = choose("Extractor", {name: name for name in extractors}, param="extractor")
figure = build_metric_figure(summary, extractor, known=known)
if figure is not None:
    show_crop_figure(figure, key="crop_metrics")
    st.caption(
        "Outlined: before the crop; filled: after it. 95 % intervals. ✱ the interval of the change does not "
        "hold 0. Arrows say which way is better."
    )
table = lay_out_metric_changes(summary, extractor)
show_table(table, key="crop_metrics_table", file_name=f"crop-metrics-{experiment.id}.csv", height_px=440)

st.subheader("The cropped place")
show_table(lay_out_probes(summary), key="crop_probes", file_name=f"crop-probes-{experiment.id}.csv")
st.subheader("Images before and after")
show_crop_samples(experiment, known)
show_downloads(experiment.folder, experiment.id, CROP_FILES)
st.caption(escape_markdown(describe_settings(summary)))

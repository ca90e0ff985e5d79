"""Utility: whether synthetic images help a classifier, by arms, curves and single test images."""

import streamlit as st

from core.jobs.job_folder import utility_runs_folder
from core.plots.style import Theme
from core.report.utility_changes import list_changes
from core.report.utility_figures import (
    choose_curve_arms,
    describe_label_curve,
    draw_changes,
    draw_curves,
    draw_label_curve,
    list_phases,
    style_sets,
)
from core.report.utility_findings import describe_training, describe_utility
from core.utility.archive import load_utility_summary
from core.utility.arms import KIND_TITLES
from pages._shared.downloads import show_downloads
from pages._shared.experiment_choice import choose_experiment
from pages._shared.names import escape_markdown
from pages._shared.selection import choose, choose_several
from pages._shared.table import show_table
from pages._shared.utility_flips import show_flips
from pages._shared.utility_form import show_utility_form
from pages._shared.utility_record import list_utility_files, show_utility_record
from pages._shared.utility_tables import lay_out_changes
from pages._shared.utility_view import choose_view, show_gaps
from pages._shared.workspace import open_workspace

FONT = '"Source Sans", sans-serif'
AT_FIRST = 4
MOST_SENTENCES = 5

settings, database = open_workspace()
st.title("Utility")
choice = choose_experiment(KIND_TITLES, load_utility_summary, job_kind="utility")
if choice.experiment is None:
    if not choice.n_finished:
        st.markdown(
            "No utility experiment of this study yet. It tells whether synthetic images help a classifier."
        )
    show_utility_form(database, settings, choice.study)
    st.stop()

experiment, summary = choice.experiment, choice.experiment.summary
score, baseline = choose_view(summary)
answer = describe_utility(summary, score, baseline)
with st.container(border=True):
    st.markdown(f"**{escape_markdown(answer.headline)}**")
    many = len(answer.sentences) > MOST_SENTENCES
    with st.expander(f"{len(answer.sentences)} changes, each in a sentence") if many else st.container():
        for sentence in answer.sentences:
            st.text(sentence)
if summary.warnings:
    st.warning("\n\n".join(map(escape_markdown, summary.warnings)))

theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
styles = style_sets(summary, [one.name for one in choice.study.folders.synthetic])
with st.container(border=True):
    st.markdown(f"**Change of {escape_markdown(score.noun)}**")
    figure = draw_changes(summary, score, baseline, styles=styles, theme=theme)
    figure.update_layout(font_family=FONT)
    st.plotly_chart(
        figure, theme=None, key=f"changes_{theme}", alt=" ".join((answer.headline, *answer.sentences))
    )
    st.caption(
        "Mean change over repeats with its 95 % interval; right of the line is better. ✱ p < 0.05 by the "
        "paired signed-rank test after Holm's correction. Black or white: arms without synthetic images."
    )
changes = list_changes(summary, score, baseline)
table = lay_out_changes(changes, score, baseline, describe_training(summary))
show_table(table, key="changes", file_name=f"utility-{experiment.id}.csv")
show_gaps(summary, score, file_name=f"gaps-{experiment.id}.csv")

label_curve = draw_label_curve(summary, score, styles=styles, theme=theme)
if label_curve is not None:
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(score.title)} by share of real images**")
        label_curve.update_layout(font_family=FONT)
        st.plotly_chart(
            label_curve, theme=None, key=f"labels_{theme}", alt=describe_label_curve(summary, score)
        )
        st.caption(
            "Synthetic images stay as many as beside all real ones: one for each. Mean over repeats with its "
            "95 % interval."
        )

st.subheader("Test images that change sides")
show_flips(experiment, baseline, utility_runs_folder(settings), group=score.group)

st.subheader("Learning curves")
phases = {name: name.capitalize() for name in list_phases(summary)}
phase = (
    choose("Phase", phases, param="phase", help="What was trained.", follows=True)
    if len(phases) > 1
    else next(iter(phases))
)
arms = choose_curve_arms(summary, phase)
by_title = {title: arm for arm, title in arms.items()}
shown = choose_several(
    "Arms", list(by_title), param="curves", default=list(by_title)[:AT_FIRST], follows=True
)
if shown:
    curves = draw_curves(summary, [by_title[one] for one in shown], phase=phase, styles=styles, theme=theme)
    curves.update_layout(font_family=FONT)
    st.plotly_chart(curves, theme=None, key=f"curves_{theme}", alt=f"Learning curves of {', '.join(shown)}.")
    st.caption(
        "Mean over repeats; bands from the lowest to the highest repeat. Validation images are real, and "
        "choose the epoch whose weights meet the test images."
    )
else:
    st.info("No arm is chosen: choose one above to see its curves.")

show_downloads(experiment.folder, experiment.id, list_utility_files(summary))
show_utility_record(summary)

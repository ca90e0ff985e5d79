"""Quality: every number of an audit, by synthetic set, with intervals, floors and figures."""

import plotly.graph_objects as go
import streamlit as st

from core.audit.archive import load_audit_summary
from core.audit.selection import select_results
from core.db.audits import list_audits
from core.db.studies import list_studies
from core.jobs.job_folder import audit_folder
from core.report.cautions import collect_cautions
from core.report.figures import build_report_figures
from core.report.findings import find_answers
from core.report.metric_table import build_metric_table
from pages._shared.answers import show_answers
from pages._shared.audit_record import show_record
from pages._shared.downloads import show_downloads
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import LAUNCH, OVERVIEW
from pages._shared.metric_columns import lay_out_metrics
from pages._shared.names import escape_markdown
from pages._shared.report_section import show_reports
from pages._shared.selection import choose
from pages._shared.table import show_table
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

FONT = '"Source Sans", sans-serif'

settings, database = open_workspace()
st.title("Quality")
studies = list_studies(database)
if not studies:
    st.info("No study yet. Set one up, or run the demo, from the overview.")
    st.page_link(OVERVIEW, label="To the overview", icon=":material/overview:")
    st.stop()

study_column, audit_column, class_column = st.columns([2, 2, 1])
audited = {audit.study_id for audit in list_audits(database)}
ordered = sorted(studies, key=lambda study: study.id not in audited)
with study_column:
    study_id = choose("Study", {study.id: study.name for study in ordered}, param="study")
show_active_jobs(study_id=study_id)
audits = list_audits(database, study_id=study_id)
if not audits:
    st.info("This study has no audit yet.")
    st.page_link(LAUNCH, label="Run an audit", icon=":material/play_arrow:", query_params={"study": study_id})
    st.stop()
with audit_column:
    times = {audit.id: format_instant(audit.finished_at) for audit in audits}
    audit_id = choose(
        "Audit", times, param="audit", help="An audit's numbers never change; each run is kept."
    )
document, summary = load_audit_summary(database, audit_id)
classes = sorted({row.class_name for row in summary.results if row.class_name is not None})
with class_column:
    named = {"": "All images"} | {f"class:{name}": name for name in classes}
    chosen_class = choose("Class", named, param="class").removeprefix("class:") or None

show_answers(find_answers(summary))
for kind, sentence in collect_cautions(summary):
    (st.info if kind == "Notice" else st.warning)(escape_markdown(sentence))

extractors = sorted({row.extractor for row in summary.results if row.extractor is not None})
wanted = st.pills(
    "Extractors in table and figures",
    extractors,
    selection_mode="multi",
    default=extractors,
    key="extractors",
)
selected = select_results(summary, class_name=chosen_class, extractors=wanted)
if not selected.results:
    st.info("No extractor is chosen: choose one above to see its numbers.")
    st.stop()
table = lay_out_metrics(build_metric_table(selected, None))
show_table(table, key="metrics", file_name=f"quality-{audit_id}.csv")

theme = "dark" if st.context.theme.type == "dark" else "light"
figures = build_report_figures(selected)
for figure in figures:
    with st.container(border=True):
        st.markdown(f"**{figure.title}**")
        drawn = go.Figure(figure.dark if theme == "dark" else figure.light)
        drawn.update_layout(font_family=FONT)
        st.plotly_chart(drawn, theme=None, key=f"figure_{figure.id}_{theme}", alt=figure.alt)
        st.caption(figure.caption)

show_reports(document.record)
show_downloads(audit_folder(settings, audit_id), audit_id)
show_record(summary)

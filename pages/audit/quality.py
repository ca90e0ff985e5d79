"""Quality: every number of an audit, by synthetic set, with intervals, floors and figures."""

import plotly.graph_objects as go
import streamlit as st

from core.audit.selection import select_results
from core.report.cautions import collect_cautions
from core.report.figures import build_report_figures
from core.report.findings import find_answers
from core.report.metric_table import build_metric_table
from core.report.rated_summary import SIMULATED
from pages._shared.answers import show_answers
from pages._shared.audit_choice import choose_audit
from pages._shared.audit_record import show_record
from pages._shared.downloads import show_downloads
from pages._shared.metric_columns import lay_out_metrics
from pages._shared.names import escape_markdown
from pages._shared.rated_audit import add_ratings
from pages._shared.report_section import show_reports
from pages._shared.table import show_table

FONT = '"Source Sans", sans-serif'

st.title("Quality")
choice = choose_audit(all_classes="All images")
audit_id, summary = choice.audit_id, choice.summary

show_answers(find_answers(summary))
if choice.class_name is not None:
    st.caption(
        escape_markdown(f"These answers are of the whole sets, the numbers below of {choice.class_name}.")
    )
for kind, sentence in collect_cautions(summary):
    (st.info if kind == "Notice" else st.warning)(escape_markdown(sentence))

extractors = sorted({row.extractor for row in summary.results if row.extractor is not None})
wanted = st.pills(
    "Extractors in table and figures",
    extractors,
    selection_mode="multi",
    default=extractors,
    format_func=escape_markdown,
    key="extractors",
)
rated = add_ratings(choice.record, summary, choice.folder)
selected = select_results(
    rated, class_name=choice.class_name, extractors=[*wanted, SIMULATED] if wanted else []
)
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

show_reports(choice.record)
show_downloads(choice.folder, audit_id)
show_record(summary)

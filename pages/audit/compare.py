"""Compare: synthetic sets side by side, in samples, numbers and figures."""

import plotly.graph_objects as go
import streamlit as st

from core.audit.items import load_items
from core.audit.pairs import load_pairs
from core.audit.sampling import draw_samples
from core.audit.selection import select_results, select_sets
from core.errors import InputError
from core.plots.style import REAL, assign_styles
from core.report.cautions import collect_set_cautions
from core.report.compare_figures import build_compare_figures
from core.report.metric_table import build_metric_table
from core.report.nearest_real import find_nearest_real
from pages._shared.audit_choice import choose_audit, lead_to_new_audit
from pages._shared.links import SETUP
from pages._shared.metric_columns import lay_out_metrics
from pages._shared.names import escape_markdown
from pages._shared.sample_grid import show_samples
from pages._shared.selection import choose, choose_several, switch
from pages._shared.table import show_table

FONT = '"Source Sans", sans-serif'
AT_FIRST = 4

st.title("Compare")
choice = choose_audit(all_classes="Every class")
summary = choice.summary
names = [one.name for one in summary.sets if one.role == "synthetic"]
chosen = choose_several("Synthetic sets", names, param="sets", default=names[:AT_FIRST])
if len(names) == 1:
    st.info("This study has one synthetic set. Add another one to set them side by side.")
    st.page_link(SETUP, label="Study setup", icon=":material/create_new_folder:")
elif len(chosen) < 2:
    st.info("Choose two or more synthetic sets above.")
if not chosen:
    st.stop()
styles = assign_styles(names)

st.subheader("Samples")
draw = int(wanted) if (wanted := st.query_params.get("draw", "0")).isdecimal() and len(wanted) < 10 else 0


def draw_anew() -> None:
    """Put the next draw into the address."""
    st.query_params["draw"] = str(draw + 1)


with st.container(horizontal=True, vertical_alignment="bottom"):
    with st.container(width=180):
        counts = {str(n): str(n) for n in (2, 4, 6, 8, 12, 20)}
        n = int(
            choose("Images a class" if choice.classes else "Images a set", counts, param="n", default="4")
        )
    st.button("New draw", icon=":material/casino:", on_click=draw_anew)
    with_nearest = switch(
        "Nearest real images",
        param="nearest",
        help="Below each sample the training image nearest to it, searched under flips, turns and crops.",
    )
st.caption(f"Drawn at random, seed {draw}: the same seed draws the same images, whatever sets are shown.")
labels = (choice.class_name,) if choice.class_name else choice.classes or (None,)
try:
    items = load_items(choice.folder)
    columns = [REAL, *chosen]
    drawn = draw_samples(items, sets=columns, classes=labels, n=n, seed=draw)
    nearest = None
    if with_nearest:
        ids = [one for name in chosen for label in labels for one in drawn[name, label]]
        nearest = find_nearest_real(load_pairs(choice.folder), ids)
    show_samples(choice.audit_id, items, drawn, sets=columns, classes=labels, nearest=nearest, styles=styles)
except InputError as error:
    lead_to_new_audit(choice.study_id, str(error))

st.subheader("Numbers")
if cautions := collect_set_cautions(summary, chosen, class_name=choice.class_name):
    st.warning("\n\n".join(map(escape_markdown, cautions)))
extractors = sorted({row.extractor for row in summary.results if row.extractor is not None})
wanted_extractors = choose_several("Extractors", extractors, param="extractor", default=extractors)
selected = select_results(
    select_sets(summary, chosen), class_name=choice.class_name, extractors=wanted_extractors
)
if not selected.results:
    st.info("No extractor is chosen: choose one above to see its numbers.")
    st.stop()
theme = "dark" if st.context.theme.type == "dark" else "light"
for figure in build_compare_figures(selected, names):
    with st.container(border=True):
        st.markdown(f"**{figure.title}**")
        drawn_figure = go.Figure(figure.dark if theme == "dark" else figure.light)
        drawn_figure.update_layout(font_family=FONT)
        st.plotly_chart(drawn_figure, theme=None, key=f"figure_{figure.id}_{theme}", alt=figure.alt)
        st.caption(escape_markdown(figure.caption))
show_table(
    lay_out_metrics(build_metric_table(selected, None)),
    key="compared",
    file_name=f"compare-{choice.audit_id}.csv",
)

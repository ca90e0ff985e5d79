"""Fidelity against utility: whether what looks better also helps a classifier more."""

import plotly.graph_objects as go
import streamlit as st

from core.csv_text import render_csv
from core.fidelity_utility.association import associate, associate_all, explain_correction, find_correction
from core.fidelity_utility.backdrop import find_backdrop
from core.fidelity_utility.figure import build_association_figure
from core.fidelity_utility.points import join_points
from core.fidelity_utility.sentences import say_association
from core.fidelity_utility.tables import tabulate_associations, tabulate_points, tabulate_published
from core.report.cautions import collect_cautions
from pages._shared.fidelity_choice import choose_fidelity_and_utility
from pages._shared.fidelity_matrix import lay_out_associations
from pages._shared.names import escape_markdown
from pages._shared.selection import switch
from pages._shared.table import show_table

FONT = '"Source Sans", sans-serif'

st.title("Fidelity against utility")
choice = choose_fidelity_and_utility()
audit, audit_id = choice.found.summary, choice.found.record.id
names = [one.name for one in audit.sets if one.role == "synthetic"]

joined = join_points(audit, choice.experiment, choice.fidelity, choice.utility)
associations = associate_all(
    audit, choice.experiments, class_name=choice.class_name, scores=(choice.utility.score,)
)
association = find_correction(associate(joined), associations)
st.markdown(f"**{escape_markdown(say_association(association))}**")
if joined.warnings:
    st.warning("\n\n".join(map(escape_markdown, joined.warnings)))

backdrop = find_backdrop(choice.fidelity, choice.utility)
with_published = switch(
    "Published results behind",
    param="published",
    help="Pale points of a published study, on axes of their own.",
)
if with_published and backdrop is None:
    st.info(
        "Nothing was published for this metric and utility: choose FID, the fake identification rate, "
        "precision or recall, and the change of accuracy against real images."
    )
figure = build_association_figure(association, names, backdrop=backdrop if with_published else None)
if figure is not None:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    with st.container(border=True):
        drawn = go.Figure(figure.dark if theme == "dark" else figure.light)
        drawn.update_layout(font_family=FONT)
        st.plotly_chart(drawn, theme=None, key=f"figure_{theme}", alt=figure.alt)
        st.caption(escape_markdown(figure.caption))
for note in joined.notes:
    st.caption(escape_markdown(note))
warnings = [sentence for _, sentence in collect_cautions(audit)] + list(choice.experiment.warnings)
if warnings:
    with st.expander("Warnings of the audit and of the experiment"):
        for warning in dict.fromkeys(warnings):
            st.caption(escape_markdown(warning))

st.subheader("Every metric and way of training")
clicked = show_table(
    lay_out_associations(associations, caption=explain_correction(associations)),
    key="associations",
    file_name=f"fidelity-utility-{audit_id}.csv",
)
if clicked:
    st.query_params["metric"] = clicked
    st.rerun()
st.caption(
    "Spearman correlation with its 95 % interval (Fisher's z, variance after Bonett and Wright 2000) and a "
    "permutation p-value; below 0 where lower values of the metric go with higher utility. Bold: p < 0.05 "
    "after Holm's correction. Whatever a way of training is held against, its order of sets is the same, so "
    "it stands here once. Sets of one study share their real and test images, and a correlation over them "
    "says nothing of other generators or data."
)
with st.container(horizontal=True):
    for label, table in (
        ("associations.csv", tabulate_associations(associations)),
        ("points.csv", tabulate_points(associations)),
        ("published.csv", tabulate_published()),
    ):
        st.download_button(
            label,
            render_csv(table),
            file_name=f"{label.removesuffix('.csv')}-{audit_id}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )

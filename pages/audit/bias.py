"""Bias: from which places an image's class can be told, and which synthetic sets carry that on."""

import streamlit as st

from core.bias.archive import load_bias
from core.bias.attribution_archive import load_attribution
from core.crop_experiment.request import widen_region, write_region
from core.report.bias_findings import describe_attribution, describe_bias, describe_settings, write_place
from pages._shared.audit_choice import choose_finished_audit
from pages._shared.bias_choice import choose_bias
from pages._shared.bias_form import show_bias_form
from pages._shared.bias_heatmap import choose_layer, show_heatmap
from pages._shared.bias_patches import show_patches
from pages._shared.bias_place import find_place, read_choice
from pages._shared.bias_region_tables import (
    CROP_REGION,
    SHOW_REGION,
    lay_out_attribution,
    lay_out_inheritance,
    lay_out_suspects,
)
from pages._shared.bias_shortcut_tables import lay_out_markers, lay_out_shortcuts
from pages._shared.links import CROP
from pages._shared.names import escape_markdown
from pages._shared.selection import switch
from pages._shared.table import show_table
from pages._shared.workspace import open_workspace

settings, database = open_workspace()
st.title("Bias")
study_column, audit_column, bias_column = st.columns([2, 2, 3])
audit = choose_finished_audit(study_column, audit_column, show_jobs=False)
study_id, audit_id = audit.record.study_id, audit.record.id
with bias_column:
    folder = choose_bias(audit.folder)
if folder is None:
    st.info(
        "The bias of this audit's images has not been analysed yet. The analysis cuts images into patches "
        "and tests from which of them alone the class can be told: a mark in a corner that only healthy "
        "images carry lights up there. Then it tests which synthetic sets carry that sign on."
    )
    show_bias_form(database, settings, audit_id, study_id, first=True)
    st.stop()

summary, attribution = load_bias(folder), load_attribution(folder)
for sentence in describe_bias(summary):
    st.text(sentence)

choice = read_choice(folder, summary)
with st.container(width=460):
    layer = choose_layer(folder, summary, attribution)
show_heatmap(folder, summary, layer, choice, key="bias_maps")
beyond = " Values beyond the scale have its strongest colour." if layer.goes_beyond else ""
st.caption(
    escape_markdown(
        f"{layer.about} One scale for all sets, over each set's mean image, which is stretched to a "
        f"square.{beyond} Numbered boxes: suspect regions of the real set. Click a place, or use the arrow "
        "keys and Enter, to see its patches; drag, or hold Shift, to draw a region."
    )
)
if choice.region is not None:
    box = choice.region
    st.page_link(
        CROP,
        label=f"Crop the drawn region ({write_place(box)}) and measure again",
        icon=":material/crop:",
        query_params={"study": study_id, "region": f"{box.left:g},{box.top:g},{box.right:g},{box.bottom:g}"},
    )
if choice.cell is not None:
    show_patches(settings, audit_id, audit.folder, folder, summary, choice.cell)

if summary.suspects:
    st.subheader("Suspect regions of the real images")
    table, name = lay_out_suspects(summary), f"suspects-{audit_id}.csv"
    if clicked := show_table(table, key="suspects", file_name=name):
        action, _, rank = clicked.partition(":")
        region = next(one for one in summary.suspects if str(one.rank) == rank)
        if action == CROP_REGION:
            text = write_region(widen_region((region.left, region.top, region.right, region.bottom)))
            st.switch_page(CROP, query_params={"study": study_id, "region": text})
        if action == SHOW_REGION and (place := find_place(folder, summary, region.rank)):
            st.query_params["cell"] = f"{place[0]},{place[1]}"
            st.rerun()
if summary.inheritance:
    st.subheader("What the other sets inherit")
    show_table(lay_out_inheritance(summary), key="inheritance", file_name=f"inheritance-{audit_id}.csv")
if attribution is not None:
    st.subheader("Where a trained classifier looks")
    for sentence in describe_attribution(attribution):
        st.text(sentence)
    show_table(lay_out_attribution(attribution), key="attribution", file_name=f"attribution-{audit_id}.csv")
st.subheader("Letters burnt into the images")
every = switch("Every third of the image", param="zones", help="Also where no image has a letter.")
show_table(lay_out_markers(summary, every_zone=every), key="markers", file_name=f"markers-{audit_id}.csv")
st.subheader("Other shortcuts")
show_table(lay_out_shortcuts(summary), key="shortcuts", file_name=f"shortcuts-{audit_id}.csv")
st.caption(escape_markdown(describe_settings(summary)))
show_bias_form(database, settings, audit_id, study_id, first=False)

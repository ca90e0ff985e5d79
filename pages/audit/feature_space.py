"""Feature space: every image of an audit as a point beside those that an extractor finds alike."""

import streamlit as st

from core.maps.map_points import MapPoints, load_points
from pages._shared.audit_choice import choose_finished_audit
from pages._shared.map_choice import choose_extractor, choose_map, show_map_form
from pages._shared.map_selection import show_selection
from pages._shared.scatter import ScatterView, show_scatter
from pages._shared.selection import choose
from pages._shared.workspace import open_workspace

LAYOUTS = {"umap": "UMAP", "pca": "Principal components"}
DIMENSIONS = {"2": "2-D", "3": "3-D"}

settings, database = open_workspace()
st.title("Feature space")
study_column, audit_column, extractor_column, map_column = st.columns(4)
audit = choose_finished_audit(study_column, audit_column, show_jobs=False)
study_id, audit_id = audit.record.study_id, audit.record.id
folder, summary = audit.folder, audit.summary
with extractor_column:
    extractor = choose_extractor(summary)
with map_column:
    key = choose_map(settings, audit_id, extractor)
if key is None:
    st.info(
        "There is no map of these features yet. A map puts every image of the audit beside those that the "
        "extractor finds alike, so that gaps, clumps and copies can be seen and looked into."
    )
    show_map_form(database, settings, audit_id, study_id, extractor, first=True)
    st.stop()

points = load_points(folder, key)
record = points.record
hues = {"set": "Set"}
if points.classes:
    hues["class"] = "Class"
if points.judged_by is not None:
    hues |= {"status": "Copy search", "rho": "Nearest real image"}
layout_column, dimension_column, hue_column = st.columns(4)[:3]
with layout_column:
    method = choose("Layout", LAYOUTS, param="layout")
with dimension_column:
    dimensions = choose("Dimensions", DIMENSIONS, param="dimensions")
with hue_column:
    hue = choose("Colour by", hues, param="colour", help="The symbol always tells the set.")
view = ScatterView(
    method="pca" if method == "pca" else "umap",
    dimensions=3 if dimensions == "3" else 2,
    colour="class" if hue == "class" else "status" if hue == "status" else "rho" if hue == "rho" else "set",
)
if view.method == "umap":
    seen = f"{record.n_features:,} features"
    if record.n_umap_features is not None:
        seen = f"{record.n_umap_features} principal components of {record.n_features:,} features"
    st.markdown(
        "**Look for who is whose neighbour; distances between clusters, their sizes and their densities "
        "mislead.** UMAP keeps neighbourhoods and little else, and another seed gives another picture."
    )
    about = (
        f"UMAP with {record.n_neighbors_used} neighbours, least distance {record.min_dist:g}, seed "
        f"{record.seed}, {record.metric} distance on {seen}"
    )
else:
    shown = sum(record.explained[: view.dimensions])
    st.markdown(
        f"**These axes hold {shown:.0%} of the variance; what differs in the rest cannot be seen here.** "
        "Along them, distances are true to scale."
    )
    about = f"Principal components of {record.n_features:,} features"
sample = f" drawn with seed {record.seed} from {record.n_total:,}" if record.n < record.n_total else ""
caption = f"{about}; {record.n:,} images{sample}."
if points.judged_by is None:
    caption += " This audit kept no image pairs, so colours by copy search are left out; run it again."
elif hue in ("status", "rho"):
    caption += f" Copies were searched with the extractor {points.judged_by}."
synthetic = tuple(one.name for one in summary.sets if one.role == "synthetic")


@st.fragment
def show_map(points: MapPoints, view: ScatterView, caption: str) -> None:
    """Show the map and what is selected on it; a selection runs only this again."""
    bits = show_scatter(audit_id, key or "", points, view, synthetic=synthetic, key="feature_space")
    st.caption(caption)
    show_selection(database, folder, audit_id, key or "", points, bits)


show_map(points, view, caption)
show_map_form(database, settings, audit_id, study_id, extractor, first=False)

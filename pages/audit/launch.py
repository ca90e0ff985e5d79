"""Run audit: what decides the numbers of a new audit, its start, and its progress."""

import streamlit as st

from core.audit.plan import WEIGHT_FREE
from core.audit.protocol import Protocol
from core.datasets.folder_tree import list_subfolders
from core.datasets.study_folders import list_study_columns
from core.features.registry import EXTRACTORS
from core.jobs.submission import submit_audit
from pages._shared.code_extractors import list_code_extractors
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import JOBS, QUALITY
from pages._shared.protocol_settings import choose_more_settings
from pages._shared.study_choice import choose_study
from pages._shared.workspace import open_workspace

AUTOMATIC = "Automatic"
NAMED = [WEIGHT_FREE, *(name for name, entry in EXTRACTORS.items() if name == entry.pattern)]

settings, database = open_workspace()
st.title("Run audit")
study = choose_study(database, st.container(), needs_synthetic=True)
show_active_jobs(study_id=study.id)

names = ", ".join(one.name for one in study.folders.synthetic)
against = (
    "" if study.folders.heldout else " There is no held-out set: floors come from halves of the real set."
)
st.text(f"Synthetic sets: {names}.{against}")
defaults = Protocol()
columns = list_study_columns(study.folders, settings)
names_of_classes = [one.name for one in list_subfolders(study.folders.real, settings, limit=100).subfolders]
codes = list_code_extractors(database, settings, study)
with st.form("protocol"):
    extractors = st.multiselect(
        "Extractors",
        [*NAMED, *codes],
        format_func=lambda name: codes.get(name, name),
        placeholder=AUTOMATIC,
        accept_new_options=True,
        help="What turns images into features. Automatic takes the FID Inception where its weights are to be "
        "had, else `texture`, and `pixels` for copies. A network of timm is written `timm:NAME`. A "
        "trained VQ-VAE-2 among the study's generators adds its codes.",
    )
    left, middle, right = st.columns(3)
    nearest_k = left.number_input(
        "k of neighbour metrics",
        1,
        1000,
        defaults.nearest_k,
        help="Naeem et al. use 5, Kynkäänniemi et al. 3.",
    )
    seed = middle.number_input("Seed", 0, 2**32 - 1, defaults.seed, help="Seeds every draw.")
    classes = right.multiselect(
        "Keep only classes",
        names_of_classes,
        accept_new_options=True,
        placeholder="All",
        help="Names of classes to keep.",
    )
    group_by = st.multiselect(
        "Groups by",
        columns,
        placeholder="None" if columns else "No further column in the study's labels CSV",
        help="Columns of the labels CSV, such as sex or age, whose values are measured like classes; numbers "
        "fall into bands.",
    )
    more = choose_more_settings()
    bias = st.checkbox("Bias", help="What gives a class away, and how much of it synthetic sets inherit.")
    started = st.form_submit_button("Run audit", type="primary", icon=":material/play_arrow:")

if started:
    if any("?" in name for name in extractors):
        st.error(
            "Weight files are not chosen here: put them into MEDSYN_WEIGHTS_DIR, or use the command line."
        )
        st.stop()
    protocol = Protocol(
        extractors=tuple(extractors),
        nearest_k=nearest_k,
        seed=seed,
        class_names=tuple(classes),
        group_by=tuple(group_by),
        bias=bias,
        **more,
    )
    job = submit_audit(database, settings, study, protocol)
    st.switch_page(JOBS, query_params={"job": job.id})
st.page_link(
    QUALITY, label="Results of this study", icon=":material/analytics:", query_params={"study": study.id}
)

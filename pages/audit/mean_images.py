"""Mean images and volumes: what the average of each set looks like, and how varied the sets are."""

from functools import partial

import streamlit as st

from core.audit.mean_archive import MEANS_FILE
from core.audit.selection import select_results
from core.errors import InputError
from core.report.cautions import collect_set_cautions
from core.report.mean_findings import describe_means
from core.report.metric_table import build_metric_table
from pages._shared.audit_choice import choose_audit, lead_to_new_audit
from pages._shared.mean_pictures import open_mean_pictures, pack_pictures, show_mean_pictures
from pages._shared.mean_volumes import open_mean_volumes, pack_volumes, show_mean_volumes
from pages._shared.names import escape_markdown
from pages._shared.table import show_table
from pages._shared.variety_columns import lay_out_variety

st.title("Mean images")
choice = choose_audit(all_classes="All images")
summary, folder, class_name = choice.summary, choice.folder, choice.class_name

of_volumes = summary.protocol.mean_volume_size is not None
pictures = volumes = None
try:
    if of_volumes:
        volumes = open_mean_volumes(folder, class_name)
    else:
        pictures = open_mean_pictures(folder, class_name)
except InputError as error:
    lead_to_new_audit(choice.study_id, str(error))

if shown := pictures or volumes:
    if cautions := collect_set_cautions(summary, shown.names, class_name=class_name):
        st.warning("\n\n".join(map(escape_markdown, cautions)))
    for sentence in describe_means(summary, shown.differences, class_name=class_name):
        st.text(sentence)

if volumes:
    show_mean_volumes(volumes, summary, folder, class_name)
    st.download_button(
        "These volumes as NIfTI",
        partial(pack_volumes, folder, class_name),
        file_name=f"mean-volumes-{choice.audit_id}.zip",
        mime="application/zip",
        help="Mean, standard deviation and difference from the real mean of every set as `.nii.gz` with "
        "spacing, in grey levels of 255; `index.json` says which number is which set.",
        icon=":material/download:",
        on_click="ignore",
    )

if pictures:
    show_mean_pictures(pictures, summary)
    with st.container(horizontal=True):
        st.download_button(
            "These pictures",
            partial(pack_pictures, folder, class_name),
            file_name=f"mean-images-{choice.audit_id}.zip",
            mime="application/zip",
            help="PNG files in full size on the scales above; the same as 32-bit numbers, `mean_0`, `std_0` "
            "and so on in `means.npz`; and `index.json` with the scales and which number is which set.",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "All classes as numbers",
            (folder / MEANS_FILE).read_bytes,
            file_name=f"mean-images-{choice.audit_id}.npz",
            mime="application/octet-stream",
            help="Mean and standard deviation of every set and class as 32-bit numbers, for NumPy: `mean_0` "
            'and `std_0` and so on. Whose they are: `json.loads(numpy.load(file)["index"].tobytes())`.',
            icon=":material/download:",
            on_click="ignore",
        )

st.subheader("How varied the sets are")
if of_volumes:
    st.caption("File sizes are those of one picture with all axial slices of a mean volume side by side.")
selected = select_results(summary, class_name=class_name)
table = lay_out_variety(build_metric_table(selected, None))
if table.rows:
    show_table(table, key="variety", file_name=f"variety-{choice.audit_id}.csv")
else:
    st.info("Variety was not measured: there are too few images for it.")

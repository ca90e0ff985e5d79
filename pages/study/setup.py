"""Study setup: folders below the allowed roots, what they hold, and saving."""

from dataclasses import replace

import streamlit as st

from core.config import BUILT_IN_ROOTS
from core.datasets.folder_roots import FolderRef
from core.datasets.folder_tree import find_empty_roots
from core.db.studies import load_study, remove_study, save_study
from core.errors import InputError
from pages._shared.draft import Draft, add_picked, change_folder, keep_draft, read_draft
from pages._shared.folder_picker import pick_folder, take_picked
from pages._shared.links import GENERATORS, LAUNCH, OVERVIEW
from pages._shared.names import escape_markdown, show_name
from pages._shared.set_preview import show_set_preview
from pages._shared.study_check import show_study_check
from pages._shared.workspace import open_workspace

SETS = (
    ("real", "Real images", "The real images that the generators were trained on."),
    (
        "heldout",
        "Held-out real images",
        "Of other patients, never seen by a generator: what numbers are held against.",
    ),
    ("labels", "Labels", "CSV with columns file, label and patient; without one, sub-folders are classes."),
)

settings, database = open_workspace()
study_id = st.query_params.get("study")
study = load_study(database, study_id) if study_id else None
draft = read_draft(study)
if taken := take_picked():
    draft = add_picked(draft, *taken)
    keep_draft(draft)


def change(changed: Draft) -> None:
    """Keep a changed draft."""
    keep_draft(changed)


def open_picker(field: str, label: str, start: FolderRef | None) -> None:
    """Show the button that opens the folder tree."""
    if st.button(label, key=f"pick_{field}", icon=":material/folder_open:"):
        st.session_state.pop(f"picker_{field}", None)
        pick_folder(settings, purpose=field, start=start)


st.title("Change study" if study else "Study setup")
empty = find_empty_roots(settings)
if draft.real is None and len(empty) == len(settings.data_roots) - len(BUILT_IN_ROOTS):
    st.info(
        f"Put folders of images into {', '.join(map(str, empty))}, or name the folders that hold them in "
        "MEDSYN_DATA_ROOTS and start the dashboard again."
    )
name = st.text_input("Name", draft.name, max_chars=80, placeholder="Chest X-rays, DDPM against StyleGAN2")
if name != draft.name:
    draft = replace(draft, name=name)
    keep_draft(draft)

for field, title, sentence in SETS:
    with st.container(border=True):
        folder = getattr(draft, field)
        st.markdown(f"**{title}**", help=sentence)
        if folder is not None:
            st.text(show_name(f"{folder.root} / {folder.path}"))
        with st.container(horizontal=True):
            open_picker(field, "Change" if folder else "Choose", folder)
            if folder is not None and field != "real":
                st.button(
                    "Leave out",
                    key=f"drop_{field}",
                    on_click=change,
                    args=(change_folder(draft, field, None),),
                )
        if folder is not None and field != "labels":
            show_set_preview(folder)

with st.container(border=True):
    st.markdown("**Synthetic sets**", help="One folder for each generator, or for each setting of one.")
    for place, (set_name, folder) in enumerate(draft.synthetic):
        others = draft.synthetic[:place] + draft.synthetic[place + 1 :]
        left, right = st.columns([5, 1], vertical_alignment="bottom")
        renamed = left.text_input(
            show_name(f"{folder.root} / {folder.path}"),
            set_name,
            key=f"name_{folder.root}_{folder.path}",
            max_chars=80,
        )
        right.button(
            "Leave out", key=f"drop_{place}", on_click=change, args=(replace(draft, synthetic=others),)
        )
        if renamed != set_name:
            named = (*draft.synthetic[:place], (renamed, folder), *draft.synthetic[place + 1 :])
            keep_draft(replace(draft, synthetic=named))
            st.rerun()
        show_set_preview(folder)
    if not draft.synthetic:
        st.text("None yet. A generator can be trained on the real images, and what it draws be added here.")
    last = draft.synthetic[-1][1] if draft.synthetic else draft.real
    open_picker("synthetic", "Add a synthetic set", last.parent if last else None)

try:
    folders = draft.folders()
except InputError as error:
    st.info(escape_markdown(str(error)))
    st.stop()
show_study_check(database, settings, folders)
with st.container(horizontal=True):
    if st.button("Save study", type="primary", icon=":material/save:"):
        try:
            saved = save_study(database, name=draft.name, folders=folders, study_id=study_id)
        except InputError as error:
            st.error(escape_markdown(str(error)))
        else:
            st.switch_page(LAUNCH if folders.synthetic else GENERATORS, query_params={"study": saved.id})
    if study and st.button(
        "Remove study",
        icon=":material/delete:",
        help="Its audits and experiments stay; the overview restores it.",
    ):
        remove_study(database, study.id)
        st.switch_page(OVERVIEW)

"""What a folder holds, as far as a glance can tell: counts, classes, thumbnails, problems."""

from __future__ import annotations

import base64
from html import escape

import streamlit as st

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.preview import FolderPreview, preview_folder
from core.errors import MedSynError
from pages._shared.names import escape_markdown, show_name

__all__ = ["show_set_preview"]

# As many as stand in one row of a narrow window.
_N_PICTURES = 8


def show_set_preview(folder: FolderRef) -> None:
    """Show what a folder holds; a folder that cannot be opened says so."""
    try:
        places = tuple(str(root.path) for root in get_settings().data_roots)
        preview = _look(folder.root, folder.path, places)
    except MedSynError as error:
        st.error(escape_markdown(str(error)))
        return
    classes = ", ".join(f"{show_name(name)} {n:,}" for name, n in preview.classes.items() if name is not None)
    in_classes = (
        f" in {sum(name is not None for name in preview.classes)} classes ({classes})" if classes else ""
    )
    st.text(f"{preview.n_files:,} {'file' if preview.n_files == 1 else 'files'}{in_classes}.")
    st.html(_draw_thumbnails(preview))
    if preview.n_looked_at:
        st.caption(
            f"Looked at {preview.n_looked_at:,} of {preview.n_files:,} files: {', '.join(preview.formats)}."
        )
    for warning in preview.warnings:
        st.warning(escape_markdown(warning))
    for problem in preview.problems[:5]:
        st.warning(escape_markdown(f"{show_name(problem.id)}: {problem.reason}."))
    if len(preview.problems) > 5:
        st.caption(f"and {len(preview.problems) - 5:,} more.")


@st.cache_data(ttl=60, max_entries=64, show_spinner="Looking at the folder")
def _look(root: str, path: str, places: tuple[str, ...]) -> FolderPreview:
    """Look at a folder; `places` is where the roots are, since one name may mean another place later."""
    return preview_folder(FolderRef(root=root, path=path), get_settings(), n_samples=_N_PICTURES)


def _draw_thumbnails(preview: FolderPreview) -> str:
    pictures = "".join(
        f'<img alt="{escape(show_name(one.id), quote=True)}" title="{escape(show_name(one.id), quote=True)}" '
        f'src="data:image/png;base64,{base64.b64encode(one.png).decode()}">'
        for one in preview.thumbnails
    )
    return f'<div class="thumbnails">{pictures}</div>'

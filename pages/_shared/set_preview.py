"""What a folder holds, as far as a glance can tell: counts, classes, thumbnails, problems."""

from __future__ import annotations

import base64
from html import escape

import streamlit as st

from core.config import get_settings
from core.datasets.dicom_series import DicomSeries
from core.datasets.folder_roots import FolderRef
from core.datasets.preview import FolderPreview, preview_folder
from core.errors import MedSynError
from pages._shared.image_sets import write_voxels
from pages._shared.names import escape_markdown, show_name

__all__ = ["describe_series", "show_set_preview"]

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
            f"Looked at {preview.n_looked_at:,} of {preview.n_files:,} files: {', '.join(preview.formats)}"
            f"{_describe_volumes(preview)}."
        )
    if preview.series is not None:
        st.info(describe_series(preview.series, preview.n_files))
    for warning in preview.warnings:
        st.warning(escape_markdown(warning))
    for problem in preview.problems[:5]:
        st.warning(escape_markdown(f"{show_name(problem.id)}: {problem.reason}."))
    if len(preview.problems) > 5:
        st.caption(f"and {len(preview.problems) - 5:,} more.")


def describe_series(series: DicomSeries, n_files: int) -> str:
    """Say that single files are slices of volumes, and where they are read as such."""
    within = "" if series.n_read == n_files else f" among the first {series.n_read:,} files"
    count = "one series" if series.n_series == 1 else f"{series.n_series:,} series"
    return (
        f"{series.n_slices:,} DICOM slices of {count}{within}; Run audit can read each series as one volume "
        "(More settings, DICOM slices)."
    )


def _describe_volumes(preview: FolderPreview) -> str:
    if preview.slices is None or preview.widths is None or preview.heights is None:
        return ""
    sides = (preview.slices, preview.heights, preview.widths)
    if preview.n_volumes < len(preview.thumbnails):
        return f"; {preview.n_volumes:,} of them {'is a volume' if preview.n_volumes == 1 else 'are volumes'}"
    return f"; volumes of {write_voxels(*sides)}, shown by their middle slices"


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

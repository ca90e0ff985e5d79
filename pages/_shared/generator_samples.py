"""What a generator drew at each checkpoint, beside real images of the same classes."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

import streamlit as st

from core.generators.grid_picture import find_real_grid, load_grid
from core.jobs.generator_state import GeneratorState
from core.plots.style import REAL, assign_styles
from pages._shared.picture_grid import GridCell, GridColumn, GridRow, show_picture_grid
from pages._shared.selection import choose

__all__ = ["show_samples"]

_AUTOENCODER: Final = "autoencoder"
_PARAM: Final = "checkpoint"
_LEAST_PX: Final = 150
_MOST_PX: Final = 900
_SLIDER_HELP = "Images that training had seen. At the right end, new checkpoints appear as they are made."
_PHASE_HELP = "What was trained by then; a phase that draws nothing, such as a prior of codes, is not there."
_DRAWN = (
    "Samples of every checkpoint come from the same noise and the same classes, so that what changes is the "
    "generator. They are drawn at random, none is picked."
)
_RECONSTRUCTED = (
    "The real images on the left, as the autoencoder gives them back: what it blurs, no sample can have."
)


def show_samples(state: GeneratorState) -> None:
    """Show real and generated images side by side at a checkpoint, the newest unless another is chosen."""
    grids = {
        phase.name: found for phase in state.standing.phases if (found := state.folder.list_grids(phase.name))
    }
    if not grids:
        if state.is_active:
            st.caption("The first samples appear here with the first checkpoint.")
        return
    st.subheader("Samples", anchor=False)
    newest = list(grids)[-1]
    phase = newest
    if len(grids) > 1:
        names = {name: name for name in grids}
        phase = choose("Phase", names, param="phase", default=newest, help=_PHASE_HELP)
    images = _choose_checkpoint(list(grids[phase]), [number for one in grids.values() for number in one])
    _show_grids(state, phase, images, grids[phase][images])


def _choose_checkpoint(options: list[int], known: list[int]) -> int:
    """Ask for a checkpoint; the address holds it, unless it is the newest, which moves on."""
    newest, asked = options[-1], st.query_params.get(_PARAM)
    if asked is not None and asked not in {str(number) for number in known}:
        st.warning("The checkpoint that the address asks for is not there; the newest one is shown.")
    chosen = next((number for number in options if str(number) == asked), newest)
    if len(options) == 1:
        return chosen
    key = f"choose_{_PARAM}"
    st.session_state[key] = chosen

    def remember() -> None:
        if st.session_state[key] == newest:
            st.query_params.pop(_PARAM, None)
        else:
            st.query_params[_PARAM] = str(st.session_state[key])

    st.select_slider(
        "Checkpoint, in images seen",
        options,
        key=key,
        format_func=lambda number: f"{number:,}",
        on_change=remember,
        help=_SLIDER_HELP,
    )
    return chosen


def _show_grids(state: GeneratorState, phase: str, images: int, path: Path) -> None:
    drawn, width, height = _encode(path, path.stat().st_mtime_ns)
    real_path = find_real_grid(state.folder)
    real = "" if real_path is None else _encode(real_path, real_path.stat().st_mtime_ns)[0]
    is_reconstruction = phase == _AUTOENCODER
    title = f"after {images:,} images"
    show_picture_grid(
        [
            GridColumn("Real", "training images", assign_styles([])[REAL]),
            GridColumn("Reconstructed" if is_reconstruction else "Generated", title),
        ],
        [
            GridRow(
                title,
                (
                    GridCell(real, about="Real training images.", caption="" if real else "not there"),
                    GridCell(drawn, about=f"{phase}, {title}."),
                ),
            )
        ],
        key="samples",
        label=f"Real images beside those of {phase} {title}",
        aspect=width / height,
        pixelated=width < _MOST_PX,
        least_px=_LEAST_PX,
        most_px=_MOST_PX,
    )
    st.caption(_RECONSTRUCTED if is_reconstruction else _DRAWN)


@st.cache_data(max_entries=64, show_spinner=False)
def _encode(path: Path, modified: int) -> tuple[str, int, int]:
    """A grid as it lies there, within the page: patients' images get no address; with width and height."""
    grid = load_grid(path)
    return f"data:image/png;base64,{base64.b64encode(grid.png).decode()}", grid.width, grid.height

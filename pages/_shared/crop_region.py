"""What is to be cropped: margins and a region, kept in the address, with what they do to some images."""

from __future__ import annotations

import base64
from typing import Final, Literal

import streamlit as st
from pydantic import ValidationError

from core.bias.archive import BIAS_FOLDER, SuspectRecord, list_bias, load_bias
from core.config import Settings, get_settings
from core.crop_experiment.preview import CropSample, preview_crop
from core.crop_experiment.request import CropRequest, Region, parse_region, widen_region, write_region
from core.datasets.study_folders import StudyFolders, confine_to_roots
from core.db.audits import list_audits
from core.db.database import Database
from core.errors import InputError, MedSynError
from core.images.intensity import Intensity
from core.jobs.job_folder import audit_folder
from core.plots.style import assign_styles
from core.validation import explain_first
from pages._shared.names import escape_markdown, show_name
from pages._shared.picture_grid import GridCell, GridColumn, GridRow, show_picture_grid
from pages._shared.selection import choose

__all__ = ["choose_region", "show_crop_preview"]

_MODES: Final = {
    "blank": "Paint the region black",
    "cut": "Cut off the strip that holds it",
}
_MODE_HELP: Final = (
    "Black keeps the image's size and everything else; a cut takes the whole strip along one border, so that "
    "nothing tells where the mark was."
)
_REGION_HELP: Final = (
    "Suspect regions are those of the study's last analysis of bias, a sixteenth of the image wider at each "
    "side, since a mark may reach beyond the patches that tell it best."
)
_EDGES: Final = (("Left", 0.0), ("Top", 0.0), ("Right", 0.2), ("Bottom", 0.2))
_FIRST: Final = "0,0,0.2,0.2"
_STEP: Final = 0.01


def choose_region(database: Database, settings: Settings, study_id: str) -> CropRequest:
    """Ask what is to be cropped.

    Raises:
        InputError: if that is nothing, or leaves nothing, with what to change.
    """
    text = st.query_params.get("region", "")
    try:
        current = None if not text else parse_region(text)
    except InputError as error:
        st.warning(escape_markdown(f"The address asks for a region that is none. {error}"))
        st.query_params["region"], text, current = "", "", None
    options = {"": "No region"}
    raw: dict[str, str] = {}
    for one in _find_suspects(database, settings, study_id):
        found: Region = (one.left, one.top, one.right, one.bottom)
        wide = write_region(widen_region(found))
        raw[write_region(found)] = wide
        options[wide] = f"Suspect region {one.rank} (AUROC {one.auroc:.2f}), widened"
    if current is not None:
        # The same region may be written in more than one way.
        text = next((known for known in options if known and parse_region(known) == current), text)
        st.query_params["region"] = text
    own = text if text and text not in options else _FIRST
    options.setdefault(own, "By numbers" if own == _FIRST else f"By numbers: {own}")
    region_column, mode_column, margin_column = st.columns([2, 2, 2])
    with region_column:
        chosen = choose("Region", options, param="region", help=_REGION_HELP)
    with mode_column:
        mode = choose("Way", _MODES, param="mode", help=_MODE_HELP)
    with margin_column:
        margin = _choose_margin()
    if chosen:
        _show_numbers(parse_region(chosen), raw.get(chosen))
    way: Literal["blank", "cut"] = "cut" if mode == "cut" else "blank"
    try:
        return CropRequest(margin=margin, region=parse_region(chosen) if chosen else None, mode=way)
    except ValidationError as error:
        raise InputError(explain_first(error)) from error


def show_crop_preview(folders: StudyFolders, request: CropRequest, intensity: Intensity) -> None:
    """Show a few images of every set as they are and as they will be, by the policy that they are read by."""
    settings = get_settings()
    try:
        places = tuple(str(root.path) for root in settings.data_roots)
        samples = _look(folders, write_crop(request), intensity, places)
    except MedSynError as error:
        st.error(escape_markdown(str(error)))
        return
    names = list(dict.fromkeys(one.set for one in samples))
    styles = assign_styles([one.name for one in folders.synthetic])
    by_set = {name: [one for one in samples if one.set == name] for name in names}
    rows = []
    for at in range(max(map(len, by_set.values()), default=0)):
        pair = [own[at] if at < len(own) else None for own in by_set.values()]
        for when in ("before", "after"):
            cells = tuple(None if one is None else _cell(one, when) for one in pair)
            rows.append(GridRow(f"sample {at + 1} {when} the crop", cells))
    if rows:
        show_picture_grid(
            [GridColumn(name, style=styles[name]) for name in names],
            rows,
            key="crop_preview",
            label="Sample images before and after the crop",
            least_px=96,
        )


def write_crop(request: CropRequest) -> str:
    """What decides the crop, as JSON."""
    return request.model_dump_json(include={"margin", "region", "mode"})


def _find_suspects(database: Database, settings: Settings, study_id: str) -> tuple[SuspectRecord, ...]:
    """Suspect regions of the newest audit that has an analysis of bias."""
    for audit in list_audits(database, study_id=study_id, limit=20):
        folder = audit_folder(settings, audit.id)
        for key in list_bias(folder)[:1]:
            try:
                return load_bias(folder / BIAS_FOLDER / key).suspects
            except InputError:
                continue
    return ()


def _choose_margin() -> float:
    try:
        asked = float(st.query_params.get("margin", "0"))
    except ValueError:
        asked = 0.0
    st.session_state["crop_margin"] = min(max(round(100 * asked), 0), 30) if 0 <= asked < 1 else 0

    def remember() -> None:
        st.query_params["margin"] = f"{st.session_state['crop_margin'] / 100:g}"

    percent: int = st.slider(
        "Margins, %",
        0,
        30,
        key="crop_margin",
        on_change=remember,
        help="Share of width and height that is cut off at every side, region or not.",
    )
    return percent / 100


def _show_numbers(region: Region, widened: str | None) -> None:
    """The region's edges as numbers, to be changed."""
    places = st.columns([1, 1, 1, 1, 1], vertical_alignment="bottom")
    for (name, _), value, place in zip(_EDGES, region, places, strict=False):
        key = f"crop_{name}"
        st.session_state[key] = value
        place.number_input(
            name, 0.0, 1.0, step=_STEP, key=key, format="%.3f", on_change=_remember_numbers,
            help="As a share of the image's width or height, from its upper left corner.",
        )  # fmt: skip
    target = widened or write_region(widen_region(region))
    if target != write_region(region):
        places[4].button(
            "Widen by 1/16",
            on_click=_set_region,
            args=(target,),
            help="At each side, up to the image's border: a mark may reach beyond its suspect region.",
        )


def _remember_numbers() -> None:
    _set_region(",".join(f"{st.session_state[f'crop_{name}']:g}" for name, _ in _EDGES))


def _set_region(text: str) -> None:
    st.query_params["region"] = text


@st.cache_data(ttl=300, max_entries=32, show_spinner="Cropping some images")
def _look(
    folders: StudyFolders, crop: str, intensity: Intensity, places: tuple[str, ...]
) -> tuple[CropSample, ...]:
    """Crop some images; `places` is where the roots are, since one name may mean another place later."""
    settings = get_settings()
    request = CropRequest.model_validate_json(crop)
    return preview_crop(
        folders.resolve(settings), request.crop, intensity=intensity, settings=confine_to_roots(settings)
    )


def _cell(sample: CropSample, when: str) -> GridCell:
    png = sample.before if when == "before" else sample.after
    if png is None:
        return GridCell(caption="The crop leaves nothing of this image.")
    data = base64.b64encode(png).decode()
    return GridCell(
        f"data:image/png;base64,{data}", caption="" if when == "after" else show_name(sample.item)
    )

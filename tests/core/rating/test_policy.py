"""Raters see all images of a session by its policy, and volumes as montages."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.item_source import decode_source
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import Database, open_database
from core.db.rating_sessions import load_rating_session, load_stimuli
from core.db.studies import StudyRecord, save_study
from core.errors import InputError
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import PRESETS
from core.rating.design import SessionDesign, SetCount
from core.rating.giveaways import find_giveaways
from core.rating.image_look import ImageLook
from core.rating.session import create_session, scan_session_sets
from core.rating.stimuli import prepare_session, stimulus_path
from core.rating.stimulus_form import choose_form
from tests.volumes import NARROW, write_deep, write_series, write_volumes

SIDE = 64


@pytest.fixture
def database(workspace: Path) -> Database:
    return open_database(get_settings())


def keep(database: Database, write: Any) -> StudyRecord:
    data = get_settings().home / "data"
    for seed, name in enumerate(("real", "heldout", "gan")):
        write(data / name, 3, seed=seed)
    folders = StudyFolders(
        real=FolderRef(root="data", path="real"),
        heldout=FolderRef(root="data", path="heldout"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )
    return save_study(database, name="CT", folders=folders)


def design(n: int = 2, **options: Any) -> SessionDesign:
    counts = tuple(SetCount(synthetic=name, n=n) for name in (None, "gan"))
    return SessionDesign(counts=counts, side_px=SIDE, **options)


def show(database: Database, study: StudyRecord, asked: SessionDesign, name: str) -> dict[str, np.ndarray]:
    """Pictures that raters see, by their set and file."""
    made = create_session(database, get_settings(), study=study, name=name, design=asked)
    prepare_session(database, get_settings(), made.id)
    # What the session keeps is what it was asked.
    assert SessionDesign.model_validate(load_rating_session(database, made.id).design) == asked
    return {
        f"{one.synthetic}/{one.file}": np.asarray(
            Image.open(io.BytesIO(stimulus_path(get_settings(), made.id, one.number).read_bytes()))
        )
        for one in load_stimuli(database, made.id)
    }


def test_deep_images_are_shown_by_the_policy(database: Database) -> None:
    study = keep(database, write_deep)
    usual = show(database, study, design(), "Usual")
    narrow = show(database, study, design(intensity=NARROW), "Narrow")
    assert usual.keys() == narrow.keys()
    assert len(usual) == 4
    for name, picture in usual.items():
        # A window of a tenth of the values leaves little between black and white.
        assert (np.isin(narrow[name], (0, 255))).mean() > (np.isin(picture, (0, 255))).mean() + 0.3
    database.close()


@pytest.mark.parametrize("write", [write_volumes, write_series])
def test_volumes_are_shown_as_the_montages_that_audits_see(database: Database, write: Any) -> None:
    study = keep(database, write)
    asked = design(intensity=NARROW, join_slices=True)
    shown = show(database, study, asked, "Montages")
    sets = {one.name: one for one in scan_session_sets(study, asked, settings=get_settings())}
    montages = {
        f"{None if name == 'heldout' else name}/{item.id}": decode_source(
            item.source, get_settings(), intensity=NARROW
        )
        for name, one in sets.items()
        for item in one.items
    }
    form = choose_form(real=[], synthetic=[], side_px=SIDE, intensity=NARROW)
    long_px = {max(one.pixels.shape) for one in montages.values()}
    assert len(long_px) == 1
    form = type(form)(form.side_px, min(SIDE, *long_px), "L", NARROW)
    for name, picture in shown.items():
        np.testing.assert_array_equal(picture, form.centre(form.shape(montages[name])))
    database.close()


def test_a_series_that_lost_a_slice_is_not_shown(database: Database) -> None:
    study = keep(database, write_series)
    asked = design(3, join_slices=True)
    made = create_session(database, get_settings(), study=study, name="First", design=asked)
    (get_settings().home / "data" / "gan" / "case01" / "1.dcm").unlink()
    with pytest.raises(InputError, match=r"'case01' of gan cannot be shown.*changed since it was drawn"):
        prepare_session(database, get_settings(), made.id)
    database.close()


def test_depth_that_gives_answers_away_names_the_policy() -> None:
    deep, flat = (ImageLook(48, 48, False, bits, False, False) for bits in (16, 8))
    (usual,) = find_giveaways([deep] * 4, {"gan": [flat] * 4}, intensity=DEFAULT_INTENSITY)
    (lung,) = find_giveaways([deep] * 4, {"gan": [flat] * 4}, intensity=PRESETS["lung"])
    assert "stretched from their own darkest" in usual
    assert "shown by one policy (window: center -600, width 1500), which 8-bit images are not" in lung

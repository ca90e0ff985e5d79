"""Writes the images of a rating session, all in one form that tells nothing of where they come from."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.config import Settings
from core.datasets.entries import join_series, list_single
from core.datasets.listing import list_files
from core.datasets.study_folders import StudyFolders, confine_to_roots
from core.datasets.unscanned import look_at_files
from core.db.database import Database
from core.db.rating_record import RatingSessionRecord, StimulusRecord, TrialKind
from core.db.rating_sessions import load_rating_session, load_stimuli, mark_prepared
from core.errors import ImageReadError, InputError, StoreError
from core.images.decoded import DecodedImage
from core.progress import Progress, SilentProgress
from core.rating.design import RealSource, SessionDesign
from core.rating.giveaways import find_giveaways
from core.rating.image_look import ImageLook, look_at
from core.rating.mask import make_mask
from core.rating.session_folder import GIVEAWAYS_FILE, mask_path, session_folder, stimulus_path
from core.rating.stimulus_form import choose_form, scramble_picture
from core.rating.stimulus_png import encode_stimulus

__all__ = ["load_giveaways", "prepare_session", "stimulus_path"]

_DRAFT_LIVES_S = 3600


def prepare_session(
    database: Database, settings: Settings, session_id: str, *, progress: Progress | None = None
) -> None:
    """Write the images of a session, its mask and what may give answers away, and let raters begin.

    Each image is decoded and brought to the scale 0 to 255 by the design's intensity policy, a volume as a
    montage, reduced to the detail of the smallest one of the session, resized to the design's side with the
    same filter, centred on a square of mid-grey and saved without compression. All files appear at once or
    not at all; where they are already, nothing is done.

    Args:
        database: where the session is kept.
        settings: workspace, folder roots and limits; only files below the roots are opened.
        session_id: the session.
        progress: told of each image, twice; may cancel.

    Raises:
        UnknownNameError: if there is no session of that id.
        InputError: if an image is gone, has changed since it was drawn, or cannot be read.
        StoreError: if the workspace cannot be written.
        CancelledError: if progress says so; nothing is left.
        DatabaseError: if the database does not answer.
    """
    progress = progress or SilentProgress()
    session = load_rating_session(database, session_id)
    # Images of an imported session that no file was found for have no picture.
    stimuli = [one for one in load_stimuli(database, session_id) if _has_picture(one)]
    folder = session_folder(settings, session.id)
    if not _is_complete(settings, session.id, stimuli):
        reader = _Reader(session, settings)
        try:
            _write_folder(folder, session, stimuli, reader, settings, progress)
        except OSError as error:
            raise StoreError(
                f"The images of the session cannot be written to {folder} "
                f"({error.strerror or type(error).__name__}); make room there and prepare it again."
            ) from error
    if session.prepared_at is None:
        mark_prepared(database, session.id)


def load_giveaways(settings: Settings, session_id: str) -> tuple[str, ...]:
    """What may give answers away in a prepared session; empty before, and where nothing does.

    Raises:
        UnknownNameError: if it is no id of a session.
    """
    try:
        found = json.loads((session_folder(settings, session_id) / GIVEAWAYS_FILE).read_bytes())
    except (OSError, ValueError):
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


class _Reader:
    """Opens the files that a session's images were drawn from.

    Args:
        session: with its folders.
        settings: roots and limits.
    """

    def __init__(self, session: RatingSessionRecord, settings: Settings) -> None:
        study = StudyFolders.model_validate(session.folders).resolve(settings)
        design = SessionDesign.model_validate(session.design)
        real = study.heldout if design.real_source is RealSource.HELDOUT else study.real
        self._folders: dict[str | None, Path | None] = {one.name: one.folder for one in study.synthetic}
        self._folders[None] = real
        self._settings = confine_to_roots(settings)
        self._design = design
        self._listed: dict[Path, dict[str, tuple[Path, ...]]] = {}

    def read(self, stimulus: StimulusRecord) -> DecodedImage:
        """Decode the file of an image, checked to be the one that was drawn.

        Raises:
            InputError: naming the set and the file, if that cannot be done.
        """
        folder = self._folders.get(stimulus.synthetic)
        try:
            if folder is None:
                raise ImageReadError("its set is not among the study's any more")
            return look_at_files(
                self._find(folder, stimulus.file),
                self._settings,
                digest=stimulus.digest,
                since="it was drawn",
            ).show(self._design.intensity)
        except ImageReadError as error:
            name = "the real images" if stimulus.synthetic is None else stimulus.synthetic
            raise InputError(
                f"The image {stimulus.file!r} of {name} cannot be shown to raters: {error}; mend it, or make "
                "a new session."
            ) from None

    def _find(self, folder: Path, file: str) -> tuple[Path, ...]:
        path = folder / file
        if not self._design.join_slices and os.path.lexists(path):
            return (path,)
        # A name that is not UTF-8 is kept as the list of files writes it, and a series by its folder or its
        # first slice.
        if folder not in self._listed:
            files, _, _ = list_files(folder, confined_to=self._settings.confined_to)
            entries = list_single(files)
            if self._design.join_slices:
                entries, _ = join_series(files, settings=self._settings, progress=SilentProgress())
            self._listed[folder] = {entry.id: entry.paths for entry in entries}
        return self._listed[folder].get(file, (path,))


def _write_folder(
    folder: Path,
    session: RatingSessionRecord,
    stimuli: Sequence[StimulusRecord],
    reader: _Reader,
    settings: Settings,
    progress: Progress,
) -> None:
    """Write everything into a draft, which then becomes the session's folder."""
    design = SessionDesign.model_validate(session.design)
    looks = []
    progress.start("Reading the images", len(stimuli))
    for one in stimuli:
        looks.append(look_at(reader.read(one)))
        progress.advance()
    of_real = [one.synthetic is None for one in stimuli]
    form = choose_form(
        real=[look for look, is_real in zip(looks, of_real, strict=True) if is_real],
        synthetic=[look for look, is_real in zip(looks, of_real, strict=True) if not is_real],
        side_px=design.side_px,
        intensity=design.intensity,
    )
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_leftovers(folder)
    draft = folder.with_name(f".{folder.name}.draft-{secrets.token_hex(4)}")
    draft.mkdir(mode=0o700)
    try:
        progress.start("Writing the images", len(stimuli))
        for one in stimuli:
            picture = form.shape(reader.read(one))
            if _is_scrambled(one):
                picture = scramble_picture(picture, np.random.default_rng([design.seed, one.number]))
            name = stimulus_path(settings, session.id, one.number).name
            (draft / name).write_bytes(encode_stimulus(form.centre(picture)))
            progress.advance()
        mask = make_mask(form.side_px, form.mode, design.seed)
        (draft / mask_path(settings, session.id).name).write_bytes(mask)
        giveaways = _find_giveaways(stimuli, looks, design)
        (draft / GIVEAWAYS_FILE).write_text(json.dumps(giveaways), encoding="utf-8")
        # Another run may have been faster, and raters may look at its files by now.
        if not _is_complete(settings, session.id, stimuli):
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _remove_leftovers(folder: Path) -> None:
    """Remove drafts that runs left which were killed; those of the last hour may still be written."""
    for draft in folder.parent.glob(f".{folder.name}.draft-*"):
        if time.time() - draft.stat().st_mtime > _DRAFT_LIVES_S:
            shutil.rmtree(draft, ignore_errors=True)


def _is_complete(settings: Settings, session_id: str, stimuli: Sequence[StimulusRecord]) -> bool:
    return all(stimulus_path(settings, session_id, one.number).is_file() for one in stimuli)


def _is_scrambled(stimulus: StimulusRecord) -> bool:
    """Whether an image is the scrambled one of a check, whose file is that of the real image behind it."""
    return stimulus.kind is TrialKind.CHECK and stimulus.is_fake


def _has_picture(stimulus: StimulusRecord) -> bool:
    return stimulus.digest is not None or (_is_scrambled(stimulus) and bool(stimulus.file))


def _find_giveaways(
    stimuli: Sequence[StimulusRecord], looks: Sequence[ImageLook], design: SessionDesign
) -> tuple[str, ...]:
    real: list[ImageLook] = []
    synthetic: dict[str, list[ImageLook]] = {}
    for one, look in zip(stimuli, looks, strict=True):
        if not one.is_fake:
            real.append(look)
        elif one.synthetic is not None:
            synthetic.setdefault(one.synthetic, []).append(look)
    return find_giveaways(real, synthetic, intensity=design.intensity)

"""A rating session whose files differ in everything but what they show, kept in the workspace."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import Database
from core.db.rating_record import RatingSessionRecord, StimulusRecord, Trial, TrialKind
from core.db.rating_sessions import create_rating_session
from core.db.studies import save_study
from core.rating.design import SessionDesign, SetCount

__all__ = ["SIDE_PX", "describe_files", "keep_mixed_session"]

SIDE_PX = 96

FILES = {
    "heldout/0.png": ((120, 90), "I;16"),
    "heldout/1.png": ((60, 80), "RGB"),
    "gan/a.jpg": ((64, 64), "RGB"),
    "gan/b.png": ((48, 48), "L"),
}
"""Width and height, and mode, of each file."""


def write_files(data: Path, *, colour: bool) -> None:
    """Write the same smooth picture at other sizes, depths and formats; a patient's name in a text chunk."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.uniform(0, 255, (7, 7)).astype(np.float32))
    for name, (size, mode) in FILES.items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shares = np.clip(np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)), 0, 255) / 255
        if mode == "I;16":
            Image.fromarray((shares * 60_000).astype(np.uint16)).save(path)
            continue
        grey = np.rint(shares * 255).astype(np.uint8)
        pixels = np.stack([grey, grey // 2, grey], axis=-1) if mode == "RGB" and colour else grey
        facts = PngImagePlugin.PngInfo()
        facts.add_text("Patient", "Ada Secret")
        Image.fromarray(pixels).save(path, **({"pnginfo": facts} if path.suffix == ".png" else {}))


def describe_files(data: Path) -> list[StimulusRecord]:
    """The files as test images, and a check made from the first one."""
    stimuli = []
    for number, name in enumerate(FILES):
        folder, _, file = name.partition("/")
        synthetic = None if folder == "heldout" else folder
        digest = hashlib.sha256((data / name).read_bytes()).hexdigest()
        stimuli.append(
            StimulusRecord(number, TrialKind.TEST, synthetic, None, synthetic is not None, file, digest)
        )
    check = StimulusRecord(len(FILES), TrialKind.CHECK, None, None, True, "0.png", None)
    return [*stimuli, check]


def keep_mixed_session(
    database: Database, *, colour: bool = True, n_raters: int = 1, name: str = "First"
) -> RatingSessionRecord:
    """Keep a session of these files, not prepared yet."""
    data = get_settings().home / "data"
    write_files(data, colour=colour)
    folders = StudyFolders(
        real=FolderRef(root="data", path="heldout"),
        heldout=FolderRef(root="data", path="heldout"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )
    study = save_study(database, name="Films", folders=folders)
    design = SessionDesign(
        counts=(SetCount(synthetic=None, n=2), SetCount(synthetic="gan", n=2)), n_checks=1, side_px=SIDE_PX
    )
    stimuli = describe_files(data)
    return create_rating_session(
        database,
        study_id=study.id,
        name=name,
        design=design.model_dump(mode="json"),
        folders=folders.model_dump(mode="json"),
        stimuli=stimuli,
        raters=[("", [Trial(one.kind, (one.number,)) for one in stimuli]) for _ in range(n_raters)],
    )

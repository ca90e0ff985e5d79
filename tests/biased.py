"""A small study with a mark in one class of its real set, kept as audited, its bias analysed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from core.audit.archive import save_audit_summary
from core.audit.items import ITEMS_FILE, tabulate_items
from core.bias.archive import BIAS_FOLDER
from core.bias.heatmap import analyse_bias
from core.bias.options import BiasChoices
from core.bias.writer import write_bias
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import save_study
from core.jobs.job_folder import audit_folder
from core.progress import SilentProgress
from tests.core.audit.fixtures import make_row, make_summary
from tests.images import write_png

__all__ = ["CHOICES", "CLASSES", "KEY", "SETS", "keep_biased_audit"]

CLASSES = ("ill", "well")
SETS = ("real", "copier", "clean")
KEY = "0123456789ab"
CHOICES = BiasChoices(frame_px=32, patch_px=8, stride_px=4, n_permutations=19)
_SIDE = 64  # two pixels of a file are one of the frame


def keep_biased_audit() -> str:
    """Write the study into the workspace, list its images as an audit does, and analyse them; returns the audit's id.

    Every "well" image of `real` and `copier` has a bright square in its upper left corner; those of `clean`
    have none.
    """
    settings = get_settings()
    data = settings.home / "data"
    refs = {}
    for seed, name in enumerate(SETS):
        _write(data / name, 36 - 4 * seed, seed=seed, marked=name != "clean")
        refs[name] = FolderRef(root="data", path=name)
    sets = tuple(SyntheticFolder(name=name, folder=refs[name]) for name in SETS[1:])
    folders = StudyFolders(real=refs["real"], synthetic=sets)
    database = open_database(settings)
    study = save_study(database, name="Marked", folders=folders)
    audit_id = "b1a5ed"
    folder = audit_folder(settings, audit_id)
    scanned = [
        scan_image_set(data / name, role=Role.SYNTHETIC if place else Role.REAL, name=name, settings=settings)
        for place, name in enumerate(SETS)
    ]
    # What the page looks at: the list of images, and which sets there are.
    folder.mkdir(parents=True)
    pq.write_table(tabulate_items(scanned), folder / ITEMS_FILE)
    summary = make_summary([make_row("privacy", 0.5, synthetic=name) for name in SETS[1:]])
    save_audit_summary(database, summary, audit_id=audit_id, study_id=study.id)
    result = analyse_bias(
        scanned, CHOICES.build_options(), workers=0, settings=settings, progress=SilentProgress()
    )
    write_bias(result, folder / BIAS_FOLDER / KEY)
    return audit_id


def _write(folder: Path, n: int, *, seed: int, marked: bool) -> None:
    rng = np.random.default_rng(20 + seed)
    for index in range(n):
        label = CLASSES[index % 2]
        # Coarse: each speck of fine noise would be looked at as if it were a letter.
        pixels = np.clip(rng.normal(100, 20, (_SIDE // 4, _SIDE // 4)), 0, 255).repeat(4, 0).repeat(4, 1)
        if marked and label == "well":
            pixels[3:13, 3:13] = 230
        write_png(folder / label / f"{index:03d}.png", np.rint(pixels).astype(np.uint8))

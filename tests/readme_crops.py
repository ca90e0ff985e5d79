"""README's crop experiments: on phantoms whose truth is known, and on chest X-rays with a letter of their own."""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from core.audit.plan import WEIGHT_FREE
from core.audit.protocol import Protocol
from core.commands.terminal_progress import TerminalProgress
from core.config import Settings
from core.crop_experiment.experiment import run_crop_experiment
from core.crop_experiment.request import CropRequest, Region
from core.crop_experiment.result import CropSummary
from core.crop_experiment.writer import write_crop
from core.datasets.phantoms.demo import write_demo
from core.datasets.study import Study, SyntheticSource
from core.utility.presets import get_preset
from core.utility.writer import RUNS_FOLDER

__all__ = [
    "GAIN_HEAD",
    "SETS_CROPPED",
    "WORTH_HEAD",
    "crop_phantoms",
    "crop_xrays",
    "tabulate_gains",
    "tabulate_worth",
]

WORTH_HEAD = ["classifier learns from", "way", "before the crop", "after it", "change, percentage points"]
GAIN_HEAD = ["gain over real images alone, points", "before the crop", "after it"]
SETS_CROPPED = ("marker-inherited", "marker-free", "fresh", "collapsed")
WAYS = {"alone": "trained on alone", "pretrained": "as pretraining"}
PHANTOM_REPEATS, XRAY_REPEATS = 8, 6
CORNER: Region = (0.0, 0.0, 0.2, 0.2)
# Where 91 % of the normal and 72 % of the pneumonia images carry a letter.
LEFT_EDGE: Region = (0.0, 0.0, 0.2, 0.6)


def crop_phantoms(settings: Settings) -> CropSummary:
    """Crop the corner with the letter out of the demo; the two marker sets are the same films otherwise."""
    demo = write_demo(settings.home / "readme" / "phantoms")
    study = Study.from_folders(
        real=demo.real,
        heldout=demo.heldout,
        synthetic={name: demo.synthetic[name] for name in SETS_CROPPED},
    )
    return _crop(settings, study, CORNER, PHANTOM_REPEATS, "crop-phantoms")


def crop_xrays(settings: Settings, data: Path) -> CropSummary:
    """Crop the letters' edge out of paediatric films; films of other persons play a perfect generator."""
    folder = settings.home / "readme" / "xrays"
    shutil.rmtree(folder, ignore_errors=True)
    rows = []
    for source, heldout in (("real", False), ("heldout_real", True)):
        for file in sorted((data / "cxr_paediatric" / source).rglob("*.jpeg")):
            label = file.parent.name
            person = f"{label}-{_name_person(file.name)}"
            is_odd = int(hashlib.sha256(person.encode()).hexdigest(), 16) % 2
            set_name = "heldout" if heldout else "real" if is_odd else "other-films"
            target = folder / set_name / label / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            rows.append((target.relative_to(folder).as_posix(), label, person))
    with (folder / "labels.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("file", "label", "patient"), *rows])
    study = Study(
        real=folder / "real",
        heldout=folder / "heldout",
        labels=folder / "labels.csv",
        synthetic=(SyntheticSource(name="other-films", folder=folder / "other-films"),),
    )
    return _crop(settings, study, LEFT_EDGE, XRAY_REPEATS, "crop-xrays")


def tabulate_worth(summary: CropSummary, sets: Mapping[str | None, str]) -> Iterable[Sequence[str]]:
    """Test accuracy of classifiers that learned from one set alone, before and after."""
    for name, title in sets.items():
        for one in summary.scores:
            if one.score != "accuracy" or one.class_name is not None or one.baseline is not None:
                continue
            if name is None and one.arm in ("none", "pretrained-real"):
                way = WAYS["alone" if one.arm == "none" else "pretrained"]
            elif name is not None and one.synthetic == name and one.family in WAYS:
                way = WAYS[one.family]
            else:
                continue
            change = (
                f"{_points(one.change)} ({_points(one.low)} to {_points(one.high)}), p = {one.p_holm:.2g}"
            )
            yield [title, way, f"{one.before:.1%}", f"{one.after:.1%}", change]


def tabulate_gains(summary: CropSummary, sets: Sequence[str]) -> Iterable[Sequence[str]]:
    """What traditional augmentation and each set gain over real images alone, before and after."""
    for one in summary.scores:
        if one.score != "accuracy" or one.class_name is not None or one.baseline != "none":
            continue
        if one.arm == "traditional" or (one.synthetic in sets and one.family.startswith("synthetic")):
            yield [
                one.title,
                f"{_points(one.before)} ({_points(one.before_low)} to {_points(one.before_high)})",
                f"{_points(one.after)} ({_points(one.after_low)} to {_points(one.after_high)})",
            ]


def _crop(settings: Settings, study: Study, region: Region, repeats: int, name: str) -> CropSummary:
    folder = settings.home / "readme" / name
    request = CropRequest(
        region=region,
        protocol=Protocol(extractors=(WEIGHT_FREE,)),
        utility=get_preset("quick").model_copy(update={"repeats": repeats}),
    )
    with TerminalProgress() as progress:
        result = run_crop_experiment(
            study,
            request,
            folder=folder,
            runs_folder=folder / RUNS_FOLDER,
            settings=settings,
            progress=progress,
        )
    write_crop(result, folder, settings=settings)
    return result.summary


def _name_person(file_name: str) -> str:
    found = re.match(r"(person\d+)_|((?:NORMAL2-)?IM-\d+)", file_name)
    assert found is not None, file_name
    return found.group(1) or found.group(2)


def _points(change: float | None) -> str:
    return "–" if change is None else f"{100 * change:+.1f}".replace("-", "−")

"""README's crop experiment on phantoms, whose truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.audit.plan import WEIGHT_FREE
from core.audit.protocol import Protocol
from core.commands.terminal_progress import TerminalProgress
from core.config import Settings
from core.crop_experiment.experiment import run_crop_experiment
from core.crop_experiment.request import CropRequest, Kind, Region
from core.crop_experiment.result import CropSummary
from core.crop_experiment.writer import write_crop
from core.datasets.phantoms.demo import write_demo
from core.datasets.study import Study
from core.utility.presets import get_preset
from core.utility.writer import RUNS_FOLDER

__all__ = [
    "GAIN_HEAD",
    "SETS_CROPPED",
    "WORTH_HEAD",
    "crop_phantoms",
    "tabulate_gains",
    "tabulate_worth",
]

WORTH_HEAD = ["classifier learns from", "way", "before the crop", "after it", "change, percentage points"]
GAIN_HEAD = ["gain over real images alone, points", "before the crop", "after it"]
SETS_CROPPED = ("marker-inherited", "marker-free", "fresh", "collapsed")
WAYS = {"alone": "trained on alone", "pretrained": "as pretraining"}
PHANTOM_REPEATS = 8
CORNER: Region = (0.0, 0.0, 0.2, 0.2)
SETS_CROPPED = ("marker-inherited", "marker-free", "fresh", "collapsed")
WAYS = {"alone": "trained on alone", "pretrained": "as pretraining"}
PHANTOM_REPEATS = 8
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
    kinds: tuple[Kind, ...] = ("augmentation", "feature-extraction")
    return _crop(settings, study, CORNER, PHANTOM_REPEATS, kinds, "crop-phantoms")


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


def _crop(
    settings: Settings, study: Study, region: Region, repeats: int, kinds: tuple[Kind, ...], name: str
) -> CropSummary:
    folder = settings.home / "readme" / name
    request = CropRequest(
        region=region,
        kinds=kinds,
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


def _points(change: float | None) -> str:
    return "–" if change is None else f"{100 * change:+.1f}".replace("-", "−")

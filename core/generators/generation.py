"""Writes generated images as PNG into class folders; what is there already is kept."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from core.errors import InputError, UnknownNameError
from core.generators.checkpoint import list_states
from core.generators.random_streams import name_image_seeds
from core.generators.run_folder import RunFolder, RunRecord
from core.generators.sampling import load_sampler, sample_batches
from core.generators.sampling_settings import SamplingSettings
from core.output_folder import cannot_write
from core.progress import Progress, SilentProgress

__all__ = ["generate_images", "share_count"]

_TEXT: Final = "medsynaudit-generated"
_NAME: Final = re.compile(r"\d{6,}\.png")
_SILENT: Final = SilentProgress()


@dataclass(frozen=True, slots=True)
class _Plan:
    """Images of one class: its place among the sampler's, the folder, and how many."""

    name: str
    label: int
    folder: Path
    count: int


def generate_images(
    run: RunFolder,
    *,
    count: int,
    output: Path,
    class_names: Sequence[str] = (),
    settings: SamplingSettings,
    device: torch.device,
    progress: Progress = _SILENT,
) -> dict[str, int]:
    """Draw images and write them as `output/<class>/<number>.png`, or `output/<number>.png` without classes.

    Called again, it draws what is missing. Each file says within itself that it was generated, from which
    run, and by which seed and number.

    Args:
        run: a trained run.
        count: images in all; shared out over classes as they were among the training images, so that the
            set can be held against them.
        output: folder of the images.
        class_names: draw these classes only; empty draws all.
        settings: how to draw.
        device: where.
        progress: told about every image; may cancel, which keeps what is written.

    Returns:
        Images of each class; the class is empty without classes.

    Raises:
        InputError: if the folder holds other images, or cannot be written.
        UnknownNameError: if there is no such class.
        WeightsError: if the run was not trained far enough, or its state is damaged.
        CancelledError: if progress says so.
    """
    record = run.read_record()
    sampler = load_sampler(run, device=device)
    _tell_progress(run, progress)
    plans = _plan(record, sampler.classes, class_names, count, output)
    key = _name_key(run, record, settings)
    _check_only_own(output)
    progress.start("Drawing images", count)
    with ThreadPoolExecutor(max_workers=4) as pool:
        for plan in plans:
            missing = [number for number in range(plan.count) if not _is_there(plan, number, key)]
            progress.advance(plan.count - len(missing))
            seeds = name_image_seeds(settings.seed, class_name=plan.name, numbers=missing)
            done = 0
            for pixels in sample_batches(
                sampler, seeds=seeds, labels=[plan.label] * len(seeds), settings=settings, device=device
            ):
                numbers = missing[done : done + len(pixels)]
                paths = [_place(plan, number) for number in numbers]
                list(pool.map(_write_png, paths, pixels, [key] * len(paths)))
                done += len(pixels)
                progress.advance(len(pixels))
    return {plan.name: plan.count for plan in plans}


def share_count(count: int, n_images: Sequence[int]) -> list[int]:
    """Share a number of images out in proportion, by the largest remainders; the sum is exact.

    Args:
        count: images in all.
        n_images: training images of each class.
    """
    total = sum(n_images)
    shares = [count * n // total for n in n_images]
    by_remainder = sorted(range(len(n_images)), key=lambda place: -(count * n_images[place] % total))
    for place in by_remainder[: count - sum(shares)]:
        shares[place] += 1
    return shares


def _plan(
    record: RunRecord, classes: tuple[str, ...], class_names: Sequence[str], count: int, output: Path
) -> list[_Plan]:
    if count < 1:
        raise InputError(f"The number of images to draw is at least 1, not {count}.")
    if not classes:
        if class_names and tuple(class_names) != record.classes:
            raise UnknownNameError(
                "This run draws without classes; train it with is_conditional=true to choose them."
            )
        # Trained on one class alone, its images are of that class.
        only = record.classes[0] if len(record.classes) == 1 else ""
        return [_Plan(only, 0, output / _name_folder(only) if only else output, count)]
    strange = [name for name in class_names if name not in classes]
    if strange:
        raise UnknownNameError(
            f"This run draws no class {', '.join(map(repr, strange))}; its classes are: {', '.join(classes)}."
        )
    chosen = [name for name in classes if not class_names or name in class_names]
    folders = [_name_folder(name) for name in chosen]
    if len(set(folders)) < len(folders):
        raise InputError("Two classes would share a folder's name; draw them one by one with --class.")
    shares = share_count(count, [record.n_images[record.classes.index(name)] for name in chosen])
    return [
        _Plan(name, classes.index(name), output / folder, share)
        for name, folder, share in zip(chosen, folders, shares, strict=True)
    ]


def _name_folder(class_name: str) -> str:
    """A class's name as one folder below another, whatever a labels CSV calls it; never hidden."""
    name = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "-", class_name).strip()
    return re.sub(r"^\.", "-", name)[:100] or "-"


def _place(plan: _Plan, number: int) -> Path:
    return plan.folder / f"{number:06d}.png"


def _name_key(run: RunFolder, record: RunRecord, settings: SamplingSettings) -> str:
    """What decides an image besides its number, as JSON."""
    states = [(state.phase, state.images_seen) for state in list_states(run)]
    weights = hashlib.sha256(f"{record.model_dump_json()}{states}".encode()).hexdigest()[:16]
    chosen = settings.model_dump(exclude={"batch_size"}, exclude_defaults=True) | {"seed": settings.seed}
    return json.dumps({"family": record.family, "run": weights, **chosen}, sort_keys=True)


def _check_only_own(output: Path) -> None:
    """Refuse a folder of other images, such as the real ones, among which these could not be told any more.

    Raises:
        InputError: if a file below it is not named as these are.
    """
    for path in output.rglob("*"):
        if path.is_file() and not path.name.startswith(".") and not _NAME.fullmatch(path.name):
            raise InputError(
                f"{output} holds other files, such as {path.name}; choose an --output of its own for "
                "generated images."
            )


def _is_there(plan: _Plan, number: int, key: str) -> bool:
    """Whether an image was written before.

    Raises:
        InputError: if another image has its place.
    """
    path = _place(plan, number)
    if not path.exists():
        return False
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.info.get(_TEXT) == key:
                return True
    except (OSError, UnidentifiedImageError):
        pass
    raise InputError(
        f"{path} is not of this run, seed and settings; choose another --output, or delete it to draw anew."
    )


def _write_png(path: Path, pixels: NDArray[np.uint8], key: str) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text(_TEXT, key)
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(draft, format="PNG", pnginfo=text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise cannot_write(path.parent, error) from error


def _tell_progress(run: RunFolder, progress: Progress) -> None:
    for state in list_states(run):
        if not state.is_complete:
            progress.notice(
                f"{state.phase} has seen {state.images_seen:,} of {state.n_images:,} images: its training is "
                "not over."
            )

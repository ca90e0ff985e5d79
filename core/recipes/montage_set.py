"""Montages of all volumes of a folder, as a folder of images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.config import Settings
from core.errors import CancelledError, ImageReadError, InputError
from core.images.loaded_volume import LoadedVolume
from core.images.montage import make_montages
from core.images.montage_options import MontageOptions
from core.images.slices import Plane
from core.progress import Progress, SilentProgress
from core.recipes.claim import check_folder
from core.recipes.made_images import MadeImages
from core.recipes.volume_files import VolumeFile, list_volumes

__all__ = ["MontageReport", "make_montage_set"]

_RECIPE: Final = {"recipe": "montage", "version": 1}
_FOLDER: Final = "montages"


@dataclass(frozen=True, slots=True)
class MontageReport:
    """What became of the volumes.

    Attributes:
        volumes: those that montages were made of, as `report.json` keeps them.
        left_out: files and volumes without montages, with reasons.
        warnings: one sentence each, about all volumes together.
        n_montages: montages made, now or before.
    """

    volumes: tuple[dict[str, Any], ...]
    left_out: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    n_montages: int

    def to_document(self) -> dict[str, Any]:
        """As `report.json` keeps it."""
        return {
            "n_montages": self.n_montages,
            "volumes": list(self.volumes),
            "left_out": [{"file": file, "reason": reason} for file, reason in self.left_out],
            "warnings": list(self.warnings),
        }


def make_montage_set(
    source: Path,
    output: Path,
    *,
    options: MontageOptions,
    settings: Settings,
    progress: Progress | None = None,
    with_classes: bool = False,
) -> MontageReport:
    """Make montages of all volumes of a folder.

    Written are `montages/[CLASS/]VOLUME_NN.png`, `labels.csv` (file, label, patient, volume, montage, slices)
    and `report.json`. The patient is the keyed hash of a DICOM header's, else the volume itself. The same
    call goes on where it was stopped, and ends with the same files whether it was stopped or not.

    Args:
        source: a folder of NIfTI, TIFF and NumPy files and DICOM series, or one file.
        output: a new folder, or one that the same recipe began.
        options: how many slices and montages, their size, plane and intensity.
        settings: limits, folder roots and workspace.
        progress: told of every volume; may cancel, and what was made stays, with its lists.
        with_classes: whether the first sub-folder of a volume is its class.

    Raises:
        InputError: if no montage could be made, or the output folder is another's.
        CancelledError: if progress says so.
    """
    progress = progress or SilentProgress()
    check_folder(source, output)
    document = options.model_dump(mode="json") | {"with_classes": with_classes}
    listing = list_volumes(source, settings=settings, progress=progress)
    made = MadeImages(output, {**_RECIPE, **document})
    left_out = list(listing.left_out)
    rows: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []

    def write_lists(*, is_complete: bool) -> MontageReport:
        report = MontageReport(tuple(entries), tuple(left_out), _judge(entries, options), len(rows))
        said = {"options": document, "intensity": options.intensity.describe(), **report.to_document()}
        made.write_lists(rows, {**_RECIPE, **said}, is_complete=is_complete)
        return report

    progress.start("Making montages", len(listing.volumes), "volumes")
    try:
        for one in listing.volumes:
            try:
                note = _make_one(one, made, options, with_classes=with_classes)
                rows += note["rows"]
                entries.append(note["entry"])
            except ImageReadError as error:
                left_out.append((one.id, str(error)))
            progress.advance()
    except CancelledError:
        write_lists(is_complete=False)
        raise
    report = write_lists(is_complete=True)
    if not rows:
        first = f"; {left_out[0][0]}: {left_out[0][1]}" if left_out else ""
        raise InputError(f"No montage could be made of {source}{first}.")
    return report


def _make_one(
    one: VolumeFile, made: MadeImages, options: MontageOptions, *, with_classes: bool
) -> dict[str, Any]:
    """Make one volume's montages, unless an earlier run did; its rows and its place in the report."""
    note = made.recall(one.name, n_bytes=one.bytes)
    if "rows" in note and all(made.has(row["file"]) for row in note["rows"]):
        return note
    loaded = one.load()
    montages = make_montages(loaded, options)
    first, parted, _ = one.id.partition("/")
    labels = {"label": first} if with_classes and parted else {}
    folder = "/".join((_FOLDER, *labels.values()))
    rows = []
    for number, montage in enumerate(montages, 1):
        file = f"{folder}/{one.name}_{number:02d}.png"
        made.write(file, montage.pixels)
        slices = " ".join(map(str, montage.slices))
        ids = {"patient": one.patient or one.name, "volume": one.name, "montage": number, "slices": slices}
        rows.append({"file": file, **labels, **ids})
    note = {"bytes": one.bytes, "rows": rows, "entry": _describe(one, loaded, len(montages))}
    made.note(one.name, note)
    return note


def _describe(one: VolumeFile, loaded: LoadedVolume, n_montages: int) -> dict[str, Any]:
    volume = loaded.volume
    return {
        "name": one.name,
        "bytes": one.bytes,
        "shape": list(volume.shape),
        "spacing_mm": volume.spacing_mm and list(volume.spacing_mm),
        "unit": volume.unit,
        "bits": volume.bits,
        "is_oriented": volume.is_oriented,
        "is_colour": volume.is_colour,
        "n_montages": n_montages,
        "warnings": list(volume.warnings),
    }


def _judge(entries: list[dict[str, Any]], options: MontageOptions) -> tuple[str, ...]:
    """What a reader of the montages should know of the volumes together."""
    warnings = []
    n = len(entries)
    fewer = [entry for entry in entries if entry["n_montages"] < options.per_volume]
    if fewer:
        warnings.append(
            f"{len(fewer)} of {n} volumes gave fewer than {options.per_volume} montages, since no slice is "
            "used twice."
        )
    if not_told := sum(entry["spacing_mm"] is None for entry in entries):
        warnings.append(
            f"The spacing of {not_told} of {n} volumes is not known; their pixels count as square."
        )
    if lying := sum(not entry["is_oriented"] for entry in entries):
        plane = (
            "as stored" if options.plane is Plane.AXIAL else f"along the file's own axes, not {options.plane}"
        )
        warnings.append(f"How {lying} of {n} volumes lie in the body is not known; their slices are {plane}.")
    units = sorted({entry["unit"] or "no unit" for entry in entries if not entry["is_colour"]})
    if len(units) > 1:
        warnings.append(f"Values are in different units ({', '.join(units)}): one window does not fit all.")
    if coloured := sum(entry["is_colour"] for entry in entries):
        warnings.append(f"No intensity policy changes the colours of {coloured} of {n} volumes.")
    return tuple(warnings)

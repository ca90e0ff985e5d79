"""Patches of whole-slide images: a regular grid, glass dropped, classes from masks."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from core.config import Settings
from core.errors import CancelledError, ImageReadError, InputError
from core.images.slide import Slide, open_slide
from core.progress import Progress, SilentProgress
from core.recipes.claim import check_folder
from core.recipes.input_files import InputFile, list_input_files
from core.recipes.label_mask import LabelMask
from core.recipes.made_images import MadeImages, size_of
from core.recipes.patch_grid import PatchGrid, PatchPlace, plan_grid, read_patch
from core.recipes.patch_options import PatchOptions
from core.recipes.patch_report import PatchReport, SlideReport
from core.recipes.slide_masks import SlideMasks
from core.recipes.tissue import map_tissue

__all__ = ["cut_patches"]

_RECIPE: Final = {"recipe": "patches", "version": 1}
_FOLDER: Final = "patches"


def cut_patches(
    source: Path,
    output: Path,
    *,
    options: PatchOptions,
    settings: Settings,
    mask: Path | None = None,
    progress: Progress | None = None,
) -> PatchReport:
    """Cut slides into patches.

    A slide is read region by region, never whole (but for PNG, JPEG, BMP and WebP, which have no regions).
    Patches lie on a grid that begins in the upper left corner; those that would stand out over an edge are
    left out. Of the rest, those with less tissue than `min_tissue` are background (`core.recipes.tissue`);
    then, with a mask, those whose most frequent class has a share below `purity`, or that have none.

    Written are `patches/[CLASS/]SLIDE_X_Y.png` (X and Y in pixels of full resolution), `labels.csv` (file,
    label, purity, slide, patient, x, y, tissue) and `report.json`. The same call goes on where it was
    stopped, and ends with the same files whether it was stopped or not.

    Args:
        source: a slide, or a folder of them.
        output: a new folder, or one that the same recipe began.
        options: scale, size, thresholds and classes.
        settings: limits and folder roots.
        mask: a mask image, or a folder of them named as the slides; goes with `mask_labels`.
        progress: told of every patch; may cancel, and what was written stays, with its lists.

    Returns:
        What was kept and left out, slide by slide; files that are no slides are left out with a reason.

    Raises:
        InputError: if no slide could be read, or the output folder is another's.
        CancelledError: if progress says so.
    """
    if (mask is None) != (not options.mask_labels):
        raise InputError("--mask and --mask-labels go together, as in --mask-labels 1=tumour,2=stroma.")
    check_folder(source, output)
    files, closed = list_input_files(source, confined_to=settings.confined_to, what="slides")
    masks = SlideMasks(mask, labels=options.mask_labels, files=files, settings=settings)
    made = MadeImages(output, {**_RECIPE, **options.model_dump(mode="json")})
    cutter = _Cutter(made, options, settings, masks, progress or SilentProgress())
    cutter.left_out += [(bad.id, bad.reason) for bad in closed]
    try:
        for file in masks.slides:
            try:
                cutter.cut(file)
            except ImageReadError as error:
                cutter.left_out.append((file.id, str(error)))
    except CancelledError:
        cutter.write_lists(is_complete=False)
        raise
    report = cutter.write_lists(is_complete=True)
    if not report.slides:
        first = f"; {report.left_out[0][0]}: {report.left_out[0][1]}" if report.left_out else ""
        raise InputError(f"No slide could be read in {source}{first}.")
    return report


class _Cutter:
    """Cuts one slide after the other, and keeps the account."""

    def __init__(
        self,
        made: MadeImages,
        options: PatchOptions,
        settings: Settings,
        masks: SlideMasks,
        progress: Progress,
    ) -> None:
        self._made, self._options, self._settings = made, options, settings
        self._masks, self._progress = masks, progress
        self.slides: list[SlideReport] = []
        self.rows: list[dict[str, Any]] = []
        self.left_out: list[tuple[str, str]] = []

    def cut(self, file: InputFile) -> None:
        """Cut one slide.

        Raises:
            ImageReadError: if it or its mask cannot be used.
        """
        limits = self._settings
        with ExitStack() as stack:
            slide = stack.enter_context(
                open_slide(
                    file.path,
                    max_pixels=limits.max_pixels,
                    max_file_bytes=limits.max_file_bytes,
                    confined_to=limits.confined_to,
                )
            )
            grid = plan_grid(slide, self._options, max_pixels=limits.max_pixels)
            mask = self._masks.open(file, slide, stack)
            self._cut_grid(file, slide, grid, mask)

    def write_lists(self, *, is_complete: bool) -> PatchReport:
        """Write what was done so far."""
        report = PatchReport(tuple(self.slides), tuple(self.left_out))
        options = self._options.model_dump(mode="json")
        document = {**_RECIPE, "options": options, **report.to_document()}
        self._made.write_lists(self.rows, document, is_complete=is_complete)
        return report

    def _cut_grid(self, file: InputFile, slide: Slide, grid: PatchGrid, mask: LabelMask | None) -> None:
        full = slide.levels[0]
        mpp = self._options.source_mpp or slide.mpp
        report = SlideReport(
            name=file.name,
            bytes=size_of(file.path),
            width=full.width,
            height=full.height,
            mpp=None if mpp is None else mpp * grid.downsample,
            level=grid.index,
            downsample=grid.downsample,
            n_edge=grid.n_edge,
        )
        self._made.recall(file.name, n_bytes=report.bytes)
        self._made.note(file.name, {"bytes": report.bytes})
        side = grid.size * grid.downsample
        tissue = None
        if self._options.min_tissue > 0 and len(grid):
            tissue = map_tissue(slide, tile_px=side, progress=self._progress)
            report.threshold = tissue.threshold
        self.slides.append(report)
        patient = self._options.find_patient(file.name)
        self._progress.start(f"Cutting {file.name}", len(grid), "patches")
        for place in grid.places():
            x, y = place.left * grid.level.downsample, place.top * grid.level.downsample
            share = 1.0 if tissue is None else tissue.share(x, y, side, side)
            if share < self._options.min_tissue:
                report.n_background += 1
            else:
                row = {"slide": file.name, "patient": patient, "x": place.x, "y": place.y}
                self._keep(slide, grid, place, mask, report, row | {"tissue": round(share, 4)})
            self._progress.advance()

    def _keep(
        self,
        slide: Slide,
        grid: PatchGrid,
        place: PatchPlace,
        mask: LabelMask | None,
        report: SlideReport,
        row: dict[str, Any],
    ) -> None:
        """Find a patch's class and write it, unless an earlier run did."""
        name = f"{report.name}_{place.x}_{place.y}.png"
        labels: dict[str, Any] = {}
        try:
            if mask is None:
                target = f"{_FOLDER}/{name}"
            else:
                zoom = grid.level.downsample
                label, purity = mask.find_class(
                    place.left * zoom, place.top * zoom, grid.size * grid.downsample
                )
                if label is None or purity < self._options.purity:
                    report.n_mask += 1
                    return
                target, labels = f"{_FOLDER}/{label}/{name}", {"label": label, "purity": round(purity, 4)}
            if not self._made.has(target):
                self._made.write(target, read_patch(slide, grid, place))
        except ImageReadError as error:
            if report.n_damaged == 0:
                self.left_out.append((name, str(error)))
            report.n_damaged += 1
            return
        report.n_kept += 1
        if labels:
            report.classes[labels["label"]] += 1
        self.rows.append({"file": target, **labels, **row})

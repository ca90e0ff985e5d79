"""Puts an audit on disk: `audit.json`, tables as CSV, mean images, maps of bias and `report.html`."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from core.audit.items import ITEMS_FILE
from core.audit.mean_archive import MEANS_FILE, write_mean_images
from core.audit.mean_images import picture_mean
from core.audit.mean_volume import MeanVolume
from core.audit.mean_volume_archive import VOLUMES_FOLDER, write_mean_volumes
from core.audit.pairs import PAIRS_FILE
from core.audit.result import AuditResult, MeanPicture, MetricRow
from core.bias.archive import BIAS_FOLDER
from core.bias.writer import write_bias
from core.config import Settings, get_settings
from core.csv_text import render_csv
from core.metrics.mean_image import quantise_mean_image
from core.output_folder import cannot_write, replace_text
from core.report.document import render_report
from core.report.pictures import picture_pairs

__all__ = ["write_audit"]


def write_audit(result: AuditResult, folder: Path, *, settings: Settings | None = None) -> None:
    """Write every file of an audit into a folder, each in one step.

    Args:
        result: what the audit found.
        folder: made if it is not there; files of an earlier audit in it are replaced.
        settings: where and how large images may be that the report shows; the process's own when None.

    Raises:
        InputError: if the folder cannot be written.
    """
    pictures = picture_pairs(result, settings=settings or get_settings())
    rows = [_flatten(row) for row in result.summary.results]
    texts = {
        "metrics.csv": render_csv(pd.DataFrame(rows), paths=("class",)),
        "copies.csv": render_csv(result.copies, paths=("synthetic_item", "nearest_real")),
        "report.html": render_report(result, pictures=pictures),
        "audit.json": result.summary.model_dump_json(by_alias=True, indent=2) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Removed first and written last, so that a folder with an audit.json holds the audit it describes.
        if (folder / "audit.json").exists():
            (folder / "audit.json").unlink()
            for earlier in ("mean_images", BIAS_FOLDER):
                shutil.rmtree(folder / earlier, ignore_errors=True)
        means: Mapping[tuple[str, str | None], MeanPicture | MeanVolume]
        means = result.mean_volumes or result.mean_images
        for (name, label), mean in means.items():
            _write_mean(folder / "mean_images" / name / f"{_slug(label)}.png", mean)
        if result.mean_volumes:
            write_mean_volumes(folder / VOLUMES_FOLDER, result.mean_volumes)
            (folder / MEANS_FILE).unlink(missing_ok=True)
        else:
            write_mean_images(folder / MEANS_FILE, result.mean_images)
            shutil.rmtree(folder / VOLUMES_FOLDER, ignore_errors=True)
        for file, table in {ITEMS_FILE: result.items, PAIRS_FILE: result.pairs}.items():
            if table is not None:
                _write_table(folder / file, table)
        if result.bias is not None and result.bias.result is not None:
            write_bias(result.bias.result, folder / BIAS_FOLDER / result.bias.key)
        for file, text in texts.items():
            replace_text(folder / file, text)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _write_table(path: Path, table: pa.Table) -> None:
    draft = path.with_name(f".{path.name}.draft")
    pq.write_table(table, draft)
    draft.replace(path)


def _flatten(row: MetricRow) -> dict[str, object]:
    record: dict[str, object] = row.model_dump(by_alias=True, exclude={"floor_detail", "note"})
    detail = row.floor_detail
    for name in ("kind", "n", "low", "high"):
        record[f"floor_{name}"] = None if detail is None else getattr(detail, name)
    record["value_at_floor_n"] = None if detail is None else detail.value_at_n
    return record | {"note": row.note}


def _slug(label: str | None) -> str:
    """File name of a class's mean image; a label is the user's text and may hold anything, `../` included."""
    if label is None:
        return "all"
    slug = re.sub(r"[^\w+-]", "_", label)[:60]
    return (
        f"class-{slug}" if slug == label else f"class-{slug}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
    )


def _write_mean(path: Path, mean: MeanPicture | MeanVolume) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = quantise_mean_image(picture_mean(mean))
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(path, format="PNG")

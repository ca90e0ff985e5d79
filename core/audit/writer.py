"""Puts an audit on disk: `audit.json`, `metrics.csv`, `copies.csv`, mean images and `report.html`."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pandas as pd
from PIL import Image

from core.audit.report import render_report
from core.audit.result import AuditResult, MeanPicture, MetricRow
from core.errors import InputError
from core.metrics.mean_image import quantise_mean_image

__all__ = ["check_output_folder", "write_audit"]


def check_output_folder(folder: Path) -> None:
    """Make sure before hours of work that results can be written.

    Raises:
        InputError: if the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _cannot_write(folder, error) from error


def write_audit(result: AuditResult, folder: Path) -> None:
    """Write every file of an audit into a folder, each in one step.

    Args:
        result: what the audit found.
        folder: made if it is not there; files of an earlier audit in it are replaced.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # First and last, so that a folder with an audit.json holds the whole audit that it describes.
        (folder / "audit.json").unlink(missing_ok=True)
        rows = [_flatten(row) for row in result.summary.results]
        _replace(folder / "metrics.csv", pd.DataFrame(rows).to_csv(index=False))
        _replace(folder / "copies.csv", _guard(result.copies).to_csv(index=False))
        for (name, label), picture in result.mean_images.items():
            _write_mean(folder / "mean_images" / name / f"{_slug(label)}.png", picture)
        _replace(folder / "report.html", render_report(result))
        _replace(folder / "audit.json", result.summary.model_dump_json(by_alias=True, indent=2) + "\n")
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: Path, error: OSError) -> InputError:
    reason = error.strerror or type(error).__name__
    return InputError(f"The output folder {folder} cannot be written ({reason}); choose another --output.")


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    draft.replace(path)


def _flatten(row: MetricRow) -> dict[str, object]:
    record: dict[str, object] = row.model_dump(by_alias=True, exclude={"floor_detail", "note"})
    detail = row.floor_detail
    for name in ("kind", "n", "low", "high"):
        record[f"floor_{name}"] = None if detail is None else getattr(detail, name)
    record["value_at_floor_n"] = None if detail is None else detail.value_at_n
    return record | {"note": row.note}


def _guard(copies: pd.DataFrame) -> pd.DataFrame:
    """Keep spreadsheets from running a file name as a formula: `./=x.png` is the same file as `=x.png`."""
    guarded = copies.copy()
    for column in ("synthetic_item", "nearest_real"):
        guarded[column] = [f"./{item}" if re.match(r"[=+\-@\t\r]", item) else item for item in copies[column]]
    return guarded


def _slug(label: str | None) -> str:
    """File name of a class's mean image; a label is the user's text and may hold anything, `../` included."""
    if label is None:
        return "all"
    slug = re.sub(r"[^\w+-]", "_", label)[:60]
    return (
        f"class-{slug}" if slug == label else f"class-{slug}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
    )


def _write_mean(path: Path, picture: MeanPicture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = quantise_mean_image(picture.mean)
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(path, format="PNG")

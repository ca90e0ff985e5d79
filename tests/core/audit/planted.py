"""A small audit whose folders, files, patients and labels bear names that must not travel."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.audit.protocol import Protocol
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.config import Settings
from core.datasets.study import Study
from core.report.writer import write_audit
from tests.images import write_images

__all__ = ["PLANTED", "PlantedAudit", "make_planted_audit"]

PLANTED = "Zubrowka"
"""Stands in every name that a de-identified report must not hold."""


@dataclass(frozen=True, slots=True)
class PlantedAudit:
    """An audit on disk, and what it was made of."""

    folder: Path
    result: AuditResult
    settings: Settings


def make_planted_audit(base: Path) -> PlantedAudit:
    """Audit two synthetic sets; `gan` holds a mirrored and an unchanged copy and a file that is no image."""
    settings = dataclasses.replace(
        Settings.from_environment(), home=base / "home", weights_dir=None, offline=True, confined_to=()
    )
    root = base / f"{PLANTED}-folders"
    folders = {name: root / f"{PLANTED}-{name}" for name in ("real", "heldout", "gan", "ddpm")}
    for seed, (name, n) in enumerate((("real", 30), ("heldout", 20), ("gan", 18), ("ddpm", 16))):
        write_images(folders[name], n, seed=seed, size=48, classes=("mild", "severe"))
        for path in sorted(folders[name].rglob("*.png")):
            path.rename(path.with_name(f"{PLANTED}_{path.name}"))
    real = sorted(folders["real"].rglob("*.png"))
    pixels = np.asarray(Image.open(real[0]))
    Image.fromarray(pixels[:, ::-1]).save(folders["gan"] / "mild" / f"={PLANTED}-mirrored.png")
    shutil.copy(real[1], folders["gan"] / "mild" / f"{PLANTED}-copied.png")
    (folders["gan"] / "mild" / f"{PLANTED}-broken.png").write_bytes(b"no image")
    Image.open(real[2]).save(folders["ddpm"] / "mild" / f"{PLANTED}.jpg", quality=95)
    labels = base / f"{PLANTED}-labels.csv"
    rows = [
        f"{path.relative_to(folders['real'])},{path.parent.name},{PLANTED}{n // 2}"
        for n, path in enumerate(real)
    ]
    labels.write_text("\n".join(["file,label,patient", *rows[:-2]]) + "\n", encoding="utf-8")
    study = Study.from_folders(
        real=folders["real"],
        heldout=folders["heldout"],
        synthetic={"gan": folders["gan"], "ddpm": folders["ddpm"]},
        labels=labels,
    )
    result = run_audit(study, Protocol(extractors=("pixels",), false_flag_rate=0.1), settings=settings)
    folder = base / "audit"
    write_audit(result, folder, settings=settings)
    return PlantedAudit(folder, result, settings)

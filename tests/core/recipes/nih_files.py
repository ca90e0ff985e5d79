"""A small collection in the form that NIH publishes its chest X-rays in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

HEADER_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)
HEADER_2020 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)


def name_image(patient: int, number: int) -> str:
    """The name that NIH gives an image."""
    return f"{patient:08d}_{number:03d}.png"


def write_list(path: Path, rows: Sequence[tuple[int, int, str]], *, header: str = HEADER_2017) -> Path:
    """Write the list of (patient, follow-up, findings)."""
    lines = [header]
    for patient, number, findings in rows:
        age = f"{patient % 90 + 1:03d}Y" if header == HEADER_2017 else str(patient % 90 + 1)
        cells = (name_image(patient, number), findings, number, patient, age, "FM"[patient % 2], "PA")
        lines.append(",".join(map(str, (*cells, 2682, 2749, 0.143, 0.143))) + ",")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_images(folder: Path, rows: Sequence[tuple[int, int, str]]) -> Path:
    """Write a file an image, into two archives' folders as NIH packs them; their content is their name."""
    for patient, number, _ in rows:
        path = folder / f"images_00{patient % 2 + 1}" / "images" / name_image(patient, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())
    return folder


def make_rows() -> list[tuple[int, int, str]]:
    """Forty patients with one to four images each; a third of them ill, some with two findings."""
    rows = []
    for patient in range(1, 41):
        for number in range(patient % 4 + 1):
            findings = "No Finding" if patient % 3 else "Infiltration"
            if patient % 9 == 0 and number == 0:
                findings = "Effusion|Infiltration"
            rows.append((patient, number, findings))
    return rows

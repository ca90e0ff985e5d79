"""README's tables on copies: how many planted ones are found, and a generator that memorised its training set."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import stats

from core.audit.protocol import Protocol
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.config import Settings
from core.copies.search import search_copies
from core.datasets.phantoms import LABELS, PhantomProcess
from core.datasets.study import Study
from tests.core.copies.films import MANIPULATIONS, draw_films, make_thumbnails
from tests.core.copies.test_recall import RATE, calibrate

Film = NDArray[np.uint8]

FRESH = "fresh draw, no copies"


def recall_on_phantoms(settings: Settings, *, n_real: int = 240, n_planted: int = 120) -> list[list[str]]:
    """Share of planted copies that are flagged with the right film, by manipulation and extractor."""
    extractors = ("pixels", "random-conv", "texture")
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        drawn = [[film.pixels for label in LABELS for film in PhantomProcess(0, c).draw(label, n_real // 2)]
                 for c in range(3)]  # fmt: skip
        result = _audit_planted(root, *drawn, n_planted, extractors, settings)
    return _count_found(result, extractors)


def recall_on_xrays(settings: Settings, data: Path, *, n_planted: int = 120) -> list[list[str]]:
    """The same on paediatric chest X-rays, of which the second half of the held-out ones is the fresh draw."""
    folder = data / "cxr_paediatric"
    real = _read(folder / "real")[::2]
    heldout = _read(folder / "heldout_real")
    extractors = ("pixels", "random-conv")
    with tempfile.TemporaryDirectory() as place:
        result = _audit_planted(
            Path(place), real, heldout[::2], heldout[1::2], n_planted, extractors, settings
        )
    return _count_found(result, extractors)


def false_flags_on_phantoms(*, n_seeds: int = 20, n: int = 240) -> list[list[str]]:
    """Fresh films that are flagged at a nominal 1 %, over many draws of train, held-out and fresh films."""
    n_flagged = 0
    for seed in range(n_seeds):
        films, patients = draw_films(0, n, seed)
        calibration = calibrate(make_thumbnails(films), patients, make_thumbnails(draw_films(1, n, seed)[0]))
        found = search_copies(queries=make_thumbnails(draw_films(2, n, seed)[0]), real=calibration.real)
        n_flagged += int((calibration.p_values(found) <= RATE).sum())
        draw_films.cache_clear()
    share = stats.binomtest(n_flagged, n_seeds * n)
    low, high = share.proportion_ci()
    attained = np.floor(RATE * (n + 1)) / (n + 1)
    return [
        [
            f"{n_seeds} x {n:,}",
            f"{n_flagged:,}",
            f"{100 * share.statistic:.2f} % ({100 * low:.2f} to {100 * high:.2f})",
            f"{100 * attained:.2f} %",
        ]
    ]


def memorised_slices(settings: Settings, data: Path) -> list[list[str]]:
    """Raw privacy beside the calibrated view, for fresh slices, a diffusion model and a memorising DCGAN."""
    generated = data / "synthetic"
    study = Study.from_folders(
        real=data / "mri2d" / "real",
        heldout=data / "mri2d" / "heldout_real",
        synthetic={
            "DDPM": generated / "mri2d_ddpm",
            "memorising DCGAN": generated / "mri2d_dcgan_memorised",
        },
    )
    protocol = Protocol(extractors=("pixels", "random-conv"))
    result = run_audit(study, protocol, settings=settings)
    with (generated / "mri2d_dcgan_memorised" / "memorisation_truth.csv").open(encoding="utf-8") as table:
        truth = {Path(row["synthetic"]).name: Path(row["nearest_real"]).name for row in csv.DictReader(table)}
    found = {row.metric + (row.extractor or ""): {} for row in result.summary.results}
    for row in result.summary.results:
        if row.class_name is None:
            found[row.metric + (row.extractor or "")][row.synthetic] = row
    names = ("DDPM", "memorising DCGAN")

    def line(title: str, key: str) -> list[str]:
        rows = [found[key][name] for name in names]
        fresh = "" if rows[0].floor is None else f"{rows[0].floor:.2f}"
        return [title, fresh, *("–" if row.value is None else f"{row.value:.2f}" for row in rows)]

    copies = result.copies[result.copies.extractor == "pixels"]
    right, q_values = [], []
    for name in names:
        rows = copies[copies.synthetic == name]
        q_values.append(f"{rows.q_value.min():.2g}")
        if name == names[1]:
            hits = sum(
                truth.get(Path(r.synthetic_item).name) == Path(r.nearest_real).name for r in rows.itertuples()
            )
            right.append(f"{hits} of {len(rows)}")
        else:
            right.append("")
    return [
        line("raw privacy ↑, `random-conv`", "privacyrandom-conv"),
        line("raw privacy ↑, `pixels`", "privacypixels"),
        line("flagged at 1 % ↓", "flaggedpixels"),
        line("same picture as a training slice ↓", "repeatedpixels"),
        ["smallest q-value", "", *q_values],
        ["nearest slice is the one that was memorised", "", *right],
    ]


def _read(folder: Path) -> list[Film]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".png", ".jpg", ".jpeg"})
    return [np.asarray(Image.open(path).convert("L")) for path in files]


def _audit_planted(
    root: Path,
    real: Sequence[Film],
    heldout: Sequence[Film],
    fresh: Sequence[Film],
    n_planted: int,
    extractors: tuple[str, ...],
    settings: Settings,
) -> AuditResult:
    """Audit one synthetic set a manipulation; copies carry the number of their film."""
    _write(root / "real", enumerate(real))
    _write(root / "heldout", enumerate(heldout))
    synthetic = {"fresh": _write(root / "fresh", enumerate(fresh))}
    for place, change in enumerate(MANIPULATIONS.values()):
        rng = np.random.default_rng(0)
        chosen = rng.choice(len(real), n_planted, replace=False)
        films = ((index, change(real[index], rng)) for index in chosen.tolist())
        synthetic[f"planted{place}"] = _write(root / f"planted{place}", films)
    study = Study.from_folders(real=root / "real", heldout=root / "heldout", synthetic=synthetic)
    return run_audit(study, Protocol(extractors=extractors), settings=settings)


def _write(folder: Path, films: object) -> Path:
    folder.mkdir(parents=True)
    for index, film in films:
        Image.fromarray(np.ascontiguousarray(film)).save(folder / f"{index:04d}.png")
    return folder


def _count_found(result: AuditResult, extractors: Sequence[str]) -> list[list[str]]:
    titles = {"fresh": FRESH} | {f"planted{place}": name for place, name in enumerate(MANIPULATIONS)}
    lines = []
    for name, rows in result.copies.groupby("synthetic", sort=False):
        cells = []
        for extractor in extractors:
            own = rows[rows.extractor == extractor]
            right = own.flagged if name == "fresh" else own.flagged & (own.synthetic_item == own.nearest_real)
            cells.append(f"{right.mean():.3f}")
        lines.append([titles[str(name)], *cells])
    return lines

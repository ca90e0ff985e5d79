"""A made-up audit with everything that a report must cope with."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from core.audit.result import (
    AuditResult,
    AuditSummary,
    Duplicates,
    ExtractorRecord,
    Floor,
    MeanPicture,
    MetricRow,
    ProtocolRecord,
    SetSummary,
    UnreadableRecord,
)

__all__ = ["CLASSES", "HOSTILE", "SETS", "build_result", "make_floor", "make_row", "make_set", "make_summary"]

HOSTILE = "<script>alert('set')</script>"
HOSTILE_FILE = "a/</script><script>alert('file')</script>\"onerror=alert(1) .png"
HOSTILE_CLASS = '"><img src=x onerror=alert(1)>'
CLASSES = ("normal", HOSTILE_CLASS)
SETS = ("StyleGAN2", "diffusion 512", "collapsed", HOSTILE)

_NOTE = "Subsets of 60 instead of 1000 images, half of the smaller set."
_ONE_FILE = "One file size of one mean image; it has no sampling interval of its own."
_UNDEFINED = "Variety needs two or more sets."

# metric: (extractor, values of the four sets, half-width of the interval, held-out floor)
_METRICS: dict[str, tuple[str | None, tuple[float | None, ...], float | None, float | None]] = {
    "fd": ("texture", (76.8, 43.2, 151.4, 78.1), 4.1, None),
    "fd_infinity": ("texture", (60.1, 21.0, 140.9, 61.0), 9.0, None),
    "kid": ("texture", (0.0312, -0.0004, 0.244, 0.0298), 0.0021, None),
    "precision": ("texture", (0.61, 0.83, 0.93, 0.60), 0.06, 0.86),
    "recall": ("texture", (0.42, 0.80, 0.02, 0.44), 0.018, None),
    "density": ("texture", (0.71, 0.94, 1.62, 0.70), 0.11, 0.96),
    "coverage": ("texture", (0.55, 0.86, 0.06, 0.55), 0.05, None),
    "feature_std": ("texture", (0.88, 0.97, 0.21, 0.87), 0.03, None),
    "fidelity": ("pixels", (0.81, 0.85, 0.97, 0.80), 0.05, 0.88),
    "privacy": ("pixels", (0.62, 0.63, 0.21, 0.60), 0.07, 0.61),
    "precision_privacy": ("pixels", (0.43, 0.48, 0.18, 0.44), 0.07, 0.49),
    "authenticity": ("pixels", (0.52, 0.55, 0.12, 0.51), 0.07, 0.54),
    "mean_image_png_bytes": (None, (5363, 5039, 8412, 5290), None, 5101),
    "mean_image_ljpeg_bytes": (None, (8662, 8573, 11020, 8600), None, 8590),
    "variety": (None, (0.96, 1.0, 0.0, None), None, None),
}


def make_floor(
    value: float, half: float | None, *, n: int = 200, kind: str = "heldout", **at_n: float
) -> Floor:
    """A floor with a symmetric interval."""
    ends = {} if half is None else {"low": value - half, "high": value + half}
    return Floor.model_validate({"kind": kind, "value": value, "n": n, **ends, **at_n})


def make_row(
    metric: str,
    value: float | None,
    half: float | None = None,
    *,
    synthetic: str = "one",
    extractor: str | None = "texture",
    class_name: str | None = None,
    n_real: int = 200,
    n_synthetic: int = 200,
    floor: Floor | None = None,
    note: str = "",
) -> MetricRow:
    """A row with a symmetric interval."""
    return MetricRow(
        synthetic=synthetic,
        extractor=extractor,
        class_name=class_name,
        metric=metric,
        value=value,
        low=None if half is None or value is None else value - half,
        high=None if half is None or value is None else value + half,
        n_real=n_real,
        n_synthetic=n_synthetic,
        floor=None if floor is None else floor.value,
        floor_detail=floor,
        note=note,
    )


def make_set(role: str, name: str, **changes: object) -> SetSummary:
    """A set of 200 images of two classes."""
    facts: dict[str, object] = {
        "role": role,
        "name": name,
        "folder": f"/data/{name}",
        "n": 200,
        "digest": "0123456789abcdef" * 4,
        "classes": dict.fromkeys(CLASSES, 100),
        "formats": {"PNG 8-bit grey": 200},
        "sizes": ((64, 64), (64, 64)),
    }
    return SetSummary.model_validate(facts | changes)


def make_summary(rows: list[MetricRow], **changes: object) -> AuditSummary:
    """A summary of given rows, with the sets that they name."""
    names = list(dict.fromkeys(row.synthetic for row in rows))
    protocol = ProtocolRecord(
        choices={"extractors": [], "resize": "clean", "nearest_k": 5, "seed": 17, "weights": None},
        extractors=(
            ExtractorRecord(
                name="texture",
                identity="texture version=1 resolution=256",
                weights_sha256=None,
                metrics=("distribution",),
                standardised=True,
            ),
            ExtractorRecord(
                name="pixels",
                identity="pixels version=1 resolution=32",
                weights_sha256="ab" * 32,
                metrics=("copies",),
                standardised=False,
            ),
        ),
        intensity="8-bit as stored",
        mean_image_size=(64, 64),
        metric_versions={"fd": 1},
        software={"medsynaudit": "0.1.0", "numpy": "2.4.0"},
        device="cpu",
    )
    facts: dict[str, object] = {
        "protocol": protocol,
        "sets": (make_set("real", "real"), *(make_set("synthetic", name) for name in names)),
        "results": tuple(rows),
        "started": datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        "seconds": 61.2,
    }
    return AuditSummary.model_validate(facts | changes)


def build_result() -> AuditResult:
    """Four synthetic sets of two classes, a held-out set, files that cannot be read, copies, hostile names."""
    rows = [
        row
        for class_name in (None, *CLASSES)
        for place, name in enumerate(SETS)
        for row in _rows_of(name, place, class_name)
    ]
    duplicate = Duplicates(members=("a/1.png", HOSTILE_FILE), same_bytes=True)
    sets = (
        make_set("real", "real", duplicates=(duplicate,)),
        make_set("heldout", "heldout", warnings=("Two of its folders are empty.",)),
        *(
            make_set(
                "synthetic",
                name,
                folder=f"/data/{name}/{HOSTILE}",
                formats={"JPEG 8-bit grey": 190, "PNG 16-bit grey": 10},
                sizes=((64, 64), (512, 480)),
                unreadable=tuple(
                    UnreadableRecord(file=f"{i}-{HOSTILE_FILE}", reason="it is damaged or truncated")
                    for i in range(45 * (name == "collapsed"))
                ),
            )
            for name in SETS
        ),
    )
    summary = make_summary(
        rows,
        sets=sets,
        shared=(
            Duplicates(members=("real/a/1.png", f"collapsed/{HOSTILE_FILE}"), same_bytes=False),
            Duplicates(members=("real/a/2.png", "collapsed/b.png", "collapsed/c.png"), same_bytes=True),
        ),
        warnings=(f"Synthetic set {HOSTILE!r} and the real set differ in file format.",),
        notices=("The FID Inception's weights were not found, so no number here is an FID.",),
    )
    return AuditResult(summary, _copies(), _means())


def _rows_of(name: str, place: int, class_name: str | None) -> list[MetricRow]:
    rows = []
    for metric, (extractor, values, half, floor_value) in _METRICS.items():
        value = values[place]
        floor = None
        if metric == "fd" and value is not None:
            at_n = {"value_at_n": value + 2, "value_at_n_low": value - 3, "value_at_n_high": value + 7}
            floor = make_floor(39.0, 6.0, n=100, **at_n)
        elif floor_value is not None:
            floor = make_floor(
                floor_value, None if half is None else 0.05, kind="real" if half is None else "heldout"
            )
        note = {"kid": _NOTE, "variety": _UNDEFINED if value is None else ""}.get(
            metric, _ONE_FILE if half is None else ""
        )
        n = 200 if class_name is None else 100
        rows.append(
            make_row(
                metric,
                value,
                half,
                synthetic=name,
                extractor=extractor,
                class_name=class_name,
                n_real=n,
                n_synthetic=n,
                floor=floor,
                note=note,
            )
        )
    return rows


def _copies() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        {
            "synthetic": name,
            "synthetic_item": HOSTILE_FILE if i == 0 else f"normal/{i:04d}.png",
            "nearest_real": f"{HOSTILE_CLASS}/{i}.png",
            "distance": 0.0 if i == 0 else float(rng.uniform(0.2, 0.9)),
            "set": ("copy", "real", "non-real")[i % 3],
            "extractor": "pixels",
        }
        for name in SETS
        for i in range(12)
    ]
    return pd.DataFrame(rows)


def _means() -> dict[tuple[str, str | None], MeanPicture]:
    rows, columns = np.mgrid[0:64, 0:64]
    base = 120 + 60 * np.sin(rows / 12.0) * np.cos(columns / 15.0)
    return {
        (name, label): MeanPicture(
            mean=(base + 4.0 * place * np.sin(rows * columns / 300.0))[..., np.newaxis],
            std=np.full((64, 64, 1), 10.0),
            n=200,
        )
        for place, name in enumerate(("real", "heldout", *SETS))
        for label in (None, *CLASSES)
    }

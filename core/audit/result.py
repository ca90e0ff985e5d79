"""The result of an audit, as typed data; `audit.json` is its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from core.features.volume_view import VIEW_OF_PLANES, name_plane
from core.images.slices import Plane

if TYPE_CHECKING:
    # Pages read summaries and should not wait for these.
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from core.audit.mean_volume import MeanVolume
    from core.bias.document import BiasDocument
    from core.bias.heatmap import BiasResult

__all__ = [
    "AuditBias",
    "AuditResult",
    "AuditSummary",
    "Duplicates",
    "ExtractorRecord",
    "Floor",
    "MeanPicture",
    "MetricRow",
    "ProtocolRecord",
    "SetSummary",
    "UnreadableRecord",
]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class UnreadableRecord(_Record):
    """A file that was left out of the numbers, and why."""

    file: str
    reason: str


class Duplicates(_Record):
    """One picture that occurs more than once.

    Attributes:
        members: "set/item" of each occurrence.
        same_bytes: equal files, or only equal pixels.
    """

    members: tuple[str, ...]
    same_bytes: bool


class SetSummary(_Record):
    """One image set as the audit read it.

    Attributes:
        role: real, heldout or synthetic.
        name: its name in results.
        folder: the folder as given.
        n: readable images or volumes, all of which entered the numbers.
        digest: SHA-256 over items and labels.
        classes: images a class.
        groups: images a group by columns of the labels CSV, such as `sex=F`, of groups large enough to be
            measured; columns overlap.
        formats: images a file format and depth, such as `PNG 8-bit grey`.
        sizes: smallest and largest (width, height) in pixels; of volumes, those of their axial slices.
        slices: smallest and largest number of slices of its volumes; None where its items are pictures.
        spacing_mm: smallest and largest distance between slices, rows and columns; None where its items are
            pictures, or not every volume tells.
        unreadable: files left out.
        duplicates: pictures that occur more than once within this set.
        warnings: one sentence each.
    """

    role: Literal["real", "heldout", "synthetic"]
    name: str
    folder: str
    n: int
    digest: str
    classes: dict[str, int]
    groups: dict[str, int] = {}
    formats: dict[str, int]
    sizes: tuple[tuple[int, int], tuple[int, int]]
    slices: tuple[int, int] | None = None
    spacing_mm: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    unreadable: tuple[UnreadableRecord, ...] = ()
    duplicates: tuple[Duplicates, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        """What its items are: `images` or `volumes`."""
        return "images" if self.slices is None else "volumes"


class Floor(_Record):
    """What real images score against real images: the number to hold a value against.

    Attributes:
        kind: `heldout`: the held-out set in the synthetic set's place; `halves`: two halves of the real set;
            `left-out`: training images left out one at a time; `real`: the real set itself, for numbers
            that a set has alone.
        value: the metric there.
        low: lower end of its 95 % interval, where there is one.
        high: upper end.
        n: images a side (Fréchet distance), else images of the set that was measured.
        value_at_n: the synthetic set's value with that many images a side, where n changes the value.
        value_at_n_low: lower end of its 95 % interval.
        value_at_n_high: upper end.
    """

    kind: Literal["heldout", "halves", "left-out", "real"]
    value: float
    low: float | None = None
    high: float | None = None
    n: int
    value_at_n: float | None = None
    value_at_n_low: float | None = None
    value_at_n_high: float | None = None


class MetricRow(_Record):
    """One number of the audit.

    Attributes:
        synthetic: the synthetic set's name.
        extractor: the extractor's name, or None for metrics of pixels and files.
        class_name: the class or group, or None for the whole set; `class` in JSON and CSV.
        metric: id in `core.metrics.catalogue`.
        value: the number, or None where it is undefined (then `note` says why).
        low: lower end of the 95 % interval, or None (then `note` says why).
        high: upper end.
        n_real: real images that entered it.
        n_synthetic: synthetic images that entered it.
        floor: what real images score, or None where there is no such number.
        floor_detail: how that was measured.
        note: one sentence on anything a reader must know.
    """

    synthetic: str
    extractor: str | None
    class_name: str | None = Field(
        validation_alias=AliasChoices("class_name", "class"), serialization_alias="class"
    )
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n_real: int
    n_synthetic: int
    floor: float | None = None
    floor_detail: Floor | None = None
    note: str = ""


class ExtractorRecord(_Record):
    """One extractor as it was used.

    Attributes:
        name: as written in results.
        identity: everything that decides its features.
        weights_sha256: hash of its weights, or None.
        metrics: which groups of metrics used it: `distribution`, `copies`, `multiscale`.
        standardised: whether features were standardised by the real set.
        view: what of volumes it saw; empty where the audit is of pictures.
    """

    name: str
    identity: str
    weights_sha256: str | None
    metrics: tuple[str, ...]
    standardised: bool
    view: str = ""


class ProtocolRecord(_Record):
    """Everything that decided the numbers, as recorded.

    Attributes:
        choices: the user's protocol.
        extractors: extractors as they were used.
        intensity: how pixel values were brought to one scale.
        mean_image_size: (width, height) of mean images, None when there are none.
        mean_volume_size: slices, rows and columns of mean volumes, None when there are none.
        metric_versions: version of each metric's definition.
        software: versions of the packages that computed the numbers.
        device: where networks ran.
    """

    choices: dict[str, Any]
    extractors: tuple[ExtractorRecord, ...]
    intensity: str
    mean_image_size: tuple[int, int] | None
    mean_volume_size: tuple[int, int, int] | None = None
    metric_versions: dict[str, int]
    software: dict[str, str]
    device: str


class AuditSummary(_Record):
    """Everything of an audit but its pictures and per-item rows; the content of `audit.json`.

    Attributes:
        schema_version: raised when the JSON's form changes.
        protocol: what decided the numbers.
        sets: the image sets, real first.
        shared: pictures that occur in more than one set.
        warnings: about the study as a whole; shown wherever its numbers are.
        notices: what a reader must know of the extractors, such as an offline fallback.
        results: the numbers.
        started: when the audit began.
        seconds: how long it took.
    """

    schema_version: int = 1
    protocol: ProtocolRecord
    sets: tuple[SetSummary, ...]
    shared: tuple[Duplicates, ...] = ()
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    results: tuple[MetricRow, ...]
    started: datetime
    seconds: float

    @property
    def plane_extractors(self) -> frozenset[str]:
        """Names under which extractors of volumes stand for one plane, such as `texture@axial`."""
        return frozenset(
            name_plane(one.name, plane)
            for one in self.protocol.extractors
            if one.view == VIEW_OF_PLANES
            for plane in Plane
        )

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups that were measured, such as `sex=F`; no class is called so."""
        return tuple(dict.fromkeys(name for one in self.sets for name in one.groups))


@dataclass(frozen=True, slots=True)
class MeanPicture:
    """Mean and standard deviation of n images: (h, w, channels) float64 on the scale 0 to 255."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    n: int


@dataclass(frozen=True, slots=True)
class AuditBias:
    """An analysis of bias of the audit's images.

    Attributes:
        key: name of its folder within the audit's.
        document: what reports show of it.
        result: all of it, to be written; None in an audit that was read back.
    """

    key: str
    document: BiasDocument
    result: BiasResult | None = None


@dataclass(frozen=True, slots=True)
class AuditResult:
    """All that an audit found.

    Attributes:
        summary: the content of `audit.json`.
        copies: one row a synthetic item and extractor, with the columns of `copies.csv`.
        mean_images: (set name, class, group or None) to mean image; empty where the items are volumes.
        items: one row an item of any set, as `core.audit.items` keeps them; None where nobody asks for it.
        pairs: one row an item and extractor, as `core.audit.pairs` keeps them; None likewise.
        bias: where classes are told apart and what synthetic sets inherit of it; None where nobody asked, or
            there are no classes to tell apart.
        mean_volumes: (set name, class, group or None) to mean volume; empty where the items are pictures.
    """

    summary: AuditSummary
    copies: pd.DataFrame
    mean_images: Mapping[tuple[str, str | None], MeanPicture]
    items: pa.Table | None = None
    pairs: pa.Table | None = None
    bias: AuditBias | None = None
    mean_volumes: Mapping[tuple[str, str | None], MeanVolume] = field(default_factory=dict)

"""Files of a folder as stacks of slices: what belongs together, in which order, and what is odd about it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final

from core.images.dicom.frames import Frame
from core.images.dicom.header import DicomHeader
from core.images.dicom.identity import Identity

__all__ = ["DicomStack", "SliceRef", "group_stacks"]

# Positions are written with rounding.
_SAME_MM: Final = 0.01
# Only sections of a body make a volume without positions; films and photographs of a series do not.
_SECTIONS: Final = frozenset(("CT", "MR", "PT", "NM"))
_BY_NUMBER: Final = "Its slices are in the order of their numbers, since their positions are not known."
_BY_NAME: Final = "Its slices are in the order of their names, since neither positions nor numbers are known."


@dataclass(frozen=True, slots=True)
class SliceRef:
    """One slice: a frame of a file, under the name that the file was handed in with."""

    name: str
    frame: int


@dataclass(frozen=True, slots=True)
class DicomStack:
    """Slices of one series that form one volume.

    Attributes:
        slices: in order along `normal`: for axial ones from the feet to the head.
        left_out: slices that share a position with one that was kept.
        identity: keyed hashes of patient, study and series.
        modality: DICOM's code.
        unit: of the values.
        rows: height of a slice in pixels.
        columns: width of a slice in pixels.
        spacing_mm: distance of slices, rows and columns; None where one of them is not known.
        place: the first slice's frame, with its axes; None where slices have no place in the patient.
        warnings: one sentence each: of the files, without repetition, and of the order.
    """

    slices: tuple[SliceRef, ...]
    left_out: tuple[SliceRef, ...]
    identity: Identity
    modality: str
    unit: str
    rows: int
    columns: int
    spacing_mm: tuple[float, float, float] | None
    place: Frame | None = field(repr=False)
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Slice:
    ref: SliceRef
    frame: Frame
    header: DicomHeader

    @property
    def height(self) -> float | None:
        """Place along the normal, mm."""
        normal, position = self.frame.normal, self.frame.position
        return None if normal is None or position is None else _dot(normal, position)


def group_stacks(headers: Iterable[tuple[str, DicomHeader]]) -> list[DicomStack]:
    """Sort files into stacks.

    Files of one series go together where they agree in size, colour, pixel spacing and direction; a file of
    many frames goes alone, as does one that names no series. Where every position is taken equally often, as
    in series over time, the images of each turn make one stack.

    Args:
        headers: name and header of each file; names are unique. May be a stream: of each file, only its
            header is kept.

    Returns:
        Stacks in the order of their first names.
    """
    groups: dict[tuple[object, ...], list[list[_Slice]]] = {}
    for name, header in headers:
        layout = header.layout
        is_alone = layout.n_frames > 1 or header.identity.series is None
        series = name if is_alone else header.identity.series
        key = (is_alone, series, header.identity.patient, layout.rows, layout.columns, layout.is_colour)
        clusters = groups.setdefault(key, [])
        for index in range(layout.n_frames):
            frame = header.frames[index if len(header.frames) > 1 else 0]
            if layout.n_frames > 1 and len(header.frames) == 1:
                # One place cannot be that of all frames.
                frame = _without_place(frame)
            one = _Slice(SliceRef(name, index), frame, header)
            for cluster in clusters:
                if _are_alike(cluster[0].frame, frame):
                    cluster.append(one)
                    break
            else:
                clusters.append([one])
    stacks = [stack for clusters in groups.values() for cluster in clusters for stack in _order(cluster)]
    return sorted(stacks, key=lambda stack: (min(one.name for one in stack.slices), stack.slices[0].frame))


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _without_place(frame: Frame) -> Frame:
    return Frame(
        None, None, None, frame.spacing_mm, frame.step_mm, frame.slope, frame.intercept, frame.is_rescaled,
        frame.rescale_type, frame.window,
    )  # fmt: skip


def _are_alike(one: Frame, other: Frame) -> bool:
    """Whether two slices have the same direction and pixel spacing."""
    for mine, yours in ((one.row, other.row), (one.column, other.column)):
        if (mine is None) != (yours is None):
            return False
        if mine is not None and yours is not None and math.dist(mine, yours) > 0.01:
            return False
    if one.spacing_mm is None or other.spacing_mm is None:
        return one.spacing_mm == other.spacing_mm
    pairs = zip(one.spacing_mm, other.spacing_mm, strict=True)
    return all(math.isclose(mine, yours, rel_tol=1e-3) for mine, yours in pairs)


def _order(cluster: list[_Slice]) -> list[DicomStack]:
    """Sort slices by position, else by number, else by name, and make stacks of them."""
    if len(cluster) == 1:
        return [_build(cluster, [], [])]
    if any(one.height is None for one in cluster):
        frames_of_one = len({one.ref.name for one in cluster}) == 1
        if not frames_of_one and cluster[0].header.modality not in _SECTIONS:
            return [_build([one], [], []) for one in cluster]
        return [_build(*_order_without_place(cluster))]
    cluster.sort(key=lambda one: (one.height, *_turn(one)))
    positions: list[list[_Slice]] = []
    for one in cluster:
        if positions and _height(one) - _height(positions[-1][0]) <= _SAME_MM:
            positions[-1].append(one)
        else:
            positions.append([one])
    counts = {len(position) for position in positions}
    if counts == {1}:
        return [_build(cluster, [], [])]
    for position in positions:
        position.sort(key=_turn)
    if len(counts) == 1 and len(positions) > 1:
        n = counts.pop()
        note = f"Its series holds {n} images of each position; each turn was made a volume of its own."
        return [_build([position[turn] for position in positions], [], [note]) for turn in range(n)]
    extra = [one for position in positions for one in position[1:]]
    if len(positions) == 1:
        # Views of one place, such as films of one patient, are no duplicates of each other.
        return [_build([one], [], []) for one in positions[0]]
    be = "image shares its position with another one and was" if len(extra) == 1 else (
        "images share their position with another one and were"
    )  # fmt: skip
    return [_build([position[0] for position in positions], extra, [f"{len(extra)} {be} left out."])]


def _order_without_place(cluster: list[_Slice]) -> tuple[list[_Slice], list[_Slice], list[str]]:
    frames_of_one = len({one.ref.name for one in cluster}) == 1
    numbers = [one.header.instance for one in cluster]
    if frames_of_one:
        return cluster, [], []
    if None not in numbers and len(set(numbers)) == len(numbers):
        return sorted(cluster, key=_turn), [], [_BY_NUMBER]
    return sorted(cluster, key=lambda one: (one.ref.name, one.ref.frame)), [], [_BY_NAME]


def _turn(one: _Slice) -> tuple[int, str, int]:
    return one.header.instance or 0, one.ref.name, one.ref.frame


def _height(one: _Slice) -> float:
    assert one.height is not None
    return one.height


def _build(slices: list[_Slice], left_out: list[_Slice], notes: list[str]) -> DicomStack:
    first = slices[0]
    step = first.header.slice_step_mm
    if len(slices) > 1 and first.height is not None:
        gaps = [_height(b) - _height(a) for a, b in pairwise(slices)]
        step = median(gaps)
        notes = notes + _judge_gaps(gaps, step) + _judge_shift(slices)
    in_plane = first.frame.spacing_mm or first.header.spacing_mm
    own = dict.fromkeys(warning for one in slices for warning in one.header.warnings)
    layout = first.header.layout
    return DicomStack(
        slices=tuple(one.ref for one in slices),
        left_out=tuple(one.ref for one in left_out),
        identity=first.header.identity,
        modality=first.header.modality,
        unit=first.header.unit,
        rows=layout.rows,
        columns=layout.columns,
        spacing_mm=(step, *in_plane) if step and in_plane else None,
        place=first.frame if first.height is not None else None,
        warnings=(*own, *notes, *_judge_units(slices)),
    )


def _judge_gaps(gaps: list[float], step: float) -> list[str]:
    n_missing = sum(round(gap / step) - 1 for gap in gaps if gap > 1.5 * step)
    if n_missing:
        be = "slice seems" if n_missing == 1 else "slices seem"
        return [f"{n_missing} {be} to be missing between others; distances along the slices are not even."]
    if any(abs(gap - step) > max(0.05 * step, 2 * _SAME_MM) for gap in gaps):
        return ["Its slices are not evenly spaced; distances along them are those of the median."]
    return []


def _judge_shift(slices: list[_Slice]) -> list[str]:
    """Slices of a tilted gantry lie above each other along the table, not along their normal."""
    first, last = slices[0].frame, slices[-1].frame
    assert first.position is not None
    assert last.position is not None
    assert first.row is not None
    assert first.column is not None
    way = [b - a for a, b in zip(first.position, last.position, strict=True)]
    shift = math.hypot(_dot(way, first.row), _dot(way, first.column))
    if shift > 2 * max(first.spacing_mm or (1.0, 1.0)):
        return ["Its slices are shifted against each other, as from a tilted gantry, and were left so."]
    return []


def _judge_units(slices: list[_Slice]) -> list[str]:
    if len({one.header.unit for one in slices}) > 1 or len({one.header.modality for one in slices}) > 1:
        return ["Its slices are not all of one unit or modality."]
    if len({one.header.layout.is_inverted for one in slices}) > 1:
        return ["Some of its slices show high values bright and others dark (MONOCHROME1 and 2)."]
    return []

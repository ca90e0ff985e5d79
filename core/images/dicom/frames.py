"""Where the frames of a DICOM file lie in the patient, and how the values of each are scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import ImageReadError
from core.images.dicom import tags
from core.images.dicom.elements import Elements
from core.images.intensity import Window, WindowFunction

__all__ = ["Frame", "read_frames"]

_Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, or all frames of a file that tells nothing of each.

    Attributes:
        position: of the first pixel in the patient, mm (towards left, back, head).
        row: unit vector along a row, in the direction of increasing columns.
        column: unit vector along a column, in the direction of increasing rows.
        spacing_mm: distance of rows and of columns.
        step_mm: distance of slices as announced, else their thickness.
        slope: value = slope * stored + intercept.
        intercept: see `slope`.
        is_rescaled: whether the header gives slope and intercept.
        rescale_type: DICOM's code of the unit; empty where there is none.
        window: the first window that the file names; None where it names none that can be used.
    """

    position: _Point | None
    row: _Point | None
    column: _Point | None
    spacing_mm: tuple[float, float] | None
    step_mm: float | None
    slope: float
    intercept: float
    is_rescaled: bool
    rescale_type: str
    window: Window | None

    @property
    def normal(self) -> _Point | None:
        """Unit vector across the slices: from the feet to the head for axial ones."""
        if self.row is None or self.column is None:
            return None
        (a, b, c), (d, e, f) = self.row, self.column
        return b * f - c * e, c * d - a * f, a * e - b * d


def read_frames(elements: Elements, n_frames: int) -> tuple[Frame, ...]:
    """Read the facts of every frame: the header's own, or those of its functional groups.

    Returns:
        One for each frame where the file has such groups for each, else one that stands for all.

    Raises:
        ImageReadError: if groups are fewer than frames, or a slope is 0.
    """
    shared = elements.get_items(tags.SHARED_GROUPS)[:1]
    groups = elements.get_items(tags.FRAME_GROUPS)
    if groups and len(groups) < n_frames:
        raise ImageReadError("its header describes fewer frames than it announces")
    own = [_read_frame([group, *shared], elements) for group in groups[:n_frames]]
    return tuple(own) if own else (_read_frame(shared, elements),)


def _read_frame(groups: list[Elements], top: Elements) -> Frame:
    """A frame's own groups count first, then shared ones, then the header as of classic files."""

    def find(sequence: int) -> Elements:
        return next((items[0] for group in groups if (items := group.get_items(sequence))), top)

    orientation = _numbers(find(tags.FRAME_ORIENTATION), tags.ORIENTATION, 6)
    row, column = _axes(orientation)
    position = _numbers(find(tags.FRAME_POSITION), tags.POSITION, 3)
    measures = find(tags.MEASURES)
    spacing = _numbers(measures, tags.SPACING, 2)
    steps = [measures.get_number(tag) or top.get_number(tag) for tag in (tags.SLICE_STEP, tags.THICKNESS)]
    rescale = find(tags.FRAME_RESCALE)
    slope, intercept = rescale.get_number(tags.SLOPE), rescale.get_number(tags.INTERCEPT)
    is_rescaled = slope is not None and intercept is not None
    if slope == 0:
        raise ImageReadError("its header scales every value to the same one (RescaleSlope is 0)")
    return Frame(
        position=(position[0], position[1], position[2]) if position else None,
        row=row,
        column=column,
        spacing_mm=(spacing[0], spacing[1]) if spacing and all(0 < mm < 1e6 for mm in spacing) else None,
        # Some writers give distances a sign.
        step_mm=next((abs(step) for step in steps if step), None),
        slope=slope if is_rescaled and slope is not None else 1.0,
        intercept=intercept if is_rescaled and intercept is not None else 0.0,
        is_rescaled=is_rescaled,
        rescale_type=rescale.get_text(tags.RESCALE_TYPE).upper(),
        window=_read_window(find(tags.FRAME_WINDOW)),
    )


def _numbers(elements: Elements, tag: int, n: int) -> list[float] | None:
    values = elements.get_numbers(tag)
    return values if len(values) == n else None


def _axes(orientation: list[float] | None) -> tuple[_Point | None, _Point | None]:
    """Both axes at unit length; none where they are not perpendicular, as PS3.3, C.7.6.2.1.1 demands."""
    if orientation is None:
        return None, None
    row, column = orientation[:3], orientation[3:]
    lengths = math.hypot(*row), math.hypot(*column)
    skew = sum(a * b for a, b in zip(row, column, strict=True))
    if not all(0.9 < length < 1.1 for length in lengths) or abs(skew) > 0.01:
        return None, None
    a, b, c = (value / lengths[0] for value in row)
    d, e, f = (value / lengths[1] for value in column)
    return (a, b, c), (d, e, f)


def _read_window(elements: Elements) -> Window | None:
    center, width = elements.get_number(tags.WINDOW_CENTER), elements.get_number(tags.WINDOW_WIDTH)
    if center is None or width is None:
        return None
    name = elements.get_text(tags.WINDOW_FUNCTION).lower() or WindowFunction.LINEAR.value
    if name not in set(WindowFunction):
        return None
    function = WindowFunction(name)
    least = 1.0 if function is WindowFunction.LINEAR else 0.0
    # PS3.3, C.11.2.1.2: at least 1 for LINEAR, above 0 for the others.
    return Window(center, width, function) if width >= least and width > 0 else None

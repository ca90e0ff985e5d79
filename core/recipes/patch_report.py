"""What became of the slides that patches were cut from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["PatchReport", "SlideReport"]


@dataclass(slots=True)
class SlideReport:
    """What became of one slide; filled while it is cut.

    Attributes:
        name: its name, with which those of its patches begin.
        bytes: its size.
        width: columns at full resolution.
        height: rows.
        mpp: micrometres a pixel of the patches; None where the slide's own are not known.
        level: level of the pyramid that was read.
        downsample: pixels of full resolution along one of a patch.
        threshold: saturation (0 to 255) above which places count as tissue; None where all patches are kept.
        n_kept: patches written, now or before.
        n_background: patches with too little tissue.
        n_mask: patches without a class, or with too little of it.
        n_edge: patches that would stand out over an edge.
        n_damaged: patches whose part of the file is damaged.
        classes: patches of each class.
    """

    name: str
    bytes: int
    width: int = 0
    height: int = 0
    mpp: float | None = None
    level: int = 0
    downsample: float = 1.0
    threshold: int | None = None
    n_kept: int = 0
    n_background: int = 0
    n_mask: int = 0
    n_edge: int = 0
    n_damaged: int = 0
    classes: Counter[str] = field(default_factory=Counter)

    def to_document(self) -> dict[str, Any]:
        """As `report.json` keeps it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return values | {"classes": dict(sorted(self.classes.items()))}


@dataclass(frozen=True, slots=True)
class PatchReport:
    """What became of all slides.

    Attributes:
        slides: those that could be read.
        left_out: files that could not be read, with reasons.
    """

    slides: tuple[SlideReport, ...]
    left_out: tuple[tuple[str, str], ...]

    def count(self, name: str) -> int:
        """Sum of a count over the slides, such as `n_kept`."""
        return sum(int(getattr(slide, name)) for slide in self.slides)

    @property
    def classes(self) -> dict[str, int]:
        """Patches of each class, in the order of the classes."""
        total: Counter[str] = Counter()
        for slide in self.slides:
            total.update(slide.classes)
        return dict(sorted(total.items()))

    @property
    def sentence(self) -> str:
        """All counts in one line."""
        dropped = (
            ("n_background", "background"),
            ("n_mask", "without a clear class"),
            ("n_edge", "over the edge"),
            ("n_damaged", "damaged"),
        )
        left_out = [f"{self.count(name):,} {why}" for name, why in dropped if self.count(name)]
        many = "slide" if len(self.slides) == 1 else "slides"
        line = f"{self.count('n_kept'):,} patches of {len(self.slides)} {many}"
        return f"{line}; left out: {', '.join(left_out)}." if left_out else f"{line}."

    def to_document(self) -> dict[str, Any]:
        """As `report.json` keeps it."""
        counts = ("n_kept", "n_background", "n_mask", "n_edge", "n_damaged")
        return {
            **{name: self.count(name) for name in counts},
            "classes": self.classes,
            "sources": [slide.to_document() for slide in self.slides],
            "left_out": [{"file": file, "reason": reason} for file, reason in self.left_out],
        }

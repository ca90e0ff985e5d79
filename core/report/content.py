"""What a report may hold of images and names."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ReportContent"]


class ReportContent(StrEnum):
    """How much of the images and of their names a report shows."""

    IMAGES = "images"
    """Mean images and the strongest pairs; files by name."""

    NO_IMAGES = "no-images"
    """No image at all; files by name."""

    DEIDENTIFIED = "de-identified"
    """No image, no name of a file, folder or reviewer: items by digest, sets and classes by name."""

    @property
    def words(self) -> str:
        """What lists and buttons call it."""
        return {"images": "with images", "no-images": "without images"}.get(self.value, self.value)

    @property
    def shows_images(self) -> bool:
        """Whether pictures stand in it."""
        return self is ReportContent.IMAGES

    @property
    def shows_names(self) -> bool:
        """Whether files, folders and reviewers are named."""
        return self is not ReportContent.DEIDENTIFIED

"""Which mask belongs to which slide."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from core.config import Settings
from core.errors import ImageReadError, InputError
from core.images.slide import Slide
from core.recipes.image_names import locate
from core.recipes.input_files import InputFile, list_input_files, make_stem
from core.recipes.label_mask import LabelMask, open_label_mask

__all__ = ["SlideMasks"]

_ENDINGS: Final = ("_mask", "-mask", "")


class SlideMasks:
    """The masks of a collection of slides.

    A mask is named as its slide, whatever its ending, or so with `_mask` or `-mask`; a single mask is the
    single slide's.

    Args:
        given: a mask, a folder of them, or None.
        labels: value to class; empty without masks.
        files: what lies in the slides' folder.
        settings: limits and folder roots.

    Attributes:
        slides: the files that are not masks themselves.

    Raises:
        InputError: if there is no such file, or one mask for several slides.
    """

    def __init__(
        self,
        given: Path | None,
        *,
        labels: tuple[tuple[int, str], ...],
        files: list[InputFile],
        settings: Settings,
    ) -> None:
        self.slides = files
        self._labels, self._settings = dict(labels), settings
        self._one: Path | None = None
        self._by_stem: dict[str, Path] = {}
        if given is None:
            return
        found, _ = list_input_files(given, confined_to=settings.confined_to, what="masks")
        paths = {one.path for one in found}
        self.slides = [file for file in files if file.path not in paths]
        if not os.path.isdir(given):  # noqa: PTH112  Path.is_dir raises where this answers no
            if len(self.slides) > 1:
                raise InputError("One mask cannot serve several slides; give --mask a folder of masks.")
            self._one = locate(given)
        for one in found:
            self._by_stem.setdefault(make_stem(one.id), one.path)

    def open(self, file: InputFile, slide: Slide, stack: ExitStack) -> LabelMask | None:
        """Open a slide's mask until the stack ends; None where no masks were given.

        Raises:
            ImageReadError: if it has none, or the mask cannot be used.
        """
        if not self._labels:
            return None
        stem = make_stem(file.id)
        named = (self._by_stem.get(f"{stem}{ending}") for ending in _ENDINGS)
        path = self._one or next(filter(None, named), None)
        if path is None:
            raise ImageReadError("there is no mask of its name")
        try:
            return stack.enter_context(
                open_label_mask(
                    path,
                    full=slide.levels[0],
                    labels=self._labels,
                    max_pixels=self._settings.max_pixels,
                    max_file_bytes=self._settings.max_file_bytes,
                    confined_to=self._settings.confined_to,
                )
            )
        except ImageReadError as error:
            raise ImageReadError(f"its mask cannot be used: {error}") from None

"""What decides the patches that are cut from slides."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import InputError

__all__ = ["PatchOptions", "parse_mask_labels"]

_MAGNIFICATION_MPP: Final = 10.0
"""Micrometres a pixel at magnification 1: scanners give some 0.25 at 40x and 0.5 at 20x."""

_CLASS_NAME: Final = re.compile(r"[^\W_][^/\\:*?\"<>|\x00-\x1f\x7f]{0,59}")


class PatchOptions(BaseModel):
    """Options of `core.recipes.patches.cut_patches`; at most one of the three scales is given.

    Attributes:
        size: side of a patch in pixels as written.
        mpp: micrometres a pixel as written.
        magnification: objective magnification as written, such as 20.
        level: level of the slide's pyramid, 0 the full resolution; the default where no scale is given.
        source_mpp: the slides' own micrometres a pixel, in place of what the files say.
        overlap: pixels that neighbouring patches share, as written.
        min_tissue: least share of a patch that is tissue, 0 to 1; 0 keeps every patch.
        mask_labels: (value of the mask, class) pairs; values that are not named have no class.
        purity: least share of a patch's mask that is its class, 0 to 1.
        patient_pattern: regular expression that finds the patient in a slide's name (its first group, or all
            of it); empty takes the whole name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[int, Field(ge=8, le=8192)] = 256
    mpp: Annotated[float, Field(gt=0, le=100)] | None = None
    magnification: Annotated[float, Field(gt=0, le=200)] | None = None
    level: Annotated[int, Field(ge=0, le=63)] | None = None
    source_mpp: Annotated[float, Field(gt=0, le=100)] | None = None
    overlap: Annotated[int, Field(ge=0)] = 0
    min_tissue: Annotated[float, Field(ge=0, le=1)] = 0.5
    mask_labels: tuple[tuple[int, str], ...] = ()
    purity: Annotated[float, Field(ge=0, le=1)] = 0.5
    patient_pattern: str = ""

    @model_validator(mode="after")
    def _check(self) -> PatchOptions:
        if sum(one is not None for one in (self.mpp, self.magnification, self.level)) > 1:
            raise ValueError("give one of mpp, magnification and level")
        if self.overlap >= self.size:
            raise ValueError("overlap is smaller than size")
        try:
            re.compile(self.patient_pattern)
        except re.error as error:
            raise ValueError(f"patient_pattern is no regular expression ({error})") from None
        return self

    def find_downsample(self, *, mpp: float | None, objective: float | None) -> float | None:
        """Pixels of full resolution along one pixel as written, or None where a level decides.

        A magnification is asked of the file's objective; where it tells none, 10 micrometres a pixel divided
        by the magnification stand for it.

        Args:
            mpp: what the file says.
            objective: what the file says.

        Raises:
            InputError: if the file does not tell its scale.
        """
        own = self.source_mpp or mpp
        wanted = self.mpp
        if self.magnification is not None:
            if objective is not None and self.source_mpp is None:
                return objective / self.magnification
            wanted = _MAGNIFICATION_MPP / self.magnification
        if wanted is None:
            return None
        if own is None:
            raise InputError("it does not tell its micrometres a pixel; give --source-mpp, or --level 0")
        return wanted / own

    def find_patient(self, slide: str) -> str:
        """The patient that a slide's name tells; the name itself where the pattern does not match."""
        found = re.search(self.patient_pattern, slide) if self.patient_pattern else None
        if found is None:
            return slide
        return (found[1] if found.re.groups else found[0]) or slide


def parse_mask_labels(text: str) -> tuple[tuple[int, str], ...]:
    """Read `1=tumour,2=stroma`.

    Raises:
        InputError: if it is not of that form, a value comes twice, or a class cannot name a folder.
    """
    pairs: list[tuple[int, str]] = []
    for entry in filter(None, map(str.strip, text.split(","))):
        value, parted, name = (part.strip() for part in entry.partition("="))
        if not parted or not (value.isascii() and value.isdecimal()) or int(value) > 65_535:
            raise InputError(f"--mask-labels is of the form 1=tumour,2=stroma, not {entry!r}.")
        if not _CLASS_NAME.fullmatch(name) or name.endswith((".", " ")):
            raise InputError(
                f"--mask-labels calls a class {name!r}; begin with a letter or digit, and use no / or other "
                "character that a folder's name cannot hold."
            )
        if any(int(value) == earlier for earlier, _ in pairs):
            raise InputError(f"--mask-labels names the value {value} twice.")
        pairs.append((int(value), name))
    if not pairs:
        raise InputError("--mask-labels names no class; write it as 1=tumour,2=stroma.")
    return tuple(pairs)

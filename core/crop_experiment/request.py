"""What a user asks of a crop experiment; nothing here loads torch."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.audit.protocol import Protocol
from core.bias.box import Box
from core.bias.crop import Crop, CropMode
from core.datasets.study import Study
from core.errors import InputError, UnknownNameError
from core.utility.presets import UtilityProtocol

__all__ = ["WIDENED_BY", "CropRequest", "Kind", "Region", "parse_region", "widen_region", "write_region"]

WIDENED_BY = 1 / 16
"""Share of the image by which a suspect region is widened at each side before it is cropped: half a patch of
the default probe, since a mark may reach beyond the patches that tell it best."""

Kind = Literal["augmentation", "feature-extraction"]
Region = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the image."""


class CropRequest(BaseModel):
    """What is cropped from every set, and what is measured before and after.

    Attributes:
        margin: share of width and height that is cut off at every side.
        region: rectangle as shares of the whole image, or None.
        mode: whether the region is painted black, or the strip along a border that holds it is cut off.
        protocol: of the audits.
        utility: of the utility experiments; its intensity policy is also that of the audits.
        kinds: which utility experiments are run.
        synthetic: synthetic sets that take part; empty takes all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin: float = Field(default=0.0, ge=0, lt=0.5)
    region: Region | None = None
    mode: Literal["blank", "cut"] = "blank"
    protocol: Protocol = Protocol()
    utility: UtilityProtocol = UtilityProtocol()
    kinds: tuple[Kind, ...] = ("augmentation", "feature-extraction")
    synthetic: tuple[str, ...] = ()

    @field_validator("kinds")
    @classmethod
    def _check_kinds(cls, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
        if not kinds or len(set(kinds)) < len(kinds):
            raise ValueError("Choose at least one kind of utility experiment, and each once.")
        return kinds

    @model_validator(mode="after")
    def _check_policies(self) -> CropRequest:
        audited = self.protocol.intensity, self.protocol.join_slices
        if audited != (self.utility.intensity, self.utility.join_slices):
            raise ValueError(
                "Audits and utility experiments of a crop experiment read images in one way: give both the "
                "same intensity, and join DICOM slices in both or in neither."
            )
        return self

    @model_validator(mode="after")
    def _check_crop(self) -> CropRequest:
        try:
            _ = self.crop
        except InputError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def crop(self) -> Crop:
        """What is taken out of every image."""
        region = None if self.region is None else Box(*self.region)
        return Crop(margin=self.margin, region=region, mode=CropMode(self.mode))

    def choose_sets(self, study: Study) -> Study:
        """Keep the synthetic sets that take part.

        Raises:
            InputError: if the study has no held-out set, which utility is tested on.
            UnknownNameError: if it lacks a set that was asked for.
        """
        if study.heldout is None:
            raise InputError(
                "A crop experiment tests classifiers on real images of other patients: add a held-out set."
            )
        known = {one.name: one for one in study.synthetic}
        for name in self.synthetic:
            if name not in known:
                raise UnknownNameError(f"There is no synthetic set {name!r}; there are: {', '.join(known)}.")
        kept = tuple(one for one in study.synthetic if not self.synthetic or one.name in self.synthetic)
        return study.model_copy(update={"synthetic": kept})


def widen_region(region: Region) -> Region:
    """Widen a suspect region by `WIDENED_BY` at each side, up to the image's border."""
    left, top, right, bottom = region
    return (
        max(left - WIDENED_BY, 0.0),
        max(top - WIDENED_BY, 0.0),
        min(right + WIDENED_BY, 1.0),
        min(bottom + WIDENED_BY, 1.0),
    )


def parse_region(text: str) -> Region:
    """Read a region as users and addresses write it, such as `0,0,0.2,0.15`.

    Raises:
        InputError: if it is no rectangle within the image.
    """
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"A region is four numbers as in 0,0,0.2,0.15, not {text!r}.") from None
    box = Box(left, top, right, bottom)
    return box.left, box.top, box.right, box.bottom


def write_region(region: Region) -> str:
    """Write a region as `parse_region` reads it."""
    return ",".join(f"{edge:g}" for edge in region)

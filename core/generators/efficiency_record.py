"""What a run costs, as it is kept with it; nothing here loads torch."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.generators.run_folder import RunFolder
from core.validation import explain_unreadable

__all__ = ["Efficiency", "load_efficiency"]

_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Efficiency(BaseModel):
    """What drawing images costs, and what training took.

    Attributes:
        family: name of the family.
        device: that images were drawn on.
        size_px: side of the images in pixels.
        channels: 1 or 3.
        settings: how images were drawn.
        peak_memory_bytes: tensors alive at most while 8 images are drawn at once, weights included; lower
            is better.
        seconds_per_1000: time for 1,000 images, in batches of the settings' size; lower is better.
        timed_images: images that the time was measured on; below 1,000 it was scaled up.
        n_parameters: of the networks that draw.
        training_images_per_second: speed of each phase's training; higher is better.
        training_device: kind of device that training was begun on.
        training_seconds: time spent in updates, all phases together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str
    device: str
    size_px: int
    channels: int
    settings: dict[str, Any]
    peak_memory_bytes: Annotated[int, Field(ge=0)]
    seconds_per_1000: _Amount
    timed_images: Annotated[int, Field(ge=1)]
    n_parameters: Annotated[int, Field(ge=0)]
    training_images_per_second: dict[str, _Amount]
    training_device: str
    training_seconds: _Amount


def load_efficiency(run: RunFolder) -> Efficiency | None:
    """Read what a run costs; None where it was not measured.

    Raises:
        InputError: if the file is damaged or of another version.
    """
    path = run.efficiency_path
    if not path.is_file():
        return None
    with explain_unreadable(path, noun="a generator's efficiency", work="measurement"):
        return Efficiency.model_validate_json(path.read_bytes())

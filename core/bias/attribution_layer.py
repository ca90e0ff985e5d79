"""Which layer of a classifier Grad-CAM reads: the deepest one whose grid still tells places apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch

from core.errors import InputError
from core.utility.classifiers import Classifier

__all__ = ["MIN_CELLS", "CamLayer", "choose_layer"]

MIN_CELLS: Final = 4
"""Fewest cells a side: the last layer has 2 at 64 pixels, where a corner cannot be told from its quarter."""


@dataclass(frozen=True, slots=True)
class CamLayer:
    """A convolutional layer of a classifier's body.

    Attributes:
        name: its name in the body.
        rows: cells of its grid from top to bottom.
        columns: cells from left to right.
    """

    name: str
    rows: int
    columns: int


def choose_layer(classifier: Classifier, *, side: int) -> CamLayer:
    """Choose the deepest stage with at least `MIN_CELLS` cells a side; without one, the finest.

    Deep layers know most of the class and least of the place: at 299 pixels this is the last one, as in the
    paper; at 64 pixels it is the one before.

    Args:
        classifier: one whose body lists its stages, as those of timm do.
        side: side of the images in pixels.

    Raises:
        InputError: if the body lists no stages.

    References:
        Selvaraju et al., Grad-CAM, ICCV 2017, sec. 3, for the last layer.
    """
    info: Any = getattr(classifier.body, "feature_info", None)
    names = [str(stage["module"]) for stage in info or () if stage.get("module")]
    if not names:
        raise InputError("Grad-CAM needs a classifier that lists its convolutional stages; choose another.")
    sizes: dict[str, tuple[int, int]] = {}
    with _listening(classifier.body, names, sizes), torch.no_grad():
        where = next(classifier.parameters()).device
        classifier.extract(torch.zeros(1, classifier.n_channels, side, side, device=where))
    fine = [name for name in names if min(sizes[name]) >= MIN_CELLS]
    name = fine[-1] if fine else max(names, key=lambda one: min(sizes[one]))
    return CamLayer(name, *sizes[name])


@contextmanager
def _listening(body: torch.nn.Module, names: list[str], sizes: dict[str, tuple[int, int]]) -> Iterator[None]:
    """Note the grid of every named layer that is used, with batch norms at rest."""

    def listen(name: str) -> Any:
        def note(_: torch.nn.Module, __: object, output: torch.Tensor) -> None:
            sizes[name] = output.shape[2], output.shape[3]

        return body.get_submodule(name).register_forward_hook(note)

    modes = {part: part.training for part in body.modules()}
    handles = [listen(name) for name in names]
    body.eval()
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for part, mode in modes.items():
            part.training = mode

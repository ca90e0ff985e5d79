"""Every extractor by name; modules load only when one of theirs is asked for."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass

from core.config import Settings
from core.features.base import Extractor, ExtractorInfo, ExtractorOptions
from core.progress import Progress
from core.registry import Registry

__all__ = ["EXTRACTORS", "ExtractorEntry", "get_extractor_info", "load_extractor"]


@dataclass(frozen=True, slots=True)
class ExtractorEntry:
    """Where an extractor lives.

    Attributes:
        module: module with `INFO: ExtractorInfo` and `load(name, options) -> Extractor`.
        pattern: how users write it; differs from its id where a part is free.
        has_weights: whether its `load` also takes `settings` and `progress`, to look for weights.
    """

    module: str
    pattern: str
    has_weights: bool = False


EXTRACTORS: Registry[ExtractorEntry] = Registry("extractor")
EXTRACTORS.register("inception-fid", ExtractorEntry("core.features.inception_fid", "inception-fid", True))
EXTRACTORS.register("timm", ExtractorEntry("core.features.timm_models", "timm:<name>[?weights=path]", True))
EXTRACTORS.register("texture", ExtractorEntry("core.features.texture", "texture"))
EXTRACTORS.register("random-conv", ExtractorEntry("core.features.random_conv", "random-conv"))
EXTRACTORS.register("pixels", ExtractorEntry("core.features.pixels", "pixels"))
EXTRACTORS.register("r3d-18", ExtractorEntry("core.features.r3d", "r3d-18[?weights=path]", True))
EXTRACTORS.register(
    "medicalnet", ExtractorEntry("core.features.medicalnet", "medicalnet:<depth>?weights=path", True)
)
EXTRACTORS.register("vqvae-top", ExtractorEntry("core.features.vqvae_top", "vqvae-top:<run>", True))
EXTRACTORS.register("vqvae-bottom", ExtractorEntry("core.features.vqvae_bottom", "vqvae-bottom:<run>", True))


def _entry(name: str) -> ExtractorEntry:
    return EXTRACTORS[re.split("[:?]", name, maxsplit=1)[0]]


def get_extractor_info(name: str) -> ExtractorInfo:
    """Facts about an extractor, without its weights.

    Raises:
        UnknownNameError: if there is none of that name.
    """
    info: ExtractorInfo = importlib.import_module(_entry(name).module).INFO
    return info


def load_extractor(
    name: str,
    options: ExtractorOptions,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Extractor:
    """Build an extractor, ready to run.

    Args:
        name: as users write it, such as `texture` or `timm:resnet18?weights=model.safetensors`.
        options: resize filter, resolution, weights, device, precision.
        settings: where weights are looked for; the process's own when None.
        progress: told about a download.

    Raises:
        UnknownNameError: if there is none of that name.
        WeightsError: if its weights are not to be had.
        InputError: if an option does not go with it.
    """
    entry = _entry(name)
    module = importlib.import_module(entry.module)
    extractor: Extractor = (
        module.load(name, options, settings=settings, progress=progress)
        if entry.has_weights
        else module.load(name, options)
    )
    return extractor

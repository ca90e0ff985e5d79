"""`python -m core extractors`: what is there, what needs weights, and where they are looked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from core.config import Settings
    from core.features.base import ExtractorInfo

__all__ = ["extractors"]


def extractors() -> None:
    """List the extractors, which of them need weights, and where those are looked for."""
    from core.config import get_settings
    from core.features.inception_fid import FILE_NAME as INCEPTION_FILE
    from core.features.r3d import FILE_NAME as R3D_FILE
    from core.features.registry import EXTRACTORS, get_extractor_info

    settings = get_settings()
    console = Console(highlight=False, soft_wrap=not Console().is_terminal)
    table = Table("extractor", "input", "weights", "what it looks at")
    for name, entry in EXTRACTORS.items():
        info = get_extractor_info(name)
        table.add_row(
            entry.pattern.replace("[", r"\["),
            _describe_input(info),
            "needed" if info.needs_weights else "none",
            info.sentence,
        )
    console.print(table)
    for name, file, option in (
        ("inception-fid", INCEPTION_FILE, "--weights PATH"),
        ("r3d-18", R3D_FILE, "r3d-18?weights=PATH"),
    ):
        console.print(f"\n{name} looks for {file} in", markup=False)
        for number, (place, state) in enumerate(_list_places(settings, file, option), start=1):
            console.print(f"  {number}. {place}: {state}", markup=False)
    console.print(
        "\nmedicalnet:<depth> takes a file (medicalnet:<depth>?weights=PATH), or from MEDSYN_WEIGHTS_DIR "
        "resnet_<depth>_23dataset.pth or resnet_<depth>.pth; depths are 10, 18, 34, 50, 101, 152 and 200.",
        markup=False,
    )
    console.print(
        "timm:<name> takes a file (timm:<name>?weights=PATH), or timm's own weights from its hub cache or by "
        "download.",
        markup=False,
    )
    console.print(
        "vqvae-top:<run> and vqvae-bottom:<run> take the folder that `python -m core train vqvae2` wrote.",
        markup=False,
    )


def _describe_input(info: ExtractorInfo) -> str:
    """What an extractor looks at, and its size by default."""
    if info.takes_volumes:
        return f"volumes, {info.resolution} voxels wide"
    return f"{info.resolution} px" if info.resolution else "the model's"


def _list_places(settings: Settings, file: str, option: str) -> list[tuple[str, str]]:
    """Where a weight file is looked for, in order, and whether it is there."""
    cache = settings.torch_home / "hub" / "checkpoints"
    folder = settings.weights_dir
    return [
        (option, "as given"),
        (
            f"MEDSYN_WEIGHTS_DIR{'' if folder is None else f' ({folder})'}",
            "not set" if folder is None else _state(folder / file),
        ),
        (f"torch's cache ({cache})", _state(cache / file)),
        (
            "download",
            "switched off (MEDSYN_OFFLINE)" if settings.offline else "tried last, checked by SHA-256",
        ),
    ]


def _state(path: Path) -> str:
    return "found" if path.is_file() else "not there"

"""`python -m core extractors`: what is there, what needs weights, and where they are looked for."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

__all__ = ["extractors"]


def extractors() -> None:
    """List the extractors, which of them need weights, and where those are looked for."""
    from core.config import get_settings
    from core.features.inception_fid import FILE_NAME
    from core.features.registry import EXTRACTORS, get_extractor_info

    settings = get_settings()
    console = Console(highlight=False, soft_wrap=not Console().is_terminal)
    table = Table("extractor", "input", "weights", "what it looks at")
    for name, entry in EXTRACTORS.items():
        info = get_extractor_info(name)
        table.add_row(
            entry.pattern.replace("[", r"\["),
            f"{info.resolution} px" if info.resolution else "the model's",
            "needed" if info.needs_weights else "none",
            info.sentence,
        )
    console.print(table)
    cache = settings.torch_home / "hub" / "checkpoints"
    folder = settings.weights_dir
    places = [
        ("--weights PATH", "as given"),
        (
            f"MEDSYN_WEIGHTS_DIR{'' if folder is None else f' ({folder})'}",
            "not set" if folder is None else _state(folder / FILE_NAME),
        ),
        (f"torch's cache ({cache})", _state(cache / FILE_NAME)),
        (
            "download",
            "switched off (MEDSYN_OFFLINE)" if settings.offline else "tried last, checked by SHA-256",
        ),
    ]
    console.print(f"\ninception-fid looks for {FILE_NAME} in", markup=False)
    for number, (place, state) in enumerate(places, start=1):
        console.print(f"  {number}. {place}: {state}", markup=False)
    console.print(
        "timm:<name> takes a file (timm:<name>?weights=PATH), or timm's own weights from its hub cache or by "
        "download.",
        markup=False,
    )
    console.print(
        "vqvae-top:<run> and vqvae-bottom:<run> take the folder that `python -m core train vqvae2` wrote.",
        markup=False,
    )


def _state(path: Path) -> str:
    return "found" if path.is_file() else "not there"

"""`python -m core audit`: audit folders of images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.audit.protocol import Execution, Protocol
from core.commands.choices import (
    BatchSize,
    Channels,
    DeviceChoice,
    GroupBy,
    PrecisionChoice,
    Resize,
    Resolution,
    VolumeViewChoice,
    Weights,
    Workers,
    parse_channels,
    split_names,
)
from core.commands.intensity_option import IntensityText, JoinSlices, parse_intensity
from core.commands.outcome import print_outcome
from core.commands.study_options import build_study
from core.commands.terminal_progress import TerminalProgress
from core.errors import InputError
from core.features.base import Device, Precision, ResizeMode
from core.features.volume_view import VolumeView

__all__ = ["audit"]

# MedSynAnalyzer's models by the names it gave them; its continuous extractor is timm's Inception.
_SELECT_MODEL = {
    "inception_v3": "timm:inception_v3",
    "vqvae_top": "vqvae-top",
    "vqvae_bottom": "vqvae-bottom",
}
_TRAINED_BY_USERS = ("vqvae_top", "vqvae_bottom")


def audit(
    real: Annotated[
        Path,
        typer.Option(
            "--real", "-r", "--ref_dir", metavar="DIR", help="Real images that the generators trained on."
        ),
    ],
    synthetic: Annotated[
        list[str],
        typer.Option(
            "--synthetic",
            "-i",
            "-d",
            "--data_dir",
            metavar="[NAME=]DIR",
            help="One generator's images; repeat for more. A bare DIR is named after its folder.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", "--output_dir", metavar="DIR", help="Folder for the results.")
    ],
    heldout: Annotated[
        Path | None,
        typer.Option(
            "--heldout", metavar="DIR", help="Real images of other patients, never seen by a generator."
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="CSV",
            help="Columns file, label and, where known, patient; others for --group-by.",
        ),
    ] = None,
    extractor: Annotated[
        list[str] | None,
        typer.Option(
            "--extractor", metavar="ID", help="Extractor; repeat for more. See `python -m core extractors`."
        ),
    ] = None,
    weights: Weights = None,
    resize: Resize = ResizeMode.CLEAN,
    resolution: Resolution = None,
    num_channels: Channels = None,
    intensity: IntensityText = "file",
    join_slices: JoinSlices = False,
    volume_view: VolumeViewChoice = VolumeView.TRI_PLANAR,
    class_names: Annotated[
        str | None,
        typer.Option("--class-names", "--class_names", metavar="A,B", help="Keep only these classes."),
    ] = None,
    group_by: GroupBy = None,
    nearest_k: Annotated[
        int, typer.Option("--nearest-k", "--nearest_k", min=1, max=1000, help="k of all neighbour metrics.")
    ] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds every draw.")] = 0,
    device: DeviceChoice = Device.AUTO,
    precision: PrecisionChoice = Precision.FP32,
    batch_size: BatchSize = 32,
    workers: Workers = None,
    store: Annotated[
        bool, typer.Option("--store/--no-store", help="Keep features in the workspace for the next run.")
    ] = True,
    collapse_margin: Annotated[
        bool,
        typer.Option(
            "--collapse-margin/--no-collapse-margin",
            help="Widen copy sets when the synthetic features collapsed.",
        ),
    ] = True,
    false_flag_rate: Annotated[
        float,
        typer.Option(
            "--false-flag-rate",
            metavar="RATE",
            help="Share of innocent images that may be flagged as copies, between 0 and 0.5.",
        ),
    ] = 0.01,
    multiscale: Annotated[bool, typer.Option("--multiscale", help="Add MM-FID and MM-STD.")] = False,
    multiscale_extractor: Annotated[
        list[str] | None,
        typer.Option("--multiscale-extractor", metavar="ID", help="Their extractors; repeat."),
    ] = None,
    multiscale_resolution: Annotated[
        list[int] | None,
        typer.Option("--multiscale-resolution", metavar="N", help="Their resolutions in pixels; repeat."),
    ] = None,
    bias: Annotated[
        bool,
        typer.Option("--bias", help="Find what gives a class away, and what synthetic sets inherit."),
    ] = False,
    select_model: Annotated[str | None, typer.Option("--select_model", hidden=True)] = None,
    pretrained_model_path: Annotated[
        Path | None, typer.Option("--pretrained_model_path", hidden=True)
    ] = None,
    gpu_ids: Annotated[str | None, typer.Option("--gpu_ids", hidden=True)] = None,
) -> None:
    """Audit synthetic image folders against a real one.

    Writes audit.json, metrics.csv, copies.csv, mean_images/ (of volumes also mean_volumes/), with --bias also
    bias/, and report.html into --output.
    """
    from core.audit.run import run_audit
    from core.output_folder import check_output_folder
    from core.report.writer import write_audit

    if select_model is not None or pretrained_model_path is not None:
        extractor, weights = _from_predecessor(select_model, pretrained_model_path, extractor, weights)
    study = build_study(real=real, heldout=heldout, synthetic=synthetic, labels=labels, output=output)
    defaults = Protocol()
    protocol = Protocol(
        extractors=tuple(extractor or ()),
        weights=weights,
        resize=resize,
        resolution=resolution,
        num_channels=parse_channels(num_channels),
        intensity=parse_intensity(intensity),
        join_slices=join_slices,
        volume_view=volume_view,
        class_names=split_names(class_names),
        group_by=tuple(group_by or ()),
        nearest_k=nearest_k,
        seed=seed,
        precision=precision,
        collapse_margin=collapse_margin,
        false_flag_rate=false_flag_rate,
        multiscale=multiscale,
        multiscale_extractors=tuple(multiscale_extractor or ()),
        multiscale_resolutions=tuple(multiscale_resolution or defaults.multiscale_resolutions),
        bias=bias,
    )
    execution = Execution(device=device, batch_size=batch_size, workers=workers, store=store)
    check_output_folder(output)
    with TerminalProgress() as progress:
        if gpu_ids is not None:
            progress.notice("--gpu_ids is read as --device auto: the first GPU is used where there is one.")
        result = run_audit(study, protocol, execution=execution, progress=progress)
        write_audit(result, output)
    print_outcome(result, output)


def _from_predecessor(
    model: str | None, path: Path | None, extractor: list[str] | None, weights: Path | None
) -> tuple[list[str] | None, Path | None]:
    """Translate MedSynAnalyzer's `--select_model` and `--pretrained_model_path`."""
    if model is None:
        # Without a model name, the path can only be the weights of the default extractor.
        return extractor, weights or path
    if model not in _SELECT_MODEL:
        raise InputError(
            f"--select_model {model} is not available here; use {', '.join(_SELECT_MODEL)}, or --extractor "
            "with an id that `python -m core extractors` lists."
        )
    name = _SELECT_MODEL[model]
    if model in _TRAINED_BY_USERS:
        if path is None:
            raise InputError(
                f"--select_model {model} needs --pretrained_model_path: the folder of a run that "
                "`python -m core train vqvae2` wrote."
            )
        name += f":{path}"
    elif path is not None:
        name += f"?weights={path}"
    return [*(extractor or []), name], weights

"""`python -m core bias`: where classes are told apart, what synthetic sets inherit, and crops to test it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.choices import Workers, split_names
from core.commands.intensity_option import IntensityText, JoinSlices, parse_intensity
from core.commands.study_options import name_sources
from core.commands.terminal_progress import TerminalProgress
from core.errors import InputError

if TYPE_CHECKING:
    from core.bias.attribution_result import AttributionSummary
    from core.bias.box import Box
    from core.bias.heatmap import BiasResult

__all__ = ["bias"]

bias = typer.Typer(help="Find what gives a class away, and what synthetic sets inherit of it.")


@bias.callback()
def _root() -> None:
    """Find what gives a class away, and what synthetic sets inherit of it."""


@bias.command()
def heatmap(
    real: Annotated[Path, typer.Option("--real", "-r", metavar="DIR", help="Real images, a folder a class.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")],
    synthetic: Annotated[
        list[str] | None,
        typer.Option("--synthetic", "-i", metavar="NAME=DIR", help="A synthetic set; may be repeated."),
    ] = None,
    heldout: Annotated[
        Path | None, typer.Option("--heldout", metavar="DIR", help="Real images of other patients.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="CSV", help="Classes and patients, instead of sub-folders."),
    ] = None,
    class_names: Annotated[
        str | None,
        typer.Option("--class-names", metavar="A,B", help="Classes to tell apart; all by default."),
    ] = None,
    intensity: IntensityText = "file",
    join_slices: JoinSlices = False,
    frame: Annotated[
        int, typer.Option("--frame", min=32, max=1024, help="Side in pixels that images are brought to.")
    ] = 128,
    patch: Annotated[int, typer.Option("--patch", min=4, help="Side of a patch in frame pixels.")] = 16,
    stride: Annotated[int, typer.Option("--stride", min=1, help="Step between patches.")] = 8,
    permutations: Annotated[
        int, typer.Option("--permutations", min=19, help="Shuffled labellings behind the threshold.")
    ] = 200,
    max_per_class: Annotated[
        int, typer.Option("--max-per-class", min=10, help="Images of a class and set that are looked at.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31, help="Seeds folds and labellings.")] = 0,
    attribution: Annotated[
        bool,
        typer.Option(
            "--attribution", help="Train classifiers on the real images as well, and map where they look."
        ),
    ] = False,
    workers: Workers = None,
) -> None:
    """Map what each place of an image tells of its class, in the real set and in each synthetic set.

    A probe sees one patch and nothing else. Where it tells the class, the list of suspect regions says so,
    the smallest and strongest first; whether it is disease or a shortcut is for a reader to say.
    """
    from core.bias.heatmap import BiasOptions, analyse_bias
    from core.bias.patch_probe import ProbeOptions
    from core.bias.patches import PatchGrid
    from core.bias.writer import write_bias
    from core.config import get_settings
    from core.datasets.image_set import Role
    from core.datasets.labels import load_labels
    from core.datasets.scan import scan_image_set
    from core.output_folder import check_output_folder

    grid = PatchGrid(side_px=frame, patch_px=patch, stride_px=stride)
    policy = parse_intensity(intensity)
    probe = ProbeOptions(grid=grid, n_permutations=permutations, seed=seed)
    sources = [(Role.REAL, "real", real)]
    if heldout is not None:
        sources.append((Role.HELDOUT, "heldout", heldout))
    for source in name_sources(synthetic or []):
        if source.name.casefold() in {known.casefold() for _, known, _ in sources}:
            raise InputError(f"Two synthetic sets are called {source.name!r}; give each its own name.")
        sources.append((Role.SYNTHETIC, source.name, source.folder))
    check_output_folder(output)
    settings = get_settings()
    table = None if labels is None else load_labels(labels)
    with TerminalProgress() as progress:
        sets = [
            scan_image_set(
                folder,
                role=role,
                name=name,
                labels=table,
                class_names=split_names(class_names),
                intensity=policy,
                join_slices=join_slices,
                workers=2 if workers is None else workers,
                settings=settings,
                progress=progress,
            )
            for role, name, folder in sources
        ]
        options = BiasOptions(probe=probe, max_per_class=max_per_class)
        result = analyse_bias(sets, options, workers=workers, settings=settings, progress=progress)
        write_bias(result, output)
        explained = None
        if attribution:
            from core.bias.attribution_analysis import add_attribution
            from core.bias.attribution_options import AttributionOptions

            asked = AttributionOptions(seed=seed)
            explained = add_attribution(
                output, sets, asked, workers=workers, settings=settings, progress=progress
            )
    _print_result(result)
    if explained is not None:
        _print_attribution(explained)
    typer.echo(str(output.absolute()))


@bias.command()
def crop(
    input_: Annotated[Path, typer.Option("--input", "-i", metavar="DIR", help="The set to crop.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="A new folder.")],
    margin: Annotated[
        float, typer.Option("--margin", help="Share of width and height to cut off at every side.")
    ] = 0.0,
    region: Annotated[
        str | None,
        typer.Option("--region", metavar="L,T,R,B", help="Rectangle as shares, as in suspects.csv."),
    ] = None,
    mode: Annotated[
        str,
        typer.Option("--mode", metavar="blank|cut", help="Paint the region black, or cut its strip off."),
    ] = "blank",
    intensity: IntensityText = "file",
) -> None:
    """Write every image of a set without its margins or a region, under its old name and without loss."""
    from core.bias.crop import Crop, CropMode
    from core.bias.cropping import write_cropped_set
    from core.config import get_settings
    from core.datasets.image_set import Role
    from core.datasets.scan import scan_image_set

    if mode not in list(CropMode):
        raise InputError(f"--mode is blank or cut, not {mode!r}.")
    policy = parse_intensity(intensity)
    wanted = Crop(
        margin=margin, region=None if region is None else _parse_region(region), mode=CropMode(mode)
    )
    settings = get_settings()
    with TerminalProgress() as progress:
        image_set = scan_image_set(
            input_,
            role=Role.REAL,
            name="input",
            intensity=policy,
            settings=settings,
            progress=progress,
        )
        n = write_cropped_set(image_set, wanted, output, settings=settings, progress=progress)
    left_out = len(image_set.unreadable)
    if left_out:
        typer.echo(f"Note: {left_out:,} files could not be read and are not in the new folder.", err=True)
    typer.echo(f"{n:,} images\t{output.absolute()}")


def _parse_region(text: str) -> Box:
    from core.bias.box import Box

    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--region takes four numbers as in 0,0,0.2,0.15, not {text!r}.") from None
    return Box(left, top, right, bottom)


def _print_result(result: BiasResult) -> None:
    real = result.sets[0].probe
    assert real is not None
    assert real.threshold is not None
    share = float((real.auroc > real.threshold).mean())
    if not result.suspects:
        typer.echo("No place of the real images tells their class beyond chance.")
    elif share > 0.5:
        typer.echo(
            f"{share:.0%} of all places tell the class: classes differ as a whole, as by age, pose or "
            "exposure, and the regions below merely stand out from that."
        )
    for one in result.suspects:
        box = one.box
        typer.echo(
            f"{one.rank}\tx {box.left:.2f}-{box.right:.2f}, y {box.top:.2f}-{box.bottom:.2f}\t"
            f"AUROC {one.auroc:.2f} [{one.low:.2f}, {one.high:.2f}], p = {one.p_value:.2g}; "
            f"around it {one.surround_auroc:.2f}"
        )
        for other in (other for other in result.inherited if other.rank == one.rank):
            found = other.same_sign
            typer.echo(f"\t{other.name} carries {found.value:.2f} [{found.low:.2f}, {found.high:.2f}] of it")


def _print_attribution(found: AttributionSummary) -> None:
    n = len(found.trainings)
    typer.echo(
        f"{found.classifier}, trained {'once' if n == 1 else f'{n} times'}: balanced accuracy "
        f"{found.balanced_accuracy:.2f} [{found.low:.2f}, {found.high:.2f}] on {found.n_validation:,} "
        "validation images"
    )
    for note in found.notes:
        typer.echo(f"Note: {note}", err=True)
    for share in found.shares:
        if share.region == 1 and share.method == "occlusion":
            ends = "" if share.low is None else f" [{share.low:.0%}, {share.high:.0%}]"
            typer.echo(
                f"\t{share.set}, {share.class_name}: {share.share:.0%}{ends} of what speaks for the class "
                f"lies in region 1, {share.area:.1%} of the image (occlusion, {share.n:,} images)"
            )

"""Options of a rating session's design, the same for every command that asks for one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Annotated, Any, Final

import typer

from core.commands.intensity_option import IntensityText, JoinSlices, parse_intensity
from core.errors import InputError
from core.rating.design import RealSource, SessionDesign, SetCount, Task, Timing

__all__ = ["parse_count", "with_design"]

Count = Annotated[
    list[str],
    typer.Option(
        "--count",
        metavar="SET[:CLASS]=N",
        help="Images of a synthetic set, or of `real`, in a class or in all; repeat for more.",
    ),
]
Source = Annotated[RealSource, typer.Option("--real-source", help="Where real images come from.")]
Question = Annotated[Task, typer.Option("--task", help="One image at a time, or which of two is fake.")]
HowLong = Annotated[
    Timing,
    typer.Option("--timing", help="Until the answer, for a fixed time, or as short as the rater's answers."),
]
Exposure = Annotated[
    int,
    typer.Option(
        "--exposure-frames",
        metavar="N",
        help="Frames of a fixed time; 15 are 250 ms at 60 Hz. A mask follows.",
    ),
]
Training = Annotated[int, typer.Option("--training", metavar="N", help="Trials with feedback before.")]
Repeats = Annotated[
    int, typer.Option("--repeats", metavar="N", help="Trials shown twice, for self-consistency.")
]
Checks = Annotated[
    int, typer.Option("--checks", metavar="N", help="Attention checks: scrambled images, obviously fake.")
]
Confidence = Annotated[bool, typer.Option("--confidence", help="Ask for a confidence from 1 to 5 each time.")]
Joint = Annotated[bool, typer.Option("--joint", help="Several experts sit together and agree on an answer.")]
Score = Annotated[bool, typer.Option("--show-score", help="Raters see their own score at the end.")]
Side = Annotated[
    int, typer.Option("--side", metavar="PX", help="Side of the square that every image is shown in.")
]
Raters = Annotated[int, typer.Option("--raters", metavar="N", help="Raters that are planned.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seeds the draw and every rater's order.")]

# Option, name in the design, default.
_OPTIONS: Final[dict[str, tuple[Any, str, Any]]] = {
    "count": (Count, "counts", Parameter.empty),
    "real_source": (Source, "real_source", RealSource.HELDOUT),
    "task": (Question, "task", Task.SINGLE),
    "timing": (HowLong, "timing", Timing.UNTIMED),
    "exposure_frames": (Exposure, "exposure_frames", 15),
    "training": (Training, "n_training", 0),
    "repeats": (Repeats, "n_repeats", 0),
    "checks": (Checks, "n_checks", 0),
    "confidence": (Confidence, "with_confidence", False),
    "joint": (Joint, "is_joint", False),
    "show_score": (Score, "shows_score", False),
    "side": (Side, "side_px", 512),
    "intensity": (IntensityText, "intensity", "file"),
    "join_slices": (JoinSlices, "join_slices", False),
    "raters": (Raters, "n_raters", 3),
    "seed": (Seed, "seed", 0),
}
_Command = Callable[..., None]


def with_design(command: _Command) -> _Command:
    """Give a command the design's options in the place of its argument `design`."""
    signature = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        asked = {field: given.pop(name) for name, (_, field, _) in _OPTIONS.items()}
        counts = tuple(map(parse_count, asked.pop("counts")))
        asked["intensity"] = parse_intensity(asked["intensity"])
        command(design=SessionDesign.model_validate({"counts": counts, **asked}), **given)

    parameters: list[Parameter] = []
    for one in signature.parameters.values():
        if one.name == "design":
            parameters += [
                Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
                for name, (annotation, _, default) in _OPTIONS.items()
            ]
        else:
            parameters.append(one.replace(kind=Parameter.KEYWORD_ONLY))
    # What the command line is read by.
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def parse_count(text: str) -> SetCount:
    """Read `SET[:CLASS]=N`; `real` stands for the real images.

    Raises:
        InputError: if it is not of that form.
    """
    where, _, number = text.rpartition("=")
    name, _, class_name = (part.strip() for part in where.partition(":"))
    number = number.strip()
    if not name or not (number.isascii() and number.isdecimal() and int(number)):
        raise InputError(f"--count takes SET[:CLASS]=N as in real=30 or gan:covid=10, not {text!r}.")
    synthetic = None if name.casefold() == "real" else name
    return SetCount(synthetic=synthetic, class_name=class_name or None, n=int(number))

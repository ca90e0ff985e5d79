"""Options of a utility experiment's protocol, the same for every command that runs one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from core.commands.choices import Channels, GroupBy, parse_channels
from core.commands.intensity_option import JoinSlices, OptionalIntensityText, parse_intensity
from core.utility.presets import CLASSIFIERS, PRESETS, UtilityProtocol, get_preset

__all__ = ["with_protocol"]

Preset = Annotated[str, typer.Option("--preset", metavar="|".join(PRESETS), help="Where choices start from.")]
Repeats = Annotated[
    int | None,
    typer.Option("--repeats", metavar="N", help="Trainings of each arm; fewer than 6 cannot reach p < 0.05."),
]
Ratio = Annotated[
    list[float] | None,
    typer.Option("--ratio", metavar="X", help="Augmentation: synthetic images for each real one; repeat."),
]
Fraction = Annotated[
    list[float] | None,
    typer.Option(
        "--label-fraction", metavar="X", help="Augmentation: share of real images for a curve; repeat."
    ),
]
ClassifierName = Annotated[
    str | None, typer.Option("--classifier", metavar="NAME", help=f"One of {', '.join(CLASSIFIERS)}.")
]
InitialWeights = Annotated[
    str | None,
    typer.Option("--weights", metavar="scratch|imagenet|PATH", help="Initial weights of the classifier."),
]
Side = Annotated[int | None, typer.Option("--resolution", metavar="N", help="Side in pixels.")]
Epochs = Annotated[int | None, typer.Option("--epochs", metavar="N", help="Passes of each training.")]
BatchSize = Annotated[int | None, typer.Option("--batch-size", metavar="N", help="Images a step.")]
LearningRate = Annotated[float | None, typer.Option("--learning-rate", metavar="RATE", help="Its peak.")]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds every draw; 0 by default.")
]

_OPTIONS: Final[dict[str, tuple[Any, str | bool | None]]] = {
    "preset": (Preset, "quick"),
    "repeats": (Repeats, None),
    "ratio": (Ratio, None),
    "label_fraction": (Fraction, None),
    "classifier": (ClassifierName, None),
    "weights": (InitialWeights, None),
    "resolution": (Side, None),
    "num_channels": (Channels, None),
    "intensity": (OptionalIntensityText, None),
    "join_slices": (JoinSlices, False),
    "epochs": (Epochs, None),
    "batch_size": (BatchSize, None),
    "learning_rate": (LearningRate, None),
    "seed": (Seed, None),
    "group_by": (GroupBy, None),
}
_OF_AUGMENTATION: Final = {"ratio", "label_fraction"}
_Command = Callable[..., None]


def with_protocol(*, augmentation: bool = True) -> Callable[[_Command], _Command]:
    """Give a command the protocol's options in the place of its argument `protocol`.

    Args:
        augmentation: whether there are also those that decide arms of an augmentation experiment alone.
    """
    names = [name for name in _OPTIONS if augmentation or name not in _OF_AUGMENTATION]

    def decorate(command: _Command) -> _Command:
        signature = inspect.signature(command, eval_str=True)

        @functools.wraps(command)
        def run(**given: Any) -> None:
            protocol = _choose_protocol(**{name: given.pop(name) for name in names})
            command(protocol=protocol, **given)

        parameters: list[Parameter] = []
        for one in signature.parameters.values():
            if one.name == "protocol":
                parameters += [
                    Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
                    for name, (annotation, default) in _OPTIONS.items()
                    if name in names
                ]
            else:
                parameters.append(one.replace(kind=Parameter.KEYWORD_ONLY))
        # What the command line is read by.
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return decorate


def _choose_protocol(
    *,
    preset: str,
    weights: str | None,
    num_channels: int | None,
    intensity: str | None,
    ratio: list[float] | None = None,
    label_fraction: list[float] | None = None,
    group_by: list[str] | None = None,
    **choices: Any,
) -> UtilityProtocol:
    """The preset with what was asked for on top of it."""
    choices |= {
        "channels": parse_channels(num_channels),
        "intensity": None if intensity is None else parse_intensity(intensity),
        "ratios": tuple(ratio) if ratio else None,
        "label_fractions": tuple(label_fraction) if label_fraction else None,
        "group_by": tuple(group_by) if group_by else None,
    }
    given = {name: value for name, value in choices.items() if value is not None}
    if weights in ("scratch", "imagenet"):
        given |= {"weights": weights, "weights_file": None}
    elif weights is not None:
        given |= {"weights": "scratch", "weights_file": Path(weights)}
    return UtilityProtocol.model_validate(get_preset(preset).model_dump() | given)

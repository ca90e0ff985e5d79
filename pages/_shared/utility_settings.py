"""Every setting of a utility experiment, with what it does, beginning from a preset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.errors import InputError
from core.utility.arms import ExperimentKind
from core.utility.presets import CLASSIFIERS, PRESETS, UtilityProtocol, get_preset
from core.validation import explain_first
from pages._shared.intensity_choice import JOIN_HELP, choose_intensity
from pages._shared.selection import choose

__all__ = ["choose_preset", "choose_protocol"]

_PRESETS = {
    "quick": "Quick: a small network, minutes without a GPU",
    "paper": "Paper: InceptionV3 at 299 pixels, for a GPU",
}
_WEIGHTS = {"scratch": "From scratch", "imagenet": "From ImageNet"}
_OPTIMISERS = {"adamw": "AdamW", "sgd": "SGD with momentum 0.9"}
_SCHEDULES = {"cosine": "Cosine, after a short rise", "constant": "Constant"}
_PACES = {"steps": "Equal steps for all arms", "epochs": "Every arm sees all its images"}
_JOINED = {False: "Each an image", True: "Each series a volume, seen as a montage"}
_CHANNELS = {None: "As stored", 1: "Grey", 3: "RGB"}
_CLASSIFIER = (
    "The network that tells the classes apart. Small ones learn in seconds; InceptionV3 is the published one."
)
_WEIGHTS_HELP = (
    "Where training starts: at random weights, or at those that timm publishes for ImageNet, which have to "
    "be in its cache or to be downloaded. A file of weights is named on the command line: `--weights PATH`."
)
_PACE = (
    "What arms have in common. With equal steps, an arm with more images is not trained longer, so that a "
    "gain is one of the images."
)
_RATIOS = (
    "Synthetic images for each real training image, class by class. Each ratio adds two arms for each set: "
    "with and without traditional augmentation."
)
_FRACTIONS = (
    "Shares of the real training images, each a training without and with each synthetic set: how many "
    "labels synthetic images save. Empty leaves the curve out."
)
_REPEATS = (
    "Trainings of each arm, each with a split and initial weights of its own; the same for all arms, so that "
    "tests are paired. Fewer than 6 cannot reach p < 0.05."
)


def choose_preset() -> str:
    """Ask where settings begin; the name of a preset, kept in the address."""
    return choose("Preset", {name: _PRESETS.get(name, name) for name in PRESETS}, param="preset")


def choose_protocol(kind: ExperimentKind, preset: str, *, columns: Sequence[str] = ()) -> UtilityProtocol:
    """Ask for the settings; another preset begins anew from its values.

    Args:
        kind: of the experiment.
        preset: where settings begin.
        columns: columns of the labels CSV that test images may be grouped by.

    Raises:
        InputError: if the settings do not go together, with what to change.
    """
    start = get_preset(preset)
    key = f"utility_{kind}_{preset}"
    left, middle, right = st.columns(3)
    chosen: dict[str, Any] = {
        "repeats": left.number_input(
            "Repeats", 1, 100, start.repeats, key=f"{key}_repeats", help=_REPEATS
        ),
        "epochs": middle.number_input(
            "Epochs", 1, 1000, start.epochs, key=f"{key}_epochs", help="Passes of each training."
        ),
        "resolution": right.number_input(
            "Resolution in pixels", 32, 1024, start.resolution, 32, key=f"{key}_resolution",
            help="Side of the square that images are resized to; structures smaller than a pixel are lost.",
        ),
    }  # fmt: skip
    with st.expander("All settings"):
        chosen |= _choose_network(start, key)
        chosen |= _choose_arms(start, key) if kind == "augmentation" else _choose_last_layer(start, key)
        chosen |= _choose_training(start, key)
        chosen["group_by"] = tuple(
            st.multiselect(
                "Groups of test images by",
                columns,
                key=f"{key}_groups",
                disabled=not columns,
                placeholder="None" if columns else "No further column in the study's labels CSV",
                help="Columns of the labels CSV, such as sex or age: every arm is scored in each group, too.",
            )
        )
    try:
        return UtilityProtocol.model_validate(start.model_dump() | chosen)
    except ValidationError as error:
        raise InputError(explain_first(error)) from error


def _choose_network(start: UtilityProtocol, key: str) -> dict[str, Any]:
    left, middle, right = st.columns(3)
    below, beside = st.columns([2, 1])
    return {
        "classifier": _select(
            left, "Classifier", {name: info.title for name, info in CLASSIFIERS.items()}, start.classifier,
            key=f"{key}_classifier", help=_CLASSIFIER,
        ),
        "weights": _select(
            middle, "Initial weights", _WEIGHTS, start.weights, key=f"{key}_weights", help=_WEIGHTS_HELP
        ),
        "channels": _select(
            right, "Channels", _CHANNELS, start.channels, key=f"{key}_channels",
            help="As stored takes RGB where a real image has colour, else grey.",
        ),
        "intensity": choose_intensity(below, key=f"{key}_intensity", start=start.intensity),
        "join_slices": _select(
            beside, "DICOM slices", _JOINED, start.join_slices, key=f"{key}_joined", help=JOIN_HELP
        ),
    }  # fmt: skip


def _choose_arms(start: UtilityProtocol, key: str) -> dict[str, Any]:
    left, right = st.columns(2)
    chosen = {
        "ratios": _list_numbers(
            left, "Ratios", ("0.5", "1", "2"), start.ratios, key=f"{key}_ratios", help=_RATIOS
        ),
        "label_fractions": _list_numbers(
            right, "Label fractions", ("0.1", "0.25", "0.5"), start.label_fractions,
            key=f"{key}_fractions", help=_FRACTIONS,
        ),
    }  # fmt: skip
    left, middle, right = st.columns(3)
    return chosen | {
        "flip": left.number_input(
            "Flip probability", 0.0, 1.0, float(start.flip), 0.1, key=f"{key}_flip",
            help="Traditional augmentation: how often an image is mirrored left to right.",
        ),
        "rotation_degrees": middle.number_input(
            "Rotation in degrees", 0.0, 180.0, float(start.rotation_degrees), 1.0, key=f"{key}_rotation",
            help="Traditional augmentation: the largest turn in either direction.",
        ),
        "contrast": right.number_input(
            "Contrast", 0.0, 0.99, float(start.contrast), 0.05, key=f"{key}_contrast",
            help="Traditional augmentation: the largest relative change of contrast.",
        ),
        "train_on_synthetic": st.checkbox(
            "Train on synthetic images alone, too", start.train_on_synthetic, key=f"{key}_alone",
            help="Adds an arm for each set that sees no real training image.",
        ),
    }  # fmt: skip


def _choose_last_layer(start: UtilityProtocol, key: str) -> dict[str, Any]:
    left, middle, right = st.columns(3)
    return {
        "feature_fraction": left.number_input(
            "Share of real images", 0.01, 1.0, float(start.feature_fraction), 0.05, key=f"{key}_share",
            help="Share of the real training images that the last layer is trained on; 0.5 is published.",
        ),
        "feature_epochs": middle.number_input(
            "Epochs of the last layer", 1, 1000, start.feature_epochs, key=f"{key}_feature_epochs",
            help="Passes of the last layer over them; 20 is published.",
        ),
        "feature_learning_rate": right.number_input(
            "Learning rate of the last layer", 1e-6, 10.0, float(start.feature_learning_rate), 1e-3,
            format="%g", key=f"{key}_feature_rate", help="Its highest value.",
        ),
    }  # fmt: skip


def _choose_training(start: UtilityProtocol, key: str) -> dict[str, Any]:
    first, second, third, fourth = st.columns(4)
    chosen = {
        "batch_size": first.number_input(
            "Batch size", 2, 1024, start.batch_size, key=f"{key}_batch", help="Images a step."
        ),
        "optimiser": _select(
            second, "Optimiser", _OPTIMISERS, start.optimiser, key=f"{key}_optimiser",
            help="How weights follow the loss.",
        ),
        "learning_rate": third.number_input(
            "Learning rate", 1e-6, 10.0, float(start.learning_rate), 1e-4, format="%g", key=f"{key}_rate",
            help="Its highest value; a lower one if a training diverges.",
        ),
        "weight_decay": fourth.number_input(
            "Weight decay", 0.0, 1.0, float(start.weight_decay), format="%g", key=f"{key}_decay",
            help="Pull of the optimiser towards small weights.",
        ),
    }  # fmt: skip
    first, second, third, fourth = st.columns(4)
    return chosen | {
        "schedule": _select(
            first, "Schedule", _SCHEDULES, start.schedule, key=f"{key}_schedule",
            help="How the learning rate changes over a training.",
        ),
        "pace": _select(second, "Pace", _PACES, start.pace, key=f"{key}_pace", help=_PACE),
        "validation_share": third.number_input(
            "Validation share", 0.05, 0.85, float(start.validation_share), 0.05, key=f"{key}_validation",
            help="Share of the real images, by patient, that chooses the epoch; never synthetic ones.",
        ),
        "seed": fourth.number_input(
            "Seed", 0, 2**32 - 1, start.seed, key=f"{key}_seed", help="Seeds every draw."
        ),
        "class_weights": st.checkbox(
            "Rare classes weigh more in the loss", start.class_weights, key=f"{key}_class_weights",
            help="For sets in which one class has far fewer images.",
        ),
    }  # fmt: skip


def _select(place: Any, label: str, options: dict[Any, str], value: Any, *, key: str, help: str) -> Any:
    ids = list(options)
    return place.selectbox(label, ids, ids.index(value), format_func=options.__getitem__, key=key, help=help)


def _list_numbers(
    place: Any, label: str, offered: Sequence[str], value: Sequence[float], *, key: str, help: str
) -> tuple[float, ...]:
    """Ask for several numbers.

    Raises:
        InputError: if one is no number.
    """
    shown = [f"{one:g}" for one in value]
    texts = place.multiselect(
        label, list(dict.fromkeys([*offered, *shown])), shown, accept_new_options=True, key=key, help=help,
        placeholder="None",
    )  # fmt: skip
    try:
        return tuple(sorted(float(text) for text in texts))
    except ValueError:
        raise InputError(f"{label} are numbers such as 0.5; take out what is none.") from None

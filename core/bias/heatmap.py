"""The bias of a study: probes, suspect regions, inheritance, markers and shortcuts of all its sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.bias.class_difference import ClassDifference, compute_class_differences
from core.bias.frame import FramedSet, choose_classes, choose_items, count_montage_slices, frame_set
from core.bias.inheritance import compute_inheritance, map_inheritance
from core.bias.markers import MarkerRate, compute_marker_rates, find_letters
from core.bias.patch_probe import ProbeMap, ProbeOptions, compute_patch_probe, compute_transfer_probe
from core.bias.shortcuts import Shortcut, compute_shortcuts
from core.bias.suspects import Suspect, find_suspects
from core.config import Settings
from core.datasets.image_set import ImageSet, Item, Role
from core.errors import InputError, TooFewImagesError
from core.images.display import describe_intensity
from core.metrics.estimate import Estimate
from core.progress import Progress

__all__ = ["BiasOptions", "BiasResult", "Inherited", "SetBias", "analyse_bias"]


@dataclass(frozen=True, slots=True)
class BiasOptions:
    """What decides an analysis.

    Attributes:
        probe: positions, folds, permutations and seed.
        max_per_class: images of a class and set at most; of more, a random part is taken.

    Raises:
        InputError: if there are no permutations, which suspect regions need.
    """

    probe: ProbeOptions = field(default_factory=ProbeOptions)
    max_per_class: int = 1000

    def __post_init__(self) -> None:
        if not self.probe.n_permutations:
            raise InputError("Suspect regions take a threshold, and that takes permutations; ask for some.")


@dataclass(frozen=True, slots=True)
class SetBias:
    """What was found in one set.

    Attributes:
        name: the set's name.
        role: what it is in the study.
        items: images that entered, in the order of the probes' scores.
        counts: class to how many of them.
        mean: (side, side) mean image on the frame.
        probe: the set's own cross-validated probe, or None where it has too few images.
        transfer: the real set's probe tested on this set, or None; None for the real set.
        inherited: (rows, columns) share of the real signal at each suspect position, or None.
        suspects: the set's own suspect regions, most suspect first.
        differences: mean difference over pooled deviation of every pair of classes.
        shortcuts: what other properties tell; empty where the set has too few images.
        markers: how many images of each class carry letters.
        note: why something is missing; else empty.
    """

    name: str
    role: Role
    items: tuple[Item, ...]
    counts: dict[str, int]
    mean: NDArray[np.float64]
    probe: ProbeMap | None
    transfer: ProbeMap | None
    inherited: NDArray[np.float64] | None
    suspects: tuple[Suspect, ...]
    differences: tuple[ClassDifference, ...]
    shortcuts: tuple[Shortcut, ...]
    markers: tuple[MarkerRate, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Inherited:
    """How much of one suspect region of the real set another set carries.

    Attributes:
        name: the other set.
        rank: the region's rank, or None for all suspect positions together, disease included.
        same_sign: share by the probe that learned on real images: the class is told by the same sign.
        any_sign: share by the set's own probe: the region tells the class, by whatever sign.
    """

    name: str
    rank: int | None
    same_sign: Estimate
    any_sign: Estimate


@dataclass(frozen=True, slots=True)
class BiasResult:
    """The bias of a study.

    Attributes:
        options: what decided it.
        classes: classes that were told apart.
        sets: the real set first, then the others in the study's order.
        inherited: for every other set and suspect region of the real set, then for all of them together.
        intensity: how pixel values were brought to one scale.
        montage_slices: axial slices of the montage by which each volume was looked at; 0 of pictures.
    """

    options: BiasOptions
    classes: tuple[str, ...]
    sets: tuple[SetBias, ...]
    inherited: tuple[Inherited, ...]
    intensity: str = ""
    montage_slices: int = 0

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        """Suspect regions of the real set."""
        return self.sets[0].suspects


def analyse_bias(
    sets: Sequence[ImageSet],
    options: BiasOptions,
    *,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> BiasResult:
    """Find out where classes are told apart in the real set, and what the other sets carry of it.

    Args:
        sets: the real set, then any others; classes are the real set's.
        options: what decides the numbers.
        workers: decoding threads; None takes one a core.
        settings: limits of reading.
        progress: told about every stage.

    Raises:
        ImageSetError: if the real set has fewer than two classes, volumes have no common montage, or a file
            changed since it was scanned.
        TooFewImagesError: if the real set has too few images of a class.
        CancelledError: if progress says so.
    """
    classes, montage_slices = choose_classes(sets[0]), count_montage_slices(sets)
    found: list[SetBias] = []
    inherited: list[Inherited] = []
    real: FramedSet | None = None
    for image_set in sets:
        items = choose_items(image_set, classes, max_per_class=options.max_per_class, seed=options.probe.seed)
        if not items:
            progress.notice(f"{image_set.name} has no image of the real set's classes and is left out.")
            continue
        progress.start(f"Reading {image_set.name}", len(items))
        framed = frame_set(
            image_set,
            items,
            classes,
            side_px=options.probe.grid.side_px,
            workers=workers,
            settings=settings,
            progress=progress,
        )
        letters = find_letters(
            items, workers=workers, settings=settings, progress=progress, name=image_set.name
        )
        markers = compute_marker_rates(letters, [item.label or "" for item in items])
        one = _probe_set(framed, markers, real, found[0] if found else None, options, progress)
        if one.note:
            progress.notice(one.note)
        found.append(one)
        if real is None:
            real = framed
        else:
            inherited += _compare(real, found[0], framed, one, options.probe.seed)
    policy = describe_intensity(sets[0].items[0].intensity, of_volumes=sets[0].has_volumes)
    return BiasResult(options, classes, tuple(found), tuple(inherited), policy, montage_slices)


def _probe_set(
    framed: FramedSet,
    markers: tuple[MarkerRate, ...],
    real: FramedSet | None,
    real_bias: SetBias | None,
    options: BiasOptions,
    progress: Progress,
) -> SetBias:
    probe, transfer, shared, note = None, None, None, ""
    suspects: tuple[Suspect, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    try:
        probe = compute_patch_probe(framed, options.probe, progress=progress)
        suspects = find_suspects(probe, options.probe.grid)
        shortcuts = compute_shortcuts(
            framed,
            n_folds=options.probe.n_folds,
            n_permutations=options.probe.n_permutations,
            seed=options.probe.seed,
        )
        if real is not None and real_bias is not None and real_bias.probe is not None:
            transfer = compute_transfer_probe(
                real=real, synthetic=framed, grid=options.probe.grid, progress=progress
            )
            shared = map_inheritance(real_probe=real_bias.probe, synthetic_probe=transfer)
    except TooFewImagesError as error:
        if real is None:
            raise
        note = f"{error} It was not probed."
    return SetBias(
        name=framed.name,
        role=framed.role,
        items=framed.items,
        counts={label: int((framed.codes == code).sum()) for code, label in enumerate(framed.classes)},
        mean=framed.pixels.mean(axis=0, dtype=np.float64),
        probe=probe,
        transfer=transfer,
        inherited=shared,
        suspects=suspects,
        differences=compute_class_differences(framed),
        shortcuts=shortcuts,
        markers=markers,
        note=note,
    )


def _compare(
    real: FramedSet, real_bias: SetBias, other: FramedSet, bias: SetBias, seed: int
) -> list[Inherited]:
    if real_bias.probe is None or bias.probe is None or bias.transfer is None or not real_bias.suspects:
        return []
    regions: list[tuple[int | None, NDArray[np.bool_]]] = [
        (suspect.rank, suspect.positions) for suspect in real_bias.suspects
    ]
    assert real_bias.probe.threshold is not None
    regions.append((None, real_bias.probe.auroc > max(real_bias.probe.threshold, 0.5)))
    compared = []
    for rank, positions in regions:
        same, any_sign = (
            compute_inheritance(
                real=real,
                synthetic=other,
                real_probe=real_bias.probe,
                synthetic_probe=probe,
                positions=positions,
                seed=seed,
            )
            for probe in (bias.transfer, bias.probe)
        )
        compared.append(Inherited(other.name, rank, same, any_sign))
    return compared

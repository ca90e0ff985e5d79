"""What speaks against training with some options on some images, said before it begins; loads no torch."""

from __future__ import annotations

from typing import Final

from core.errors import ImageSetError, TooFewImagesError
from core.generators.material import TrainingMaterial
from core.generators.options import GeneratorOptions

__all__ = ["check_material", "find_cautions"]

_LEAST: Final = 8
_LEAST_OF_CLASS: Final = 2
_SMALL_CLASS: Final = 10
_MANY_PASSES: Final = 1_000
_FEW_SHOWN: Final = 5_000
_LARGE_PX: Final = 128
_FEW_FOR_LARGE: Final = 1_000


def check_material(options: GeneratorOptions, material: TrainingMaterial) -> None:
    """Refuse a training that would end before it begins, as far as names of files tell.

    Raises:
        ImageSetError: if there is no image of a class that is asked for.
        TooFewImagesError: if there are fewer than 8 images, or a class to be chosen has fewer than 2.
    """
    for name in options.classes:
        if name not in material.classes:
            known = ", ".join(map(repr, material.classes)) or "none"
            raise ImageSetError(f"The real set has no class {name!r}; its classes are: {known}.")
    n = material.count(options.classes)
    if n < _LEAST:
        raise TooFewImagesError(
            f"A generator needs at least {_LEAST} training images, and there are {n}; add real images to the "
            "study, or train on more classes."
        )
    if options.is_conditional:
        for name in options.classes or material.classes:
            if material.classes[name] < _LEAST_OF_CLASS:
                raise TooFewImagesError(
                    f"The class {name!r} has {material.classes[name]} training image, and two are needed to "
                    "draw it; leave the class out, or train with is_conditional off."
                )


def find_cautions(options: GeneratorOptions, material: TrainingMaterial) -> tuple[str, ...]:
    """Say in one sentence each why results may disappoint, and what to change.

    Args:
        options: of any family.
        material: images to train on, which `check_material` has let pass.
    """
    n = material.count(options.classes)
    phases = options.list_phases(n)
    cautions = []
    if options.is_conditional and not options.classes and material.n_unlabelled:
        have = "has" if material.n_unlabelled == 1 else "have"
        cautions.append(
            f"{material.n_unlabelled:,} of {material.n_files:,} files {have} no class; where these are "
            "images, training stops. Choose classes, or train with is_conditional off."
        )
    if material.has_volumes or options.join_slices:
        cautions.append(
            "Volumes are learned as montages of up to 16 axial slices, and montages are drawn. For montages "
            "of your own choice, `python -m core dataset montage` writes them as images."
        )
    if options.batch_size > n:
        cautions.append(
            f"A batch of {options.batch_size:,} images is more than the {n:,} files there are, so that each "
            "holds images twice; choose a smaller batch_size."
        )
    if max(phases.values()) > _MANY_PASSES * n:
        cautions.append(
            f"Each of {n:,} files is shown {max(phases.values()) // n:,} times: expect a generator that "
            "learns them by heart. Show fewer images, or train on more files."
        )
    if min(phases.values()) < _FEW_SHOWN:
        cautions.append(
            f"Only {min(phases.values()):,} images are shown in a phase of training, from which little is "
            "learned; raise its epochs, or set its number of images."
        )
    if options.size_px >= _LARGE_PX and n < _FEW_FOR_LARGE:
        cautions.append(
            f"{n:,} files are few for images of {options.size_px} pixels, which published generators learned "
            "from tens of thousands; choose a smaller size_px."
        )
    if 0 < material.largest_px < options.size_px:
        cautions.append(
            f"The images looked at have {material.largest_px} pixels at most, and are enlarged to "
            f"{options.size_px}, which adds no detail; choose a smaller size_px."
        )
    if options.is_conditional:
        small = [
            f"{name} ({material.classes[name]})"
            for name in options.classes or material.classes
            if material.classes[name] < _SMALL_CLASS
        ]
        if small:
            cautions.append(f"Few files of {', '.join(small)}: what is drawn of so small a class is alike.")
    return tuple(cautions)

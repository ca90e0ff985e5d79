"""The images that generators train on: decoded once into a memory map in the run's folder."""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.image_set import ImageSet
from core.errors import ImageSetError, InputError, StoreError, TooFewImagesError
from core.features.base import ResizeMode
from core.features.extraction import default_workers, load_pixels
from core.features.resize import resize_image
from core.generators.options import GeneratorOptions
from core.generators.phase import Batch
from core.generators.run_folder import RunFolder
from core.images.display import DEFAULT_INTENSITY, describe_intensity
from core.images.reading import DECODING_VERSION
from core.output_folder import cannot_write
from core.progress import Progress

__all__ = ["TrainingImages", "digest_images", "list_training_classes", "load_training_images"]

_LEAST: Final = 8
_MOST_BYTES: Final = 256 * 2**30
_CHUNK: Final = 256


@dataclass(frozen=True, slots=True)
class TrainingImages:
    """Images of one run.

    Attributes:
        pixels: (n, channels, size, size) uint8, mapped from disk.
        labels: (n,) int64 places in `classes`; all 0 without classes.
        classes: classes in the order of their codes; empty without.
        digest: SHA-256 over pixels' digests, labels, size and channels.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    digest: str

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_classes(self) -> int:
        """Classes, 1 without."""
        return max(1, len(self.classes))

    def count_classes(self) -> tuple[int, ...]:
        """Images of each class, in the order of codes; one number without classes."""
        return tuple(int(count) for count in np.bincount(self.labels, minlength=self.n_classes))

    def take(self, rows: NDArray[np.int64], *, device: torch.device) -> Batch:
        """Bring some images to the device.

        Args:
            rows: (k,) rows in any order, repeats allowed.
            device: where networks are.

        Returns:
            Images in [-1, 1]: 0 becomes -1 and 255 becomes 1.
        """
        pixels = torch.from_numpy(np.ascontiguousarray(self.pixels[rows])).to(device)
        return Batch(
            images=pixels.float() / 127.5 - 1,
            labels=torch.from_numpy(self.labels[rows]).to(device),
            indices=torch.from_numpy(np.asarray(rows, dtype=np.int64)).to(device),
        )


def digest_images(image_set: ImageSet, options: GeneratorOptions) -> str:
    """SHA-256 of everything that decides the training images, wherever their folder lies."""
    digest = hashlib.sha256(f"v{DECODING_VERSION} {options.size_px} {options.channels}\n".encode())
    policy = image_set.items[0].intensity
    if policy != DEFAULT_INTENSITY:
        digest.update(describe_intensity(policy).encode())
    for item in image_set.items:
        digest.update(f"{item.pixel_digest}\t{item.label or ''}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def load_training_images(
    image_set: ImageSet,
    options: GeneratorOptions,
    *,
    run: RunFolder,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> TrainingImages:
    """Decode and resize a set's images, or find them decoded in the run's folder.

    Args:
        image_set: scanned images, of the classes to train on.
        options: size, channels, and whether classes matter.
        run: where the map is kept.
        workers: decoding threads; None takes one a core.
        settings: limits.
        progress: told about every image.

    Raises:
        TooFewImagesError: if there are fewer than 8 images, or a class to be chosen has fewer than 2.
        ImageSetError: if classes are asked for and an image has none, or a file changed since it was scanned.
        InputError: if the images take more than 256 GiB at this size.
        StoreError: if the run's folder cannot hold them.
        CancelledError: if progress says so.
    """
    classes = list_training_classes(image_set, options)
    items = image_set.items
    shape = (len(items), options.channels, options.size_px, options.size_px)
    digest = digest_images(image_set, options)
    path = run.images_folder / f"{digest[:32]}.npy"
    try:
        if not path.exists():
            _write_map(path, image_set, shape, workers, settings, progress)
        pixels: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise cannot_write(run.images_folder, error) from error
    except (ValueError, EOFError) as error:
        raise StoreError(f"{path} is damaged; delete it and run the same command again.") from error
    if pixels.shape != shape or pixels.dtype != np.uint8:
        raise StoreError(f"{path} is damaged; delete it and run the same command again.")
    labels = np.array([classes.index(str(item.label)) if classes else 0 for item in items], dtype=np.int64)
    return TrainingImages(pixels, labels, classes, digest)


def list_training_classes(image_set: ImageSet, options: GeneratorOptions) -> tuple[str, ...]:
    """List classes in the order of their codes, checked to be ones that can be trained on.

    Args:
        image_set: scanned images, of the classes to train on.
        options: whether classes can be chosen when images are drawn.

    Returns:
        The classes; empty where an image has none.

    Raises:
        TooFewImagesError: if there are fewer than 8 images, or a class to be chosen has fewer than 2.
        ImageSetError: if classes are asked for and an image has none.
    """
    if len(image_set) < _LEAST:
        raise TooFewImagesError(
            f"A generator needs at least {_LEAST} training images, but {image_set.root} has {len(image_set)}."
        )
    unlabelled = sum(item.label is None for item in image_set.items)
    if unlabelled:
        if options.is_conditional:
            raise ImageSetError(
                f"{unlabelled} of {len(image_set)} training images have no class; put each class into a "
                "sub-folder, name a --labels CSV, or train with is_conditional=false."
            )
        return ()
    counts = image_set.count_classes()
    for name, count in counts.items():
        if options.is_conditional and count < 2:
            raise TooFewImagesError(
                f"The class {name!r} has {count} training image, and two are needed; add images, or leave "
                "the class out by --class-names."
            )
    return tuple(counts)


def _write_map(
    path: Path,
    image_set: ImageSet,
    shape: tuple[int, ...],
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> None:
    n_bytes = math.prod(shape)
    if n_bytes > _MOST_BYTES:
        raise InputError(
            f"The {shape[0]:,} training images take {n_bytes / 2**30:,.0f} GiB at {shape[-1]} pixels, over "
            f"the limit of {_MOST_BYTES // 2**30} GiB; choose a smaller size_px."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    for earlier in path.parent.iterdir():
        # Of another size or other images: a run has one map.
        if earlier.suffix in (".npy", ".draft"):
            earlier.unlink(missing_ok=True)
    if shutil.disk_usage(path.parent).free < n_bytes:
        raise StoreError(
            f"{path.parent} has less than the {n_bytes / 2**30:.1f} GiB free that the images take; choose "
            "another --output."
        )
    progress.start("Decoding training images", shape[0])
    draft = path.with_suffix(".draft")
    try:
        pixels = np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint8, shape=shape)
        _fill(pixels, image_set, workers, settings, progress)
        pixels.flush()
        del pixels
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _fill(
    pixels: NDArray[np.uint8],
    image_set: ImageSet,
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> None:
    items: Sequence[object] = image_set.items

    def read(place: int) -> None:
        loaded = load_pixels(image_set.items[place], num_channels=pixels.shape[1], settings=settings)
        pixels[place] = np.rint(resize_image(loaded, side=pixels.shape[2], mode=ResizeMode.CLEAN))

    with ThreadPoolExecutor(max_workers=max(1, default_workers() if workers is None else workers)) as pool:
        for start in range(0, len(items), _CHUNK):
            for _ in pool.map(read, range(start, min(start + _CHUNK, len(items)))):
                progress.advance()

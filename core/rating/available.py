"""How many images of each set and class a study has, and how many of them a session shows by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.config import Settings
from core.datasets.folder_roots import FolderRef, resolve_file, resolve_folder
from core.datasets.labels import LabelTable, load_labels
from core.datasets.listing import list_files
from core.datasets.study_folders import StudyFolders, confine_to_roots
from core.rating.design import RealSource, SetCount, Task

__all__ = ["N_USUAL", "AvailableImages", "count_available", "propose_counts", "spread_over_classes"]

N_USUAL: Final = 60
"""Images of a session by default, half of them real: the published sessions had 50 to 60."""

Classes = Mapping[str | None, int]
_Cell = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class AvailableImages:
    """Files of a study's sets by class, as far as folders and labels tell; no file is opened.

    Attributes:
        train: of the real (train) set; None stands for images without a class.
        heldout: of the held-out set; empty without one.
        synthetic: of each synthetic set, in the study's order.
    """

    train: Classes
    heldout: Classes
    synthetic: Mapping[str, Classes]

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class of any set, in the order of names; none where a set has no classes at all.

        Images without a class beside others that have one are left out.
        """
        sets = [one for one in (self.train, self.heldout, *self.synthetic.values()) if one]
        if any(set(one) == {None} for one in sets):
            return ()
        return tuple(sorted({name for one in sets for name in one if name is not None}))

    def merge_classes(self) -> AvailableImages:
        """The same files without classes, which a session then spreads over classes as it draws them."""
        return AvailableImages(
            train=_merge(self.train),
            heldout=_merge(self.heldout),
            synthetic={name: _merge(one) for name, one in self.synthetic.items()},
        )

    def real(self, source: RealSource) -> Classes:
        """Files of the real images that a session draws from."""
        return self.heldout if source is RealSource.HELDOUT else self.train


def count_available(folders: StudyFolders, settings: Settings) -> AvailableImages:
    """Count the files of each set and class; what is no image, only drawing the session finds out.

    Raises:
        InputError: if a folder or the labels file cannot be opened.
        ImageSetError: if the labels file is none.
    """
    confined = confine_to_roots(settings)
    labels = None
    if folders.labels is not None:
        labels = load_labels(resolve_file(folders.labels, settings), confined.confined_to)
    return AvailableImages(
        train=_count(folders.real, labels, confined),
        heldout={} if folders.heldout is None else _count(folders.heldout, labels, confined),
        synthetic={one.name: _count(one.folder, labels, confined) for one in folders.synthetic},
    )


def propose_counts(
    available: AvailableImages,
    *,
    synthetic: Sequence[str],
    classes: Sequence[str | None],
    real_source: RealSource,
    task: Task = Task.SINGLE,
    n_total: int = N_USUAL,
) -> tuple[SetCount, ...]:
    """Spread a session over sets and classes: half real, half synthetic, as evenly as there are images.

    Args:
        available: what the study has.
        synthetic: names of the synthetic sets that take part.
        classes: the classes that take part; None for images without a class.
        real_source: where real images come from.
        task: in pairs, each class gets as many real images as synthetic ones.
        n_total: images in all.

    Returns:
        Counts of at least one image each, real ones first; fewer than `n_total` images where there are not
        as many, and none where there is no image.
    """
    real = {name: available.real(real_source).get(name, 0) for name in classes}
    fakes = {(one, name): available.synthetic[one].get(name, 0) for one in synthetic for name in classes}
    shown = _spread(fakes, n_total // 2, ceilings=real if task is Task.PAIR else None)
    if task is Task.PAIR:
        beside = Counter[str | None]()
        for (_, name), n in shown.items():
            beside[name] += n
    else:
        beside = Counter(spread_over_classes(real, n_total // 2))
    counts = [SetCount(synthetic=None, class_name=name, n=beside[name]) for name in classes if beside[name]]
    counts += [SetCount(synthetic=one, class_name=name, n=n) for (one, name), n in shown.items() if n]
    return tuple(counts)


def spread_over_classes(classes: Classes, n: int) -> dict[str | None, int]:
    """Spread n images of one set over its classes, as evenly as there are images.

    Args:
        classes: files of each class.
        n: images in all; fewer where there are not as many.
    """
    return {
        name: dealt
        for (_, name), dealt in _spread({("", key): cap for key, cap in classes.items()}, n).items()
    }


def _merge(classes: Classes) -> Classes:
    return {None: sum(classes.values())} if classes else {}


def _spread(caps: Mapping[_Cell, int], n: int, *, ceilings: Classes | None = None) -> dict[_Cell, int]:
    """Deal n images to cells of a set and a class, one at a time to whichever has fewest.

    Args:
        caps: images of each cell.
        n: images to deal; fewer where there are not as many.
        ceilings: the most images of a class over all sets.
    """
    dealt = dict.fromkeys(caps, 0)
    of_set, of_class = Counter[str](), Counter[str | None]()
    for _ in range(n):
        free = [
            (one, name)
            for (one, name), cap in caps.items()
            if dealt[one, name] < cap and (ceilings is None or of_class[name] < ceilings[name])
        ]
        if not free:
            break
        one, name = min(free, key=lambda cell: (dealt[cell], of_class[cell[1]], of_set[cell[0]]))
        dealt[one, name] += 1
        of_set[one] += 1
        of_class[name] += 1
    return dealt


def _count(ref: FolderRef, labels: LabelTable | None, settings: Settings) -> Classes:
    folder = resolve_folder(ref, settings)
    files, _, _ = list_files(folder, confined_to=settings.confined_to)
    if labels is None or not labels.has_labels:
        # A file's class is its first sub-folder, as `core.datasets.scan` takes it.
        names = [item.partition("/")[0] if "/" in item else None for item, _ in files]
    else:
        rows = [labels.find(folder, item) for item, _ in files]
        names = [None if row is None else row.label for row in rows]
    counted = Counter(names)
    return {name: counted[name] for name in sorted(counted, key=lambda one: (one is None, one or ""))}

"""Draws the images of a session from a study's sets."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import cycle, islice

import numpy as np

from core.datasets.image_set import ImageSet, Item, Role
from core.db.rating_record import StimulusRecord, TrialKind
from core.errors import ImageSetError, InputError, TooFewImagesError, UnknownNameError
from core.rating.design import RealSource, SessionDesign, SetCount, Task
from core.rating.pairing import pair_stimuli

__all__ = ["check_sets", "draw_stimuli"]

# Apart from the streams of raters, which are (seed, number of the rater).
_DRAW_STREAM = (0, 1)


def draw_stimuli(design: SessionDesign, sets: Sequence[ImageSet]) -> tuple[StimulusRecord, ...]:
    """Draw a session's images without replacement; the same design and sets give the same images.

    No picture is drawn twice: files with the same pixels count as one, whatever set they are in. Where a
    count names no class, its images are spread evenly over the set's classes, so that classes do not give
    the answer away; in pairs the real ones follow the classes of the synthetic ones. Files whose names are
    no text are passed over.

    Args:
        design: what is asked for.
        sets: the study's sets, at least those that the design names.

    Returns:
        Training images, scored images and those of attention checks, numbered from 0. A check is a
        scrambled real image: its `file` is that of the image to scramble, which is in the session with its
        digest. In pairs it is followed by that very image, which is shown beside it and nowhere else.

    Raises:
        UnknownNameError: if the design names a set or a class that is not there.
        ImageSetError: if it asks for held-out images and the study has none.
        TooFewImagesError: if there are fewer images than it asks for.
        InputError: if images cannot be paired within classes.
    """
    roles = {one.name: one.role for one in sets}
    check_sets(
        design,
        synthetic=[name for name, role in roles.items() if role is Role.SYNTHETIC],
        has_heldout=Role.HELDOUT in roles.values(),
    )
    draw = _Draw(design, sets)
    scored = draw.take_scored()
    training = draw.take_training()
    checks = draw.take_checks([item for synthetic, item in scored if synthetic is None])
    stimuli = [
        StimulusRecord(
            number=number,
            kind=kind,
            synthetic=synthetic,
            class_name=item.label,
            is_fake=synthetic is not None or is_scrambled,
            file=item.id,
            digest=None if is_scrambled else item.digest,
        )
        for number, (kind, synthetic, item, is_scrambled) in enumerate(
            [
                *((TrialKind.TRAINING, synthetic, item, False) for synthetic, item in training),
                *((TrialKind.TEST, synthetic, item, False) for synthetic, item in scored),
                *((TrialKind.CHECK, None, item, is_scrambled) for item, is_scrambled in checks),
            ]
        )
    ]
    if design.task is Task.PAIR:
        # Refuses what cannot be paired before anything is kept.
        for kind in (TrialKind.TRAINING, TrialKind.TEST):
            pair_stimuli(stimuli, kind=kind, seed=design.seed)
    return tuple(stimuli)


_Drawn = list[tuple[str | None, Item]]
"""Images with the name of their synthetic set, None for real ones."""


def check_sets(design: SessionDesign, *, synthetic: Collection[str], has_heldout: bool) -> None:
    """Refuse a design that names sets which the study does not have.

    Args:
        design: what is asked for.
        synthetic: names of the study's synthetic sets.
        has_heldout: whether the study has a held-out set.

    Raises:
        UnknownNameError: if a synthetic set is not there; the message lists those that are.
        ImageSetError: if held-out images are asked for and there are none.
    """
    for count in design.counts:
        if count.synthetic is not None and count.synthetic not in synthetic:
            known = ", ".join(map(repr, synthetic)) or "none"
            raise UnknownNameError(f"The study has no synthetic set {count.synthetic!r}; there are: {known}.")
    if design.real_source is RealSource.HELDOUT and not has_heldout:
        raise ImageSetError(
            "The study has no held-out set to show real images of; add one to the study, or take the real "
            "images of the training set, which generators have seen."
        )


class _Draw:
    """Hands images out, each once."""

    def __init__(self, design: SessionDesign, sets: Sequence[ImageSet]) -> None:
        self._design = design
        self._shown: set[str] = set()
        self._pools = {
            name: _shuffle(_find_set(name, design, sets), design.seed)
            for name in dict.fromkeys(count.synthetic for count in design.counts)
        }
        self._fakes = [count for count in design.counts if count.synthetic is not None]
        self._reals = [count for count in design.counts if count.synthetic is None]

    def take_scored(self) -> _Drawn:
        """The images that count, real ones first."""
        if self._design.task is Task.PAIR and self._design.n_real != self._design.n_synthetic:
            raise InputError(
                f"Pairs take as many real images as synthetic ones, not {self._design.n_real} and "
                f"{self._design.n_synthetic}; make the counts equal."
            )
        # A count without a class takes of what is left, so it comes last.
        counts = sorted(self._fakes, key=lambda one: one.class_name is None)
        fakes = [(one.synthetic, item) for one in counts for item in self._take(one, one.n)]
        exact = [one for one in self._reals if one.class_name is not None]
        reals: _Drawn = [(None, item) for one in exact for item in self._take(one, one.n)]
        for one in self._reals:
            if one.class_name is None and self._design.task is Task.PAIR:
                wanted = Counter(item.label for _, item in fakes)
                wanted.subtract(item.label for _, item in reals)
                reals += [(None, item) for item in self._follow(wanted, one.n)]
            elif one.class_name is None:
                reals += [(None, item) for item in self._take(one, one.n)]
        return [*reals, *fakes]

    def take_training(self) -> _Drawn:
        """Images for trials with feedback, as many fakes as reals, spread over sets and classes."""
        n, is_pair = self._design.n_training, self._design.task is Task.PAIR
        n_fakes = n if is_pair else (n + 1) // 2
        taken: _Drawn = []
        for one in islice(cycle(self._fakes), n_fakes):
            (fake,) = self._take(one, 1, purpose="for training")
            taken.append((one.synthetic, fake))
        if is_pair:
            wanted = Counter(item.label for _, item in taken)
            taken += [(None, item) for item in self._follow(wanted, n)]
        else:
            for one in islice(cycle(self._reals), n - n_fakes):
                taken += [(None, item) for item in self._take(one, 1, purpose="for training")]
        return taken

    def take_checks(self, scored_reals: Sequence[Item]) -> list[tuple[Item, bool]]:
        """Images to scramble, with whether to; in pairs each is followed by itself as it is."""
        n = self._design.n_checks
        if self._design.task is Task.SINGLE:
            return [(item, True) for item in islice(cycle(scored_reals), n)]
        checks: list[tuple[Item, bool]] = []
        for one in islice(cycle(self._reals), n):
            # One that is shown nowhere else: beside a scrambled image it is plainly real.
            (item,) = self._take(one, 1, purpose="for attention checks")
            checks += [(item, True), (item, False)]
        return checks

    def _take(self, count: SetCount, n: int, *, purpose: str = "") -> list[Item]:
        """Take images of a count's class, or evenly of all classes."""
        pool = self._pools[count.synthetic]
        if count.class_name is not None and count.class_name not in pool:
            known = ", ".join(repr(name) for name in pool if name is not None) or "none"
            raise UnknownNameError(
                f"The {_title(count.synthetic)} has no class {count.class_name!r}; its classes are: {known}."
            )
        names: list[str | None] = list(pool) if count.class_name is None else [count.class_name]
        taken: list[Item] = []
        while names and len(taken) < n:
            for name in tuple(names):
                if len(taken) == n:
                    break
                item = self._next(pool[name])
                if item is None:
                    names.remove(name)
                else:
                    taken.append(item)
        if len(taken) < n:
            of_class = "" if count.class_name is None else f" of class {count.class_name!r}"
            raise TooFewImagesError(
                f"The {_title(count.synthetic)} has {len(taken)} image{'' if len(taken) == 1 else 's'}"
                f"{of_class} left{purpose and f' {purpose}'}, and {n} {'is' if n == 1 else 'are'} asked for; "
                "lower the counts."
            )
        return taken

    def _follow(self, wanted: Counter[str | None], n: int) -> list[Item]:
        """Take real images of the classes wanted; of any class where real or fake images have none."""
        classes = [name for name in wanted.elements() if name is not None and name in self._pools[None]]
        has_classes = any(name is not None for name in self._pools[None])
        taken: list[Item] = []
        for name in classes[:n]:
            taken += self._take(SetCount(synthetic=None, class_name=name, n=1), 1, purpose="for pairs")
        if len(taken) < n:
            missing = [name for name in wanted.elements() if name is not None and name not in classes]
            if missing and has_classes:
                raise UnknownNameError(
                    f"The {_title(None)} has no class {missing[0]!r}, which synthetic images have; pairs are "
                    "of one class."
                )
            left = n - len(taken)
            taken += self._take(SetCount(synthetic=None, n=left), left, purpose="for pairs")
        return taken

    def _next(self, items: list[Item]) -> Item | None:
        while items:
            item = items.pop()
            if item.pixel_digest not in self._shown:
                self._shown.add(item.pixel_digest)
                return item
        return None


def _find_set(name: str | None, design: SessionDesign, sets: Sequence[ImageSet]) -> ImageSet:
    heldout = design.real_source is RealSource.HELDOUT
    role = Role.SYNTHETIC if name is not None else Role.HELDOUT if heldout else Role.REAL
    return next(one for one in sets if one.role is role and name in (None, one.name))


def _shuffle(image_set: ImageSet, seed: int) -> dict[str | None, list[Item]]:
    """Part a set's images by class, classes and images in random order.

    Each set has a random stream of its own: what is drawn of one does not depend on the others.
    """
    rng = np.random.default_rng([seed, *_DRAW_STREAM, zlib.crc32(image_set.name.encode())])
    pool: dict[str | None, list[Item]] = {}
    names = sorted({item.label for item in image_set.items}, key=lambda name: (name is None, name or ""))
    for place in rng.permutation(len(names)):
        pool[names[place]] = []
    for place in rng.permutation(len(image_set.items)):
        item = image_set.items[place]
        if _is_text(item.id):
            pool[item.label].append(item)
    return pool


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _title(synthetic: str | None) -> str:
    return "set of real images" if synthetic is None else f"synthetic set {synthetic!r}"

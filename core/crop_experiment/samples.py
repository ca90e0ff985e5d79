"""Pairs of images before and after a crop, by the ids that their addresses use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.audit.items import AuditItems
from core.crop_experiment.experiment_names import name_twin

__all__ = ["SamplePair", "pick_samples"]


@dataclass(frozen=True, slots=True)
class SamplePair:
    """One image of a set and its cropped twin.

    Attributes:
        before: id of the image.
        after: id of the twin.
        item: the image's path below its set's folder.
        label: its class, or None.
    """

    before: str
    after: str
    item: str
    label: str | None


def pick_samples(
    items: AuditItems, sets: Sequence[str], *, per_class: int = 1
) -> Mapping[str, tuple[SamplePair, ...]]:
    """Pick the first images of each class of each set.

    Args:
        items: of an experiment: images and their cropped twins.
        sets: the sets.
        per_class: images of each class.

    Returns:
        Set to pairs, by class and then in the set's order.
    """
    frame = items.to_pandas()
    picked = {}
    for name in sets:
        own, twins = frame[frame["set"] == name], frame[frame["set"] == name_twin(name)]
        ids = dict(zip(twins["item"], twins["id"], strict=True))
        first = (
            own.groupby("label", dropna=False, sort=True).head(per_class).sort_values("label", kind="stable")
        )
        picked[name] = tuple(
            SamplePair(row["id"], ids[row["item"]], row["item"], row["label"])
            for row in first.to_dict("records")
            if row["item"] in ids
        )
    return picked

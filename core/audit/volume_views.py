"""What extractors see of volumes: which views go together, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence

from core.datasets.image_set import ImageSet
from core.errors import InputError
from core.features.base import ExtractorInfo, FeatureKind
from core.features.volume_view import VIEW_OF_MONTAGES, VIEW_OF_PLANES, VolumeView

__all__ = ["check_view", "describe_view", "explain_views", "looks_along_planes"]


def check_view(info: ExtractorInfo, name: str, sets: Sequence[ImageSet], view: VolumeView) -> None:
    """Refuse an extractor that cannot look at what the sets hold.

    Args:
        info: facts about the extractor.
        name: as the user wrote it.
        sets: the study's sets, all of pictures or all of volumes.
        view: what extractors of pictures see of volumes.

    Raises:
        InputError: if a network in 3-D is to look at pictures, or the mean of codes would be taken.
    """
    has_volumes = _has_volumes(sets)
    if info.takes_volumes and not has_volumes:
        raise InputError(
            f"{name} looks at volumes, and the study's sets hold pictures: choose another extractor, or read "
            "each DICOM series as one volume (--join-slices)."
        )
    if info.kind is FeatureKind.DISCRETE and looks_along_planes(info, sets, view):
        raise InputError(
            f"{name} gives codes, which have no mean over the slices of a volume: choose an extractor of "
            "continuous features, or look at volumes as montages (--volume-view montage)."
        )


def looks_along_planes(info: ExtractorInfo, sets: Sequence[ImageSet], view: VolumeView) -> bool:
    """Tell whether an extractor looks at the slices of volumes, plane by plane."""
    return _has_volumes(sets) and not info.takes_volumes and view is VolumeView.TRI_PLANAR


def describe_view(info: ExtractorInfo, sets: Sequence[ImageSet], view: VolumeView) -> str:
    """Say what an extractor saw of volumes, as results record it; empty where it saw pictures."""
    if not _has_volumes(sets):
        return ""
    if info.takes_volumes:
        return "whole volumes"
    return VIEW_OF_PLANES if view is VolumeView.TRI_PLANAR else VIEW_OF_MONTAGES


def explain_views(infos: Sequence[ExtractorInfo], sets: Sequence[ImageSet], view: VolumeView) -> list[str]:
    """Say what a reader must know of the names and numbers of an audit of volumes.

    Args:
        infos: facts about the audit's extractors.
        sets: the study's sets.
        view: what extractors of pictures see of volumes.

    Returns:
        A sentence where there is something to say.
    """
    seen = {describe_view(info, sets, view) for info in infos}
    if VIEW_OF_PLANES in seen:
        return [
            "Volumes are looked at slice by slice along three planes: after an extractor's name, @axial, "
            "@coronal or @sagittal stands for one plane, the name alone for their mean. Such features are "
            "averages over slices, so no Fréchet distance of them is an FID."
        ]
    if VIEW_OF_MONTAGES in seen:
        return ["Extractors see each volume as one picture, a montage of up to 16 axial slices."]
    return []


def _has_volumes(sets: Sequence[ImageSet]) -> bool:
    return bool(sets) and sets[0].has_volumes

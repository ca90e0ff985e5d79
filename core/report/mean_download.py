"""Mean images to take along: the pictures as they are shown, and their numbers."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping

from core.audit.mean_archive import save_arrays
from core.audit.result import MeanPicture
from core.report.mean_gallery import MeanGallery

__all__ = ["pack_mean_images"]


def pack_mean_images(gallery: MeanGallery, pictures: Mapping[str, MeanPicture]) -> bytes:
    """Pack the mean images of one class, or of the whole sets.

    Args:
        gallery: the pictures as they are shown, on their scales.
        pictures: set name to mean image.

    Returns:
        A zip: for each set `NN-mean.png`, `NN-standard-deviation.png` and `NN-difference.png`, its arrays as
        float32 in `means.npz`, named as in `mean_images.npz` of an audit, and `index.json` with the scales
        and which number is which set.
    """
    index = {
        "class": gallery.class_name,
        "unit": "grey levels of 255",
        "mean": {"black": gallery.black, "white": gallery.white},
        "standard deviation": {"black": 0, "white": gallery.std_white},
        "difference from the real mean": {"blue": -gallery.limit, "black": 0, "orange": gallery.limit},
        "sets": [
            {
                "number": place,
                "name": one.name,
                "n": one.n,
                "width": one.width,
                "height": one.height,
                "arrays": [f"mean_{place}", f"std_{place}"],
            }
            for place, one in enumerate(gallery.pictures)
        ],
    }
    arrays, packed = io.BytesIO(), io.BytesIO()
    save_arrays(arrays, {(one.name, gallery.class_name): pictures[one.name] for one in gallery.pictures})
    # Stored, not deflated: PNG files are that already, and floats hardly shrink.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("index.json", json.dumps(index, indent=2))
        archive.writestr("means.npz", arrays.getvalue())
        for place, one in enumerate(gallery.pictures):
            for what, uri in (
                ("mean", one.mean),
                ("standard-deviation", one.std),
                ("difference", one.difference),
            ):
                if uri:
                    archive.writestr(f"{place:02}-{what}.png", base64.b64decode(uri.partition(",")[2]))
    return packed.getvalue()

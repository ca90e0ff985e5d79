"""What a browser needs to look through an item that is a volume."""

from __future__ import annotations

from typing import Any

from core.audit.items import load_items
from core.config import get_settings
from core.errors import InputError, UnknownNameError
from core.jobs.job_folder import items_folder
from pages._shared.image_addresses import address_image

__all__ = ["address_volume"]


def address_volume(audit_id: str, item_id: str) -> dict[str, Any] | None:
    """Return the address of a volume's slices, and its slices, rows and columns; None of a picture.

    Args:
        audit_id: the audit, or experiment.
        item_id: one of its images.
    """
    try:
        item = load_items(items_folder(get_settings(), audit_id))[item_id]
    except (InputError, UnknownNameError):
        # What is not there says so where the image would be.
        return None
    if item.slices < 2:
        return None
    return {
        "address": address_image(audit_id, item_id, form="slice"),
        "shape": [item.slices, item.height, item.width],
    }

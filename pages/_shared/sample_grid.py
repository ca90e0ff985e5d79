"""Samples of several image sets side by side, on demand with the training image nearest to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.audit.items import AuditItems
from core.plots.style import REAL, SetStyle
from core.report.nearest_real import NearestReal
from pages._shared.image_addresses import address_image
from pages._shared.picture_grid import GridCell, GridColumn, GridRow, show_picture_grid
from pages._shared.volume_address import address_volume

__all__ = ["show_samples"]

# Up to so many columns, thumbnails are fetched in their largest size.
_FEW_COLUMNS = 4
_MISSING = "no further image of this class"


def show_samples(
    audit_id: str,
    items: AuditItems,
    drawn: Mapping[tuple[str, str | None], Sequence[str]],
    *,
    sets: Sequence[str],
    classes: Sequence[str | None],
    nearest: Mapping[str, NearestReal] | None,
    styles: Mapping[str, SetStyle],
) -> None:
    """Show one column a set and one row a draw.

    Args:
        audit_id: the audit.
        items: its images.
        drawn: (set, class) to item ids, from `core.audit.sampling.draw_samples`.
        sets: the columns.
        classes: parts of the grid; None stands for all images.
        nearest: nearest training image by item id, shown below each sample; None shows none.
        styles: name to style.
    """
    side = 512 if len(sets) <= _FEW_COLUMNS else 320
    rows = []
    for label in classes:
        columns = [drawn[name, label] for name in sets]
        for draw in range(max(map(len, columns), default=0)):
            ids = [column[draw] if draw < len(column) else None for column in columns]
            title = f"sample {draw + 1}" if label is None else f"{label}, sample {draw + 1}"
            cells = tuple(
                GridCell(caption=_MISSING) if one is None else _cell(audit_id, items, one, side)
                for one in ids
            )
            heading = (label or "") if draw == 0 else ""
            rows.append(GridRow(title, cells, heading=heading))
            if nearest is not None:
                beside = (
                    # Below a sample that is missing there is nothing to say.
                    GridCell() if one is None else _nearest(audit_id, items, name, nearest.get(one), side)
                    for name, one in zip(sets, ids, strict=True)
                )
                rows.append(GridRow(f"nearest real of {title}", tuple(beside)))
    show_picture_grid(
        [GridColumn(name, style=styles[name]) for name in sets],
        rows,
        key="samples",
        label="Samples by image set",
    )


def _cell(
    audit_id: str, items: AuditItems, item_id: str, side_px: int, caption: str = "", *, flagged: bool = False
) -> GridCell:
    return GridCell(
        address_image(audit_id, item_id, form="thumbnail", side_px=side_px),
        samples=address_image(audit_id, item_id, form="samples"),
        volume=address_volume(audit_id, item_id),
        caption=caption,
        about=items[item_id].item,
        item=item_id,
        flagged=flagged,
    )


def _nearest(
    audit_id: str, items: AuditItems, set_name: str, found: NearestReal | None, side_px: int
) -> GridCell:
    if set_name == REAL:
        return GridCell(caption="nearest real image of each sample")
    if found is None or found.real_id not in items:
        return GridCell(caption="no nearest image was searched")
    caption = ". ".join(filter(None, ("Nearest real image", found.sentence)))
    return _cell(audit_id, items, found.real_id, side_px, caption, flagged=found.flagged)

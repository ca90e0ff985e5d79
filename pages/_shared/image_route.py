"""The dashboard's own route: an item's image, for whoever holds a signed address."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.audit.item_volume import find_intensity, read_item_volume, show_middle_slice
from core.audit.items import AuditItem, load_items, read_item
from core.config import Settings, get_settings
from core.datasets.volume_cache import VolumeCache
from core.errors import ImageReadError, InputError, MedSynError, UnknownNameError
from core.images.display import to_levels
from core.images.encoding import encode_samples, encode_thumbnail
from core.images.overview import picture_volume
from core.jobs.job_folder import items_folder
from core.rating.session_folder import stimulus_path
from pages._shared.image_addresses import LOGIN_COOKIE, MAX_THUMBNAIL_PX, is_signed
from pages._shared.slice_answer import describe_samples, pack_slice, parse_slice

__all__ = ["IMAGE_ROUTE", "answer_image"]

# Pictures of patients stay out of the browser's disk cache.
_PRIVATE = {"Cache-Control": "no-store"}

# Whoever looks through a volume asks for one slice after the other.
_VOLUMES: Final = VolumeCache()


def answer_image(request: Request) -> Response:
    """Answer with an item's samples, deflated, with a thumbnail, or with what raters of a session saw.

    Of a volume, samples are those of one slice or of a montage, and the thumbnail is its middle slice.

    Errors name neither file nor set.
    """
    settings = get_settings()
    audit_id, item_id = request.path_params["audit_id"], request.path_params["item_id"]
    asked = {name: request.query_params.get(name, "") for name in ("form", "side", "until")}
    try:
        # A login stands in the signature: an address is of no use in another browser.
        allowed = is_signed(
            settings,
            audit_id,
            item_id,
            asked,
            signature=request.query_params.get("signature", ""),
            visitor=request.cookies.get(LOGIN_COOKIE, ""),
        )
        if not allowed:
            return _refuse("This address is not good any more; reload the page.", 403)
        if asked["form"] == "stimulus":
            return _answer_png(_read_stimulus(settings, audit_id, item_id))
        folder = items_folder(settings, audit_id)
        item = load_items(folder)[item_id]
        if asked["form"] == "slice":
            return _answer_slice(item, folder, settings, request.query_params)
        intensity, is_small = find_intensity(folder), asked["form"] == "thumbnail"
        if item.slices > 1:
            cached = read_item_volume(item, settings, _VOLUMES)
            if is_small:
                return _answer_png(
                    encode_thumbnail(show_middle_slice(cached, intensity), side_px=_side(asked))
                )
            image = picture_volume(cached.loaded, intensity)
        else:
            image = read_item(item, settings)
            if is_small:
                return _answer_png(encode_thumbnail(to_levels(image, intensity), side_px=_side(asked)))
        samples = encode_samples(image.pixels)
    except ImageReadError as error:
        return _refuse(f"The image cannot be shown: {error}.", 410)
    except MedSynError:
        return _refuse("There is no such image.", 404)
    except MemoryError:
        return _refuse("The image does not fit into memory.", 507)
    headers = _PRIVATE | describe_samples(samples)
    return Response(zlib.compress(samples.data, 1), 200, headers, "application/octet-stream")


def _side(asked: Mapping[str, str]) -> int:
    return min(max(int(asked["side"] or "1"), 1), MAX_THUMBNAIL_PX)


def _answer_png(data: bytes) -> Response:
    return Response(data, 200, _PRIVATE, "image/png")


def _answer_slice(item: AuditItem, folder: Path, settings: Settings, asked: Mapping[str, str]) -> Response:
    try:
        wanted = parse_slice(asked)
    except InputError as error:
        return _refuse(str(error), 400)
    if item.slices < 2:
        return _refuse("The image is a picture: it has no slices.", 404)
    cached = read_item_volume(item, settings, _VOLUMES)
    try:
        data, headers = pack_slice(cached, wanted, find_intensity(folder))
    except InputError as error:
        return _refuse(str(error), 404)
    return Response(data, 200, _PRIVATE | headers, "application/octet-stream")


def _read_stimulus(settings: Settings, session_id: str, number: str) -> bytes:
    if not (number.isascii() and number.isdecimal()):
        raise UnknownNameError(f"There is no image {number!r} of a rating session.")
    path = stimulus_path(settings, session_id, int(number))
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnknownNameError(f"{path.name} is not there; prepare the session again.") from error


def _refuse(sentence: str, status: int) -> Response:
    return PlainTextResponse(sentence, status, _PRIVATE)


IMAGE_ROUTE = Route("/images/{audit_id}/{item_id}", answer_image, methods=["GET"])

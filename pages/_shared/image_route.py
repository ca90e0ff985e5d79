"""The dashboard's own route: an item's image, for whoever holds a signed address."""

from __future__ import annotations

import zlib

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.audit.items import load_items, read_item
from core.config import Settings, get_settings
from core.errors import ImageReadError, MedSynError, UnknownNameError
from core.images.display import to_levels
from core.images.encoding import encode_samples, encode_thumbnail
from core.jobs.job_folder import items_folder
from core.rating.session_folder import stimulus_path
from pages._shared.image_addresses import LOGIN_COOKIE, MAX_THUMBNAIL_PX, is_signed

__all__ = ["IMAGE_ROUTE", "answer_image"]

# Pictures of patients stay out of the browser's disk cache.
_PRIVATE = {"Cache-Control": "no-store"}


def answer_image(request: Request) -> Response:
    """Answer with an item's samples, deflated, with a thumbnail, or with what raters of a session saw.

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
            return Response(_read_stimulus(settings, audit_id, item_id), 200, _PRIVATE, "image/png")
        image = read_item(load_items(items_folder(settings, audit_id))[item_id], settings)
        if asked["form"] == "thumbnail":
            side = min(max(int(asked["side"] or "1"), 1), MAX_THUMBNAIL_PX)
            return Response(encode_thumbnail(to_levels(image), side_px=side), 200, _PRIVATE, "image/png")
        samples = encode_samples(image.pixels)
    except ImageReadError as error:
        return _refuse(f"The image cannot be shown: {error}.", 410)
    except MedSynError:
        return _refuse("There is no such image.", 404)
    except MemoryError:
        return _refuse("The image does not fit into memory.", 507)
    headers = _PRIVATE | {
        "Content-Encoding": "deflate",
        "X-Image-Width": str(samples.width),
        "X-Image-Height": str(samples.height),
        "X-Image-Channels": str(samples.channels),
        "X-Image-Bits": str(samples.bits),
        "X-Image-Slope": repr(samples.slope),
        "X-Image-Intercept": repr(samples.intercept),
        "X-Image-Exact": str(int(samples.is_exact)),
        "X-Image-Low": str(samples.low),
        "X-Image-High": str(samples.high),
    }
    return Response(zlib.compress(samples.data, 1), 200, headers, "application/octet-stream")


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

"""The dashboard's own route: a map's points, for whoever holds a signed address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.config import get_settings
from core.errors import MedSynError
from core.jobs.job_folder import audit_folder
from core.maps.map_points import pack_points
from pages._shared.image_addresses import LOGIN_COOKIE, is_signed, name_map

__all__ = ["MAP_ROUTE", "answer_map"]

_PRIVATE = {"Cache-Control": "no-store"}


def answer_map(request: Request) -> Response:
    """Answer with a map's points as `core.maps.map_points.pack_points` lays them out."""
    settings = get_settings()
    audit_id, key = request.path_params["audit_id"], request.path_params["key"]
    asked = {name: request.query_params.get(name, "") for name in ("form", "side", "until")}
    try:
        allowed = asked["form"] == "map" and is_signed(
            settings,
            audit_id,
            name_map(key),
            asked,
            signature=request.query_params.get("signature", ""),
            visitor=request.cookies.get(LOGIN_COOKIE, ""),
        )
        if not allowed:
            return _refuse("This address is not good any more; reload the page.", 403)
        data = pack_points(audit_folder(settings, audit_id), key)
    except MedSynError:
        return _refuse("There is no such map.", 404)
    return Response(data, 200, _PRIVATE, "application/octet-stream")


def _refuse(sentence: str, status: int) -> Response:
    return PlainTextResponse(sentence, status, _PRIVATE)


MAP_ROUTE = Route("/maps/{audit_id}/{key}", answer_map, methods=["GET"])

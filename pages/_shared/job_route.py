"""The dashboard's own route: jobs that wait or run, for whoever holds a signed address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.config import get_settings
from core.errors import MedSynError
from pages._shared.image_addresses import JOBS_ADDRESS, LOGIN_COOKIE, is_signed, name_jobs

__all__ = ["JOB_ROUTE", "answer_jobs"]

_PRIVATE = {"Cache-Control": "no-store"}


def answer_jobs(request: Request) -> Response:
    """Answer with the active jobs of a study and kind, as `job_standing.encode_jobs` lays them out."""
    # Imported here: the server answers while this loads.
    from pages._shared.job_standing import encode_jobs, list_active_jobs

    study_id, kind = (request.query_params.get(name) for name in ("study", "kind"))
    asked = {name: request.query_params.get(name, "") for name in ("form", "side", "until")}
    try:
        allowed = asked["form"] == "jobs" and is_signed(
            get_settings(),
            JOBS_ADDRESS,
            name_jobs(study_id, kind),
            asked,
            signature=request.query_params.get("signature", ""),
            visitor=request.cookies.get(LOGIN_COOKIE, ""),
        )
        if not allowed:
            return PlainTextResponse("This address is not good any more; reload the page.", 403, _PRIVATE)
        jobs = encode_jobs(list_active_jobs(study_id=study_id, kind=kind))
    except MedSynError:
        return PlainTextResponse("The jobs cannot be read now.", 503, _PRIVATE)
    return JSONResponse(jobs, 200, _PRIVATE)


JOB_ROUTE = Route(JOBS_ADDRESS, answer_jobs, methods=["GET"])

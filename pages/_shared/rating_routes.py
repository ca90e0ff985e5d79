"""The rating page: routes of their own beside Streamlit, for raters who hold a link and see nothing else.

A link is a capability: its key names one rater and carries this workspace's signature. Raters have no
account, so where the dashboard asks for a login these routes do not; a link that was taken back opens
nothing. Raters on other machines need a dashboard that other machines may reach; a login keeps them out of
its other pages then.

What the browser gets is one page of plain JavaScript, images by the place of their trial, and numbers about
the rater's own progress. Sentences of `core` may name sets, files or sessions; here none of them passes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.config import Settings, get_settings
from core.errors import InputError, MedSynError, UnknownNameError
from pages._shared.rating_access import RATING_HEADERS, judge_request, read_json

__all__ = ["RATING_ROUTES"]

_ASSETS = Path(__file__).resolve().parents[2] / "assets"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
_log = logging.getLogger(__name__)


# Here and below, what opens the database is imported when it is needed: the server answers sooner.
def answer_page(request: Request) -> Response:
    """Answer with the page, the same for every rater."""
    from pages._shared.rating_replies import tell_state

    try:
        tell_state(get_settings(), request.path_params["key"])
    except UnknownNameError:
        return _send_file("rating/missing.html", 404)
    except MedSynError as error:
        _log.warning("%s", error)  # The page asks again until the server can answer.
    return _send_file("rating/index.html")


def answer_file(request: Request) -> Response:
    """Answer with a file of the page's own code."""
    file = _list_files().get(request.path_params["name"])
    return _refuse("There is no such file.", 404) if file is None else _send_file(file)


def answer_state(request: Request) -> Response:
    """Answer with what the page has to show."""
    from pages._shared.rating_replies import tell_state

    return _guard(lambda: _send(tell_state(get_settings(), request.path_params["key"])))


def answer_image(request: Request) -> Response:
    """Answer with an image of the next trials, or of one that the rater was allowed to see before."""
    from pages._shared.rating_replies import find_picture

    return _guard(lambda: _send_picture(find_picture(get_settings(), **request.path_params)))


def answer_mask(request: Request) -> Response:
    """Answer with the mask that follows timed images."""
    from pages._shared.rating_replies import find_mask

    return _guard(lambda: _send_picture(find_mask(get_settings(), **request.path_params)))


async def answer_begin(request: Request) -> Response:
    """Keep consent and background, and answer with what the page has to show then."""
    from pages._shared.rating_replies import begin

    return await _take(request, begin)


async def answer_answers(request: Request) -> Response:
    """Keep answers in the order handed in, and answer with what they led to."""
    from pages._shared.rating_replies import keep_answers

    return await _take(request, keep_answers)


async def _take(request: Request, reply: Callable[[Settings, str, object], dict[str, Any]]) -> Response:
    """Read what was posted, where the page itself posted it, and act on it outside the event loop."""
    refusal = judge_request(request)
    if refusal is not None:
        return _refuse(refusal, 403)
    try:
        content = await read_json(request)
    except ValueError:
        return _refuse("What was sent is too large or no JSON.", 413)
    key = request.path_params["key"]
    return await run_in_threadpool(_guard, lambda: _send(reply(get_settings(), key, content)))


def _guard(act: Callable[[], Response]) -> Response:
    """Answer, and put what went wrong into words that tell a rater nothing of the study."""
    try:
        return act()
    except ValidationError:
        return _refuse("What was sent does not fit; reload the page.", 422)
    except UnknownNameError:
        return _refuse("There is nothing of that kind for you now; reload the page.", 404)
    except InputError:
        return _refuse("The session has changed meanwhile; reload the page.", 409)
    except (MedSynError, OSError) as error:
        _log.warning("A rater could not be answered: %s", error)
        return _refuse("The server cannot answer at the moment; the page tries again.", 503)


def _refuse(sentence: str, status: int) -> Response:
    return _send({"error": sentence}, status)


def _send(content: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(content, status, RATING_HEADERS)


def _send_picture(path: Path) -> Response:
    # Read here: an answer made of a file would carry its age.
    return Response(path.read_bytes(), 200, RATING_HEADERS, "image/png")


def _send_file(name: str, status: int = 200) -> Response:
    content = (_ASSETS / name).read_bytes()
    return Response(content, status, RATING_HEADERS, _TYPES[Path(name).suffix])


@lru_cache(maxsize=1)
def _list_files() -> dict[str, str]:
    """What the page may load, by name; nothing else is looked up."""
    own = [path.name for path in (_ASSETS / "rating").iterdir() if path.suffix in (".js", ".css")]
    return {name: f"rating/{name}" for name in own} | {"logo.svg": "logo.svg"}


RATING_ROUTES: Final = (
    Route("/rate/{key}", answer_page, methods=["GET"]),
    Route("/rate/{key}/state", answer_state, methods=["GET"]),
    Route("/rate/{key}/image/{position:int}/{slot:int}", answer_image, methods=["GET"]),
    Route("/rate/{key}/mask", answer_mask, methods=["GET"]),
    Route("/rate/{key}/begin", answer_begin, methods=["POST"]),
    Route("/rate/{key}/answers", answer_answers, methods=["POST"]),
    Route("/rate-files/{name}", answer_file, methods=["GET"]),
)

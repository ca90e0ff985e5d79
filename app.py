"""The dashboard's entry: `streamlit run app.py` starts it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core.config import get_settings
from core.errors import InputError
from pages._shared.access import is_authentication_configured, judge_address, judge_protection
from pages._shared.failures import show_failure
from pages._shared.guards import LocalOnly, SecurityHeaders
from pages._shared.image_route import IMAGE_ROUTE
from pages._shared.job_route import JOB_ROUTE
from pages._shared.map_route import MAP_ROUTE
from pages._shared.rating_routes import RATING_ROUTES
from pages._shared.rounds import make_rounds

try:
    allow_remote = get_settings().allow_remote
except InputError as error:
    sys.exit(f"MedSynAudit does not start: {error}")

address = st.get_option("server.address")
authenticated = is_authentication_configured()
refusal = judge_address(address, authenticated=authenticated, allow_remote=allow_remote) or judge_protection(
    address, xsrf=st.get_option("server.enableXsrfProtection"), cors=st.get_option("server.enableCORS")
)
if refusal:
    sys.exit(refusal)

# Addresses of pages name folders, which may be called after patients: no log holds them.
logging.getLogger("uvicorn.access").addFilter(lambda _record: False)

middleware = [Middleware(SecurityHeaders)]
# Whoever opened the dashboard to others may have put a proxy in front of it, which has a name of its own.
if not (authenticated or allow_remote):
    middleware.append(Middleware(LocalOnly))

app = st.App(
    # Pages lie in groups: Streamlit would serve a deep link to a page flat in pages/ without the frame.
    Path(__file__).parent / "pages" / "_shared" / "frame.py",
    routes=[IMAGE_ROUTE, JOB_ROUTE, MAP_ROUTE, *RATING_ROUTES],
    lifespan=make_rounds,
    middleware=middleware,
    on_script_error=show_failure,
)

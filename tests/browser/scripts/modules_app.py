"""The dashboard, with one more address that tells which modules its process has loaded."""

import sys
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pages._shared.failures import show_failure

ROOT = Path(__file__).resolve().parents[3]


def list_modules(_: Request) -> PlainTextResponse:
    """One name a line."""
    return PlainTextResponse("\n".join(sorted(sys.modules)))


app = st.App(
    ROOT / "pages" / "_shared" / "frame.py",
    routes=[Route("/loaded-modules", list_modules)],
    on_script_error=show_failure,
)

"""Pages as visitors meet them: within the frame."""

from __future__ import annotations

import warnings
from pathlib import Path

with warnings.catch_warnings():
    # Streamlit's own imports warn on some versions; what our pages do is what tests look at.
    warnings.simplefilter("ignore")
    from streamlit.testing.v1 import AppTest

__all__ = ["FRAME", "run_frame"]

FRAME = Path(__file__).resolve().parents[2] / "pages" / "_shared" / "frame.py"


def run_frame(page: str | None = None) -> AppTest:
    """Run the frame with its first page, or with the page whose file below pages/ is given."""
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    return app.switch_page(str(FRAME.parents[1] / page)).run() if page else app

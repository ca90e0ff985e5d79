"""An app whose page fails where the frame cannot catch it: in a fragment that reruns, and in a callback."""

from pathlib import Path

import streamlit as st

from pages._shared.failures import show_failure

app = st.App(Path(__file__).parent / "failing_page.py", on_script_error=show_failure)

"""The dashboard's entry: `streamlit run app.py` starts it."""

from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parent

st.set_page_config(page_title="MedSynAudit", page_icon=str(ROOT / "assets" / "logo.svg"), layout="wide")
st.logo(str(ROOT / "assets" / "logo.svg"))

# Pages lie in groups: a deep link to a page that lies flat in pages/ would be served without this frame.
st.navigation(
    {
        "Study": [
            st.Page("pages/study/overview.py", title="Overview", icon=":material/overview:", default=True)
        ]
    }
).run()

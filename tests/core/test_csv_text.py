from __future__ import annotations

from io import StringIO

import pandas as pd

from core.csv_text import render_csv


def test_no_cell_runs_as_a_formula_and_numbers_stay_numbers() -> None:
    table = pd.DataFrame({"item": ["=a.png", "b.png"], "label": ["+x", "\tnone"], "change": [-0.5, None]})
    text = render_csv(table, paths=("item",))
    assert text.splitlines()[1:] == ['"./=a.png","\'+x",-0.5', '"b.png","\'\tnone",""']
    assert pd.read_csv(StringIO(text))["change"][0] == -0.5

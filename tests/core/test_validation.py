from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from core.errors import InputError
from core.validation import explain_unreadable


class Record(BaseModel):
    first: int
    second: int


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, r"record.json cannot be read \(No such file or directory\); run the audit again"),
        ('{"first": 1, "second"', "record.json is damaged; run the audit again"),
        (
            '{"third": 1}',
            r"record.json is not a record that this version reads \(2 fields differ\); run the aud",
        ),
    ],
)
def test_what_is_wrong_with_a_result_is_one_sentence(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "record.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=said), explain_unreadable(path, noun="a record", work="audit"):
        Record.model_validate_json(path.read_bytes())


def test_a_result_that_fits_is_read(tmp_path: Path) -> None:
    with explain_unreadable("it", noun="a record", work="audit"):
        found = Record.model_validate_json('{"first": 1, "second": 2}')
    assert found.second == 2

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from core.output_folder import check_output_folder, replace_text


def test_a_check_leaves_everything_as_it_was(tmp_path: Path) -> None:
    check_output_folder(tmp_path / "new")
    check_output_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/below cannot be written \(.+\); choose another --output"):
        check_output_folder(tmp_path / "file" / "below")


def test_text_replaces_the_earlier_file_whole_whatever_names_hold(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a much longer text than the one that follows")
    # File names that are no UTF-8 come as lone surrogates.
    replace_text(path, "é\udcff\n")
    assert path.read_bytes() == "é\\udcff\n".encode()
    assert list(tmp_path.iterdir()) == [path]

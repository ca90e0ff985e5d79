"""A study being set up. It lives in the address, so that a reload or the back button loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from pydantic import ValidationError

from core.datasets.folder_roots import FolderRef
from core.datasets.study import clean_name
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.studies import StudyRecord
from core.errors import InputError
from core.validation import explain_first

__all__ = ["Draft", "add_picked", "change_folder", "keep_draft", "read_draft"]

_SINGLE = ("real", "heldout", "labels")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the user has chosen so far.

    Attributes:
        name: the study's name.
        real: folder of the real set.
        heldout: folder of the held-out set.
        labels: the labels CSV.
        synthetic: name and folder of each synthetic set.
    """

    name: str = ""
    real: FolderRef | None = None
    heldout: FolderRef | None = None
    labels: FolderRef | None = None
    synthetic: tuple[tuple[str, FolderRef], ...] = ()

    def folders(self) -> StudyFolders:
        """The study's folders.

        Raises:
            InputError: with what is missing or does not go together.
        """
        if self.real is None:
            raise InputError("Choose the real images; synthetic sets may follow.")
        try:
            named = tuple(SyntheticFolder(name=name, folder=folder) for name, folder in self.synthetic)
            return StudyFolders(real=self.real, heldout=self.heldout, labels=self.labels, synthetic=named)
        except ValidationError as error:
            raise InputError(explain_first(error)) from error


def read_draft(study: StudyRecord | None) -> Draft:
    """Read the draft from the address.

    Args:
        study: the study being changed; the draft begins with what it holds.
    """
    params = st.query_params
    if study is not None and "name" not in params:
        folders = study.folders
        named = tuple((one.name, one.folder) for one in folders.synthetic)
        return Draft(study.name, folders.real, folders.heldout, folders.labels, named)
    chosen = {field: _decode(params.get(field, "")) for field in _SINGLE}
    synthetic = []
    for text in params.get_all("synthetic"):
        name, _, place = text.partition("=")
        folder = _decode(place)
        if folder is not None:
            synthetic.append((name, folder))
    return Draft(params.get("name", ""), **chosen, synthetic=tuple(synthetic))


def keep_draft(draft: Draft) -> None:
    """Write the draft into the address."""
    params: dict[str, str | list[str]] = {"name": draft.name}
    if "study" in st.query_params:
        params["study"] = st.query_params["study"]
    for field in _SINGLE:
        folder = getattr(draft, field)
        if folder is not None:
            params[field] = _encode(folder)
    params["synthetic"] = [f"{name}={_encode(folder)}" for name, folder in draft.synthetic]
    st.query_params.from_dict(params)


def add_picked(draft: Draft, purpose: str, picked: Sequence[FolderRef]) -> Draft:
    """Put what was picked into the draft: synthetic sets are added, the others replaced."""
    for folder in picked:
        draft = (
            _add_synthetic(draft, folder) if purpose == "synthetic" else change_folder(draft, purpose, folder)
        )
    return draft


def change_folder(draft: Draft, field: str, folder: FolderRef | None) -> Draft:
    """Choose or leave out the real set, the held-out set or the labels."""
    match field:
        case "real":
            return replace(draft, real=folder)
        case "heldout":
            return replace(draft, heldout=folder)
        case _:
            return replace(draft, labels=folder)


def _add_synthetic(draft: Draft, folder: FolderRef) -> Draft:
    """Add a synthetic set, named after its folder and numbered where the name is taken."""
    base = clean_name(folder.path.rpartition("/")[2] or folder.root)
    taken = {name.casefold() for name, _ in draft.synthetic}
    name, number = base, 2
    while name.casefold() in taken:
        name, number = f"{base[:70]} {number}", number + 1
    return replace(draft, synthetic=(*draft.synthetic, (name, folder)))


def _encode(folder: FolderRef) -> str:
    # A root's name holds no colon.
    return f"{folder.root}:{folder.path}"


def _decode(text: str) -> FolderRef | None:
    root, parted, path = text.partition(":")
    if not parted:
        return None
    try:
        return FolderRef(root=root, path=path)
    except ValidationError:
        return None

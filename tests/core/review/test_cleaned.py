"""A cleaned set: confirmed copies and their duplicates go, everything else arrives byte by byte."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from core.audit.items import AuditItems, tabulate_items
from core.config import Settings, get_settings
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.db.review_record import ReviewPair, Verdict
from core.errors import CancelledError, InputError, UnknownNameError
from core.progress import SilentProgress
from core.review.cleaned import (
    CleanedSet,
    _list_items,
    clean_set,
    render_checksums,
    render_dropped_csv,
    render_kept_csv,
)
from core.review.cleaned_folder import write_cleaned_folder
from core.review.outcome import compute_calls
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from tests.core.review.rows import COPY, NEAR, NOT, UNSURE, make_rows
from tests.reviews import PairedAudit, make_paired_audit
from tests.volumes import write_series


@pytest.fixture
def audit(tmp_path: Path) -> PairedAudit:
    return make_paired_audit(tmp_path / "data")


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return get_settings()


def read(audit: PairedAudit, said: dict[int, Verdict], *, only_copies: bool = False) -> CleanedSet:
    """Clean `gan` by verdicts on its n-th images, of which six are under review."""
    pairs = plan_review(audit.pairs, audit.items, ReviewPlan(sets=("gan",), n_strongest=6))
    by_id: dict[str, ReviewPair] = {pair.query_id: pair for pair in pairs}
    numbers = {by_id[audit.of("gan")[n]].number: verdict for n, verdict in said.items()}
    calls = compute_calls(pairs, make_rows("Ada", numbers))
    return clean_set(audit.items, calls, "gan", only_copies=only_copies)


def repeat(audit: PairedAudit, first: int, second: int) -> PairedAudit:
    """Give one image of `gan` the digest of another."""
    rows = audit.items.table.to_pylist()
    own = [row for row in rows if row["set"] == "gan"]
    own[second]["digest"] = own[first]["digest"]
    table = audit.items.table.from_pylist(rows, schema=audit.items.table.schema)
    folders = {name: str(audit.items.folder_of(name)) for name in ("real", "heldout", "gan", "ddpm")}
    return replace(audit, items=AuditItems(table, folders))


def test_copies_and_near_copies_go(audit: PairedAudit) -> None:
    ids = audit.of("gan")
    cleaned = read(audit, {0: COPY, 1: NEAR, 2: NOT, 3: UNSURE})
    assert [one.item.id for one in cleaned.dropped] == ids[:2]
    assert [one.id for one in cleaned.kept] == ids[2:]
    assert (cleaned.n_open, cleaned.n_unread) == (1, 2)
    only = read(audit, {0: COPY, 1: NEAR, 2: NOT, 3: UNSURE}, only_copies=True)
    assert [one.item.id for one in only.dropped] == ids[:1]
    assert len(read(audit, {2: NOT}).kept) == 20


def test_files_equal_to_a_confirmed_copy_go_with_it(audit: PairedAudit) -> None:
    ids = audit.of("gan")
    cleaned = read(repeat(audit, 0, 15), {0: COPY, 2: NOT})
    assert [(one.item.id, one.is_duplicate) for one in cleaned.dropped] == [(ids[0], False), (ids[15], True)]
    assert cleaned.dropped[1].call == cleaned.dropped[0].call
    # Also one that was read as something else.
    cleaned = read(repeat(audit, 0, 2), {0: COPY, 2: NOT})
    assert [(one.item.id, one.is_duplicate) for one in cleaned.dropped] == [(ids[0], False), (ids[2], True)]


def test_what_cannot_be_cleaned(audit: PairedAudit) -> None:
    calls = compute_calls(plan_review(audit.pairs, audit.items, ReviewPlan()), [])
    with pytest.raises(InputError, match="Nobody has judged"):
        clean_set(audit.items, calls, "gan")
    for name in ("nobody", "heldout"):
        with pytest.raises(UnknownNameError, match=f"no synthetic set '{name}'; it has: gan, ddpm"):
            clean_set(audit.items, calls, name)


def test_a_folder_holds_what_stays(audit: PairedAudit, settings: Settings, tmp_path: Path) -> None:
    cleaned = read(audit, {0: COPY, 1: NEAR, 2: NOT})
    folder = tmp_path / "out" / "gan"
    write_cleaned_folder(cleaned, folder, settings=settings)
    source = tmp_path / "data" / "gan"
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert files == {PurePath(one.item) for one in cleaned.kept}
    assert {path.parts[0] for path in files} == {"a", "b"}
    assert all((folder / path).read_bytes() == (source / path).read_bytes() for path in files)
    assert len(list(source.rglob("*.png"))) == 20
    assert sorted(path.name for path in folder.parent.iterdir()) == ["gan", "gan-dropped.csv", "gan-kept.csv"]
    kept = list(csv.DictReader(io.StringIO((folder.parent / "gan-kept.csv").read_text())))
    assert [(row["file"], row["label"], row["digest"]) for row in kept] == [
        (one.item, one.label, one.digest) for one in cleaned.kept
    ]
    dropped = list(csv.DictReader(io.StringIO((folder.parent / "gan-dropped.csv").read_text())))
    assert [(row["file"], row["call"], row["basis"], row["same_file_as_pair"]) for row in dropped] == [
        (cleaned.dropped[0].item.item, "copy", "one reader", "False"),
        (cleaned.dropped[1].item.item, "near copy", "one reader", "False"),
    ]


def test_checksums_are_those_that_sha256sum_reads(
    audit: PairedAudit, settings: Settings, tmp_path: Path
) -> None:
    cleaned = read(audit, {0: COPY})
    write_cleaned_folder(cleaned, tmp_path / "out", settings=settings)
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("sha256sum is not here")
    done = subprocess.run(
        [program, "--check", "--strict"], cwd=tmp_path / "out", input=render_checksums(cleaned),
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.count(b": OK\n")) == (0, 19)


def test_lists_hold_any_name(audit: PairedAudit) -> None:
    cleaned = read(audit, {0: COPY})
    names = ["=cmd.png", "line\nbreak\\.png", 'a,b".png', "\udcff.png"]
    kept = tuple(
        replace(one, item=name.encode("utf-8", "backslashreplace").decode(), path=cleaned.folder / name)
        for one, name in zip(cleaned.kept, names, strict=False)
    )
    odd = replace(cleaned, kept=kept)
    assert [line.partition(b"  ")[2] for line in render_checksums(odd).splitlines()] == [
        b"=cmd.png", b"line\\nbreak\\\\.png", b'a,b".png', b"\xff.png",
    ]  # fmt: skip
    assert render_checksums(odd).splitlines()[1].startswith(b"\\" + kept[1].digest.encode())
    rows = list(csv.DictReader(io.StringIO(render_kept_csv(odd), newline="")))
    assert [row["file"] for row in rows] == ["./=cmd.png", "line\nbreak\\.png", 'a,b".png', "\\udcff.png"]
    assert render_dropped_csv(replace(cleaned, dropped=())).splitlines() == [
        '"file","label","digest","call","basis","pair","same_file_as_pair"'
    ]


def leave_nothing(cleaned: CleanedSet, folder: Path, settings: Settings, says: str) -> None:
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(InputError, match=says) as caught:
        write_cleaned_folder(cleaned, folder, settings=settings)
    assert all(one.path.name not in str(caught.value) for one in cleaned.kept)
    assert sorted(folder.parent.rglob("*")) == before


def test_nothing_is_overwritten(audit: PairedAudit, settings: Settings, tmp_path: Path) -> None:
    cleaned, folder = read(audit, {0: COPY}), tmp_path / "out"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    leave_nothing(cleaned, folder, settings, "is there already and is not overwritten")
    assert (folder / "mine.txt").read_text() == "mine"
    (folder / "mine.txt").unlink()
    (tmp_path / "out-kept.csv").touch()
    leave_nothing(cleaned, folder, settings, "out-kept.csv is there already")
    (tmp_path / "out-kept.csv").unlink()
    write_cleaned_folder(cleaned, folder, settings=settings)
    leave_nothing(cleaned, folder, settings, "is there already")


def test_a_set_is_not_cleaned_into_itself(audit: PairedAudit, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "data" / "gan")
    for folder in (tmp_path / "data" / "gan" / "out", tmp_path / "link" / "out"):
        leave_nothing(read(audit, {0: COPY}), folder, settings, "cannot lie within the set")


def test_a_changed_or_missing_file_stops_it(audit: PairedAudit, settings: Settings, tmp_path: Path) -> None:
    cleaned = read(audit, {0: COPY})
    kept = cleaned.kept[10]
    (tmp_path / "out").mkdir()
    kept.path.write_bytes(kept.path.read_bytes() + b"\0")
    leave_nothing(cleaned, tmp_path / "out" / "x", settings, f"{kept.id} cannot be copied: it has changed")
    kept.path.unlink()
    leave_nothing(
        cleaned, tmp_path / "out" / "x", settings, f"{kept.id} cannot be copied: it is not a regular"
    )


def test_files_outside_of_the_roots_are_not_copied(
    audit: PairedAudit, settings: Settings, tmp_path: Path
) -> None:
    cleaned = read(audit, {0: COPY})
    kept = cleaned.kept[3]
    kept.path.rename(tmp_path / "elsewhere.png")
    kept.path.symlink_to(tmp_path / "elsewhere.png")
    confined = replace(settings, confined_to=(tmp_path / "data",))
    (tmp_path / "out").mkdir()
    leave_nothing(cleaned, tmp_path / "out" / "x", confined, "outside its folder root")
    escaped = replace(kept, path=cleaned.folder / ".." / "ddpm" / "a" / "0000.png")
    led_out = replace(cleaned, kept=(escaped,))
    with pytest.raises(InputError, match="names a file outside of its set"):
        write_cleaned_folder(led_out, tmp_path / "out" / "x", settings=settings)
    assert list((tmp_path / "out").iterdir()) == []


def test_stopping_leaves_nothing(audit: PairedAudit, settings: Settings, tmp_path: Path) -> None:
    class Impatient(SilentProgress):
        n = 0

        def advance(self, steps: int = 1) -> None:
            self.n += steps
            if self.n == 7:
                raise CancelledError

    with pytest.raises(CancelledError):
        write_cleaned_folder(
            read(audit, {0: COPY}), tmp_path / "out" / "x", settings=settings, progress=Impatient()
        )
    assert list((tmp_path / "out").iterdir()) == []


def test_all_files_of_a_series_go_and_stay_together(tmp_path: Path, settings: Settings) -> None:
    root = write_series(tmp_path / "gan", 3)
    found = scan_image_set(root, role=Role.SYNTHETIC, name="gan", join_slices=True, settings=settings)
    items = AuditItems(tabulate_items([found]), {"gan": str(root)})
    kept = tuple(_list_items(items.table, root))
    assert [len(one.parts) for one in kept] == [3, 3, 3]
    cleaned = CleanedSet(name="gan", folder=root, kept=kept[:2], dropped=(), n_open=0, n_unread=0)
    write_cleaned_folder(cleaned, tmp_path / "out", settings=settings)
    written = {path.relative_to(tmp_path / "out"): path for path in (tmp_path / "out").rglob("*.dcm")}
    wanted = {path.relative_to(root): path for path in root.rglob("*.dcm") if path.parent.name != "case02"}
    assert written.keys() == wanted.keys()
    assert all(written[name].read_bytes() == path.read_bytes() for name, path in wanted.items())
    # One digest stands for all files of a series: no list of single files can be made of it.
    with pytest.raises(InputError, match="DICOM series of several files"):
        render_checksums(cleaned)
    (root / "case01" / "2.dcm").write_bytes(b"other")
    with pytest.raises(InputError, match="changed since the audit"):
        write_cleaned_folder(cleaned, tmp_path / "again", settings=settings)
    assert not (tmp_path / "again").exists()

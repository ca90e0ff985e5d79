"""Confinement: what lies below a root opens, whatever leads out of it does not, also when swapped midway."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import core.confinement as confinement
from core.confinement import is_confined, open_confined, resolve_below
from core.errors import InputError, OutsideRootError

IS_ROOT = getattr(os, "geteuid", lambda: 0)() == 0
SECRET = b"another patient"


@pytest.fixture(params=["handles", "names"], autouse=True)
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test once by the kernel's handles, where it has them, and once by names as elsewhere."""
    if request.param == "names":
        monkeypatch.setattr(confinement, "_HAS_HANDLES", False)
    elif not confinement._HAS_HANDLES:
        pytest.skip("this system does not tell where handles lie")
    return request.param


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a file, beside a folder that it must not lead to."""
    root = tmp_path / "root"
    (root / "set").mkdir(parents=True)
    (root / "set" / "a.png").write_bytes(b"a")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.png").write_bytes(SECRET)
    return root


def read(path: Path, *roots: Path) -> bytes:
    with open_confined(path, roots) as stream:
        return stream.read()


def test_what_lies_below_resolves(root: Path) -> None:
    assert resolve_below(root, "") == root
    assert resolve_below(root, "set") == root / "set"
    assert resolve_below(root, "set//./a.png") == root / "set" / "a.png"


@pytest.mark.parametrize("relative", ["..", "set/../..", "set/..", "/etc", "//etc", "../outside/secret.png"])
def test_ways_up_and_absolute_paths_are_refused(root: Path, relative: str) -> None:
    with pytest.raises(OutsideRootError):
        resolve_below(root, relative)


@pytest.mark.parametrize("relative", ["gone", "set/a.png/deeper", "a\0b", "\ud800", "x" * 300, "x/" * 3000])
def test_what_is_not_there_is_refused(root: Path, relative: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_below(root, relative)
    assert not isinstance(caught.value, OutsideRootError)
    str(caught.value).encode()


def test_backslashes_and_dots_are_characters(root: Path) -> None:
    for name in ("..\\..", "C:\\", "...", "-rf", "a\nb", "~"):
        (root / name).mkdir()
        assert resolve_below(root, name) == root / name


@pytest.mark.parametrize("bad", [Path(), Path("root"), Path("/nowhere/at/all")])
def test_a_root_is_an_absolute_folder_that_is_there(bad: Path) -> None:
    with pytest.raises(InputError, match="folder root"):
        resolve_below(bad, "")


def test_links_below_the_root_are_followed(root: Path) -> None:
    (root / "link").symlink_to("set")
    (root / "chain").symlink_to(root / "link" / "a.png")
    assert resolve_below(root, "link") == root / "set"
    assert read(root / "chain", root) == b"a"
    assert is_confined(root / "link", (root,))


def make_link(root: Path) -> Path:
    (root / "link.png").symlink_to(root.parent / "outside" / "secret.png")
    return root / "link.png"


def make_relative_link(root: Path) -> Path:
    (root / "set" / "up.png").symlink_to("../../outside/secret.png")
    return root / "set" / "up.png"


def make_linked_folder(root: Path) -> Path:
    (root / "folder").symlink_to(root.parent / "outside")
    return root / "folder" / "secret.png"


def make_chain(root: Path) -> Path:
    (root / "last").symlink_to(root.parent / "outside")
    (root / "middle").symlink_to("last/secret.png")
    (root / "first").symlink_to("set/../middle")
    return root / "first"


LEADS_OUT = [make_link, make_relative_link, make_linked_folder, make_chain]


@pytest.mark.parametrize("make", LEADS_OUT)
def test_links_that_lead_out_are_refused(root: Path, make: Callable[[Path], Path]) -> None:
    path = make(root)
    assert path.read_bytes() == SECRET
    assert not is_confined(path, (root,))
    with pytest.raises(OutsideRootError, match="leads out") as caught:
        resolve_below(root, path.relative_to(root).as_posix())
    assert "outside" not in str(caught.value)  # where it leads is not told
    with pytest.raises(OutsideRootError, match="leads out"):
        open_confined(path, (root,))
    assert read(path) == SECRET  # the command line is not confined


def test_a_link_out_to_nowhere_tells_nothing_about_what_is_there(root: Path) -> None:
    (root / "there").symlink_to(root.parent / "outside")
    (root / "gone").symlink_to(root.parent / "nowhere")
    for name in ("there", "gone"):
        assert not is_confined(root / name, (root,))
        with pytest.raises(OutsideRootError):
            resolve_below(root, name)


def test_a_link_to_nowhere_below_the_root_is_confined_but_does_not_open(root: Path) -> None:
    (root / "dangling").symlink_to("gone")
    (root / "circle").symlink_to("circle")
    for name in ("dangling", "circle"):
        assert is_confined(root / name, (root,))
        with pytest.raises(InputError, match="not there"):
            resolve_below(root, name)
        with pytest.raises(OSError):
            open_confined(root / name, (root,))


def test_a_root_that_begins_like_another_does_not_hold_its_files(root: Path) -> None:
    sibling = root.with_name("root2")
    sibling.mkdir()
    (sibling / "b.png").write_bytes(SECRET)
    (root / "link").symlink_to(sibling / "b.png")
    assert not is_confined(sibling / "b.png", (root,))
    with pytest.raises(OutsideRootError, match="no folder root"):
        open_confined(sibling / "b.png", (root,))
    with pytest.raises(OutsideRootError):
        resolve_below(root, "link")


def test_the_innermost_root_counts(root: Path) -> None:
    inner = root / "set"
    (inner / "up.png").symlink_to(root / "b.png")
    (root / "b.png").write_bytes(b"b")
    assert read(inner / "up.png", root) == b"b"
    for roots in ((root, inner), (inner, root)):
        with pytest.raises(OutsideRootError):
            open_confined(inner / "up.png", roots)


def test_a_link_from_one_root_into_another_is_refused(root: Path) -> None:
    other = root.parent / "outside"
    with pytest.raises(OutsideRootError):
        open_confined(make_link(root), (root, other))
    assert read(other / "secret.png", root, other) == SECRET


def test_a_root_may_be_a_link_itself(root: Path) -> None:
    alias = root.with_name("alias")
    alias.symlink_to(root)
    assert resolve_below(alias, "set") == root / "set"
    assert read(alias / "set" / "a.png", alias) == b"a"
    assert is_confined(alias / "set", (alias,))
    (root / "out").symlink_to(root.parent / "outside")
    assert not is_confined(alias / "out", (alias,))


def test_ways_up_do_not_fool_the_name_check(root: Path) -> None:
    with pytest.raises(OutsideRootError):
        open_confined(root / ".." / "outside" / "secret.png", (root,))
    make_linked_folder(root)
    # Read as text this stays below the root; the kernel follows the link first.
    (root.parent / "a.png").write_bytes(SECRET)
    with pytest.raises(OutsideRootError):
        open_confined(root / "folder" / ".." / "a.png", (root,))


def test_a_relative_path_is_taken_from_the_working_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert read(Path("set/a.png"), root) == b"a"
    with pytest.raises(OutsideRootError):
        open_confined(Path("../outside/secret.png"), (root,))


@pytest.mark.parametrize("roots", [True, False], ids=["confined", "free"])
@pytest.mark.timeout(20)
def test_pipes_folders_and_devices_are_refused_without_waiting(root: Path, roots: bool) -> None:
    os.mkfifo(root / "pipe")
    for path in (root / "pipe", root / "set"):
        with pytest.raises(InputError, match="not a regular file"):
            open_confined(path, (root,) if roots else ())
    with pytest.raises(InputError):
        open_confined(Path("/dev/null"), (Path("/dev"),) if roots else ())


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_file_swapped_at_the_last_moment(
    root: Path, monkeypatch: pytest.MonkeyPatch, system: str, kind: str
) -> None:
    """After all checks of the name and before the file is opened by it."""
    victim = root / "set" / "a.png"
    original = os.open
    pinned = confinement._pin

    def swap() -> None:
        victim.unlink()
        if kind == "link":
            victim.symlink_to(root.parent / "outside" / "secret.png")
        else:
            os.mkfifo(victim)

    if system == "handles":
        # What was checked is opened by its handle, whatever its name means by now.
        def pin(path: str) -> int:
            handle = pinned(path)
            swap()
            return handle

        monkeypatch.setattr(confinement, "_pin", pin)
        assert read(victim, root) == b"a"
        return

    def opening(path: str, flags: int, *rest: int) -> int:
        monkeypatch.setattr(os, "open", original)
        swap()
        return original(path, flags, *rest)

    monkeypatch.setattr(os, "open", opening)
    with pytest.raises((OSError, InputError)):
        open_confined(victim, (root,))


def test_a_folder_swapped_between_check_and_opening(
    root: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    """The path's own last part is no link, a folder above it has become one."""
    (root.parent / "outside" / "a.png").write_bytes(SECRET)
    name = "_locate" if system == "names" else "_pin"
    checked = getattr(confinement, name)

    def check_then_swap(path: str) -> object:
        found = checked(path)
        if path.endswith("a.png") and not (root / "set").is_symlink():
            (root / "set").rename(root / "moved")
            (root / "set").symlink_to(root.parent / "outside")
        return found

    monkeypatch.setattr(confinement, name, check_then_swap)
    if system == "names":
        with pytest.raises(OutsideRootError):
            open_confined(root / "set" / "a.png", (root,))
    else:
        assert read(root / "set" / "a.png", root) == b"a"


def test_a_folder_swapped_and_swapped_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names look right before and after; only the opened file tells."""
    (root.parent / "outside" / "a.png").write_bytes(SECRET)
    original = os.open

    def opening(path: str, flags: int, *rest: int) -> int:
        (root / "set").rename(root / "moved")
        (root / "set").symlink_to(root.parent / "outside")
        try:
            return original(path, flags, *rest)
        finally:
            (root / "set").unlink()
            (root / "moved").rename(root / "set")

    monkeypatch.setattr(os, "open", opening)
    with pytest.raises(OutsideRootError):
        open_confined(root / "set" / "a.png", (root,))


def test_a_name_that_flips_all_the_time_never_gives_the_secret(root: Path) -> None:
    """A thread swaps a file for a link out, again and again, while it is opened."""
    victim, good, bad = root / "flip.png", root / "good", root / "bad"
    good.write_bytes(b"a")
    bad.symlink_to(root.parent / "outside" / "secret.png")
    victim.write_bytes(b"a")
    stop = threading.Event()

    def flip() -> None:
        while not stop.is_set():
            for source in (bad, good):
                spare = root / "spare"
                spare.unlink(missing_ok=True)
                os.link(source, spare, follow_symlinks=False)
                spare.replace(victim)

    flipping = threading.Thread(target=flip)
    flipping.start()
    read_as, refused = set(), 0
    try:
        for _ in range(2000):
            try:
                read_as.add(read(victim, root))
            except (OutsideRootError, OSError):
                refused += 1
    finally:
        stop.set()
        flipping.join()
    assert read_as <= {b"a"}
    assert refused


def count_open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_nothing_stays_open(root: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files are counted in /proc")
    paths = [root / "set" / "a.png", make_link(root), root / "set", root / "gone", root.parent / "outside"]
    before = count_open_files()
    for path in paths:
        for roots in ((root,), ()):
            try:
                open_confined(path, roots).close()
            except (InputError, OSError):
                continue
    assert count_open_files() == before


@pytest.mark.skipif(IS_ROOT, reason="root may open every folder")
def test_closed_folders_and_files(root: Path) -> None:
    (root / "set").chmod(0)
    try:
        with pytest.raises(InputError, match="Permission denied"):
            resolve_below(root, "set/a.png")
        with pytest.raises(PermissionError):
            open_confined(root / "set" / "a.png", (root,))
    finally:
        (root / "set").chmod(0o700)
    (root / "set" / "a.png").chmod(0)
    with pytest.raises(PermissionError):
        open_confined(root / "set" / "a.png", (root,))


@pytest.mark.parametrize(
    "name",
    ["a b.png", "ü.png", "u\u0308.png", "new\nline.png", "😀.png", "-x.png", b"caf\xe9.png", "x" * 255],
)
def test_odd_names_open_as_they_are(root: Path, name: str | bytes) -> None:
    path = root / os.fsdecode(name)
    try:
        path.write_bytes(b"odd")
    except OSError:
        pytest.skip("this file system takes no such names")
    assert read(path, root) == b"odd"
    assert is_confined(path, (root,))

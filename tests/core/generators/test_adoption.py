"""Taking over a run that was trained elsewhere: what is copied, and what is refused without a trace."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
from PIL import Image

from core.config import Settings, get_settings
from core.errors import CancelledError, InputError, OutsideRootError, UnknownNameError
from core.generators.adoption import adopt_run, read_candidate
from core.generators.efficiency_record import load_efficiency
from core.generators.history import read_history
from core.generators.run_folder import RunFolder
from core.generators.sampling import load_sampler, sample_batches
from core.generators.sampling_settings import SamplingSettings
from core.generators.standing import describe_standing
from core.generators.training import train_generator
from core.progress import SilentProgress
from tests.core.generators.runs import CPU, DCGAN, TINY, StopAfter, make_images
from tests.core.generators.vqvae2.tiny import FAMILY as VQVAE2
from tests.core.generators.vqvae2.tiny import TINY as TINY_VQVAE2
from tests.core.report.test_efficiency_table import make_cost

OPTIONS = TINY.model_copy(update={"n_images": 16, "snapshot_images": 8})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as a cluster leaves it, with what its users put beside it."""
    run = RunFolder(tmp_path_factory.mktemp("elsewhere") / "run")
    train_generator(DCGAN, OPTIONS, images=make_images(8), run=run, device=CPU)
    (run.path / "images").mkdir()
    (run.path / "images" / "patient-1.npy").write_bytes(b"pixels")
    (run.path / "grids" / "notes.png").write_bytes(b"none of a run's")
    (run.path / "run.sh").write_text("echo secret")
    return run.path


@pytest.fixture
def source(trained: Path, tmp_path: Path) -> Path:
    """That run, to be changed."""
    return Path(shutil.copytree(trained, tmp_path / "root" / "run"))


class Notices(SilentProgress):
    """Keeps what users are told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


def confine(source: Path) -> Settings:
    return replace(get_settings(), confined_to=(source.parent.resolve(),))


def adopt(source: Path, target: Path, progress: SilentProgress | None = None) -> RunFolder:
    run = RunFolder(target)
    adopt_run(source, run, settings=confine(source), progress=progress or SilentProgress())
    return run


def draw(run: RunFolder) -> np.ndarray:
    sampler = load_sampler(run, device=CPU)
    (pixels,) = sample_batches(sampler, seeds=[1, 2], labels=[0, 1], settings=SamplingSettings(), device=CPU)
    return pixels


def test_a_run_is_copied_whole_and_nothing_beside_it(source: Path, tmp_path: Path) -> None:
    there = RunFolder(source)
    found = read_candidate(source, confine(source))
    assert (found.family.name, found.phases, list(found.states)) == ("dcgan", ("gan",), ["gan"])
    run = adopt(source, tmp_path / "home" / "0123")
    files = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*") if path.is_file()}
    assert files == {
        "run.json", "history.jsonl", "gan/state.safetensors", "gan/state.json", "grids/real.png",
        *(f"grids/gan-{n:010d}.png" for n in (0, 8, 16)),
    }  # fmt: skip
    assert run.read_record() == there.read_record()
    assert read_history(run.history_path) == read_history(there.history_path)
    assert json.loads((run.path / "gan/state.json").read_text()) == json.loads(
        (source / "gan/state.json").read_text()
    )
    assert np.array_equal(draw(run), draw(there))
    assert describe_standing(run).is_complete
    # Once more, as a job does whose process was killed after it: what is there stays.
    (run.path / "grids" / "real.png").unlink()
    adopt(source, run.path)
    assert not (run.path / "grids" / "real.png").exists()


def test_a_stopped_run_comes_along_as_far_as_it_is(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "root" / "run")
    with pytest.raises(CancelledError):
        train_generator(
            VQVAE2, TINY_VQVAE2, images=make_images(8, size=16), run=run, device=CPU, progress=StopAfter(1)
        )
    standing = describe_standing(adopt(run.path, tmp_path / "home" / "0123"))
    assert [phase.has_begun for phase in standing.phases] == [True, False, False]
    assert not standing.can_draw


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def widen(source: Path) -> None:
    options = json.loads((source / "run.json").read_text())["options"]
    rewrite(source / "run.json", options=options | {"width": 16})


def link_state(source: Path) -> None:
    state = source / "gan" / "state.safetensors"
    state.rename(source / "elsewhere")
    state.symlink_to(source / "elsewhere")


def link_phase(source: Path) -> None:
    (source / "gan").rename(source / "other")
    (source / "gan").symlink_to(source / "other")


def link_record(source: Path) -> None:
    (source / "run.json").rename(source / "other.json")
    (source / "run.json").symlink_to(source / "other.json")


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda source: (source / "run.json").unlink(), InputError, "no trained generator"),
        (lambda source: (source / "run.json").write_text("{"), InputError, "damaged"),
        (lambda source: rewrite(source / "run.json", family="unheard-of"), UnknownNameError, "unheard-of"),
        (lambda source: rewrite(source / "run.json", options={"size": 1}), InputError, "not a generator's"),
        (lambda source: rewrite(source / "run.json", n_images=[8]), InputError, "other classes"),
        (lambda source: (source / "run.json").write_text(" " * (2 << 20)), InputError, "larger than"),
        (lambda source: shutil.rmtree(source / "gan"), InputError, "not trained yet"),
        (lambda source: cut(source / "gan" / "state.safetensors"), InputError, "damaged"),
        (lambda source: (source / "gan/state.safetensors").write_bytes(b"\x80\x04."), InputError, "damaged"),
        (widen, InputError, "not those of a DCGAN"),
        (link_state, InputError, "not trained yet"),
        (link_phase, InputError, "not trained yet"),
        (link_record, InputError, "no trained generator"),
    ],
)  # fmt: skip
def test_what_is_no_sound_run_is_refused_and_leaves_nothing(
    source: Path, tmp_path: Path, spoil: Callable[[Path], None], error: type[Exception], words: str
) -> None:
    spoil(source)
    with pytest.raises(error, match=words):
        adopt(source, tmp_path / "home" / "0123")
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


def test_what_lies_outside_the_folder_roots_is_refused(source: Path, tmp_path: Path) -> None:
    outside = replace(get_settings(), confined_to=(tmp_path / "other",))
    with pytest.raises(OutsideRootError):
        adopt_run(source, RunFolder(tmp_path / "home"), settings=outside, progress=SilentProgress())


def test_a_cancel_leaves_nothing(source: Path, tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        adopt(source, tmp_path / "home" / "0123", StopAfter(0))
    assert not list((tmp_path / "home").iterdir())


def test_what_can_be_done_without_is_left_out_and_said(source: Path, tmp_path: Path) -> None:
    (source / "grids" / "gan-0000000008.png").write_bytes(b"no picture")
    Image.new("L", (300, 300)).save(source / "grids" / "gan-0000000016.png")
    (source / "efficiency.json").write_text('{"family": "dcgan"}')
    with (source / "history.jsonl").open("ab") as file:
        file.write(b'{"phase": "\xff"}\n{"phase": "x", "images": 1, "images_per_second": 1, "losses": {}}\n')
    notices, run = Notices(), RunFolder(tmp_path / "home" / "0123")
    small = replace(confine(source), max_pixels=200 * 200)
    adopt_run(source, run, settings=small, progress=notices)
    assert sorted(path.name for path in run.grids_folder.iterdir()) == ["gan-0000000000.png", "real.png"]
    assert not run.efficiency_path.exists()
    assert {row.phase for row in read_history(run.history_path)} == {"gan"}
    (notice,) = notices.texts
    assert "gan-0000000008.png, gan-0000000016.png, efficiency.json" in notice


@pytest.mark.parametrize("wrong", [{"seconds_per_1000": float("inf")}, {"timed_images": 0}, {"device": None}])
def test_costs_come_along_where_they_can_be(source: Path, tmp_path: Path, wrong: dict[str, object]) -> None:
    cost = make_cost().cost
    (source / "efficiency.json").write_text(cost.model_dump_json())
    assert load_efficiency(adopt(source, tmp_path / "home" / "0123")) == cost
    (source / "efficiency.json").write_text(json.dumps(cost.model_dump() | wrong))
    assert load_efficiency(adopt(source, tmp_path / "home" / "4567")) is None


def test_no_room_is_said_before_anything_is_copied(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(InputError, match="free space"):
        adopt(source, tmp_path / "home" / "0123")
    assert not list((tmp_path / "home").iterdir())

"""The loop that all families share: resuming, refusing, and what it leaves on disk."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core.errors import CancelledError, InputError, StoreError, WeightsError
from core.generators import checkpoint
from core.generators.checkpoint import list_states, load_modules, read_state
from core.generators.history import read_history
from core.generators.run_folder import RunFolder
from core.generators.training import train_generator
from core.generators.update import Update, explain_memory
from core.progress import SilentProgress
from tests.core.generators.runs import CPU, DCGAN, TINY, StopAfter, make_images, read_tensors

ROOT = Path(__file__).resolve().parents[3]
IMAGES = make_images()


def train(folder: Path, options=TINY, images=IMAGES, progress=None) -> RunFolder:
    run = RunFolder(folder)
    train_generator(DCGAN, options, images=images, run=run, device=CPU, progress=progress or SilentProgress())
    return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run in one go."""
    return train(tmp_path_factory.mktemp("runs") / "whole")


@pytest.mark.parametrize("updates", [1, 5])
def test_a_cancelled_run_goes_on_to_the_same_weights(whole: RunFolder, tmp_path: Path, updates: int) -> None:
    with pytest.raises(CancelledError):
        train(tmp_path, progress=StopAfter(updates - 1))
    stopped = read_state(RunFolder(tmp_path), "gan")
    assert stopped is not None and stopped.images_seen == updates * TINY.batch_size
    run = train(tmp_path)
    expected, found = read_tensors(whole), read_tensors(run)
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
    assert [row.losses for row in read_history(run.history_path)] == [
        row.losses for row in read_history(whole.history_path)
    ]


def test_a_kill_goes_on_from_the_last_checkpoint(
    whole: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came after the checkpoint is done again, in weights and in history."""
    steps = 0
    real_step = torch.optim.Adam.step

    def step(self: torch.optim.Adam, *arguments: object) -> object:
        nonlocal steps
        steps += 1
        if steps == 17:
            raise KeyboardInterrupt
        return real_step(self, *arguments)

    options = TINY.model_copy(update={"snapshot_images": 32})
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(torch.optim.Adam, "step", step)
        train(tmp_path, options)
    stopped = read_state(RunFolder(tmp_path), "gan")
    assert stopped is not None and stopped.images_seen == 32
    run = train(tmp_path, options)
    found = read_tensors(run)
    assert all(torch.equal(tensor, found[name]) for name, tensor in read_tensors(whole).items())
    assert [row.images for row in read_history(run.history_path)] == list(range(8, 65, 8))


def test_the_seed_decides_and_the_callers_random_numbers_stay(whole: RunFolder, tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    other = train(tmp_path, TINY.model_copy(update={"seed": 1}))
    assert torch.equal(torch.rand(1), expected)
    name = "module/generator/layers.0.weight"
    assert not torch.equal(read_tensors(whole)[name], read_tensors(other)[name])


def test_a_finished_run_leaves_grids_history_and_nothing_to_execute(whole: RunFolder) -> None:
    assert {path.suffix for path in whole.path.rglob("*") if path.is_file()} == {
        ".json", ".jsonl", ".png", ".safetensors",
    }  # fmt: skip
    grids = whole.list_grids("gan")
    assert (min(grids), max(grids)) == (0, 64)
    with Image.open(grids[64]) as drawn, Image.open(whole.grids_folder / "real.png") as real:
        assert drawn.size == real.size and drawn.mode == real.mode == "L"
        shown = np.asarray(real)
    # The first half of the grid is of the dark class, the second of the light one.
    assert shown[: len(shown) // 2].mean() + 60 < shown[len(shown) // 2 :].mean()
    (state,) = list_states(whole)
    assert state.is_complete and state.step == 8
    assert state.n_parameters["generator"] == state.n_parameters["average"] > 0


def test_running_a_finished_run_again_changes_nothing(whole: RunFolder) -> None:
    before = (whole.phase_folder("gan") / "state.safetensors").stat().st_mtime_ns
    train(whole.path)
    assert (whole.phase_folder("gan") / "state.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("options", "images", "words"),
    [
        (TINY.model_copy(update={"batch_size": 16}), IMAGES, "batch_size is 8 there, 16 here"),
        (TINY, make_images(seed=1), "other training images"),
    ],
)
def test_other_settings_are_refused(whole: RunFolder, options, images, words: str) -> None:
    with pytest.raises(InputError, match=words):
        train(whole.path, options, images)


def test_a_write_that_fails_keeps_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CancelledError):
        train(tmp_path, progress=StopAfter(1))
    before = read_tensors(RunFolder(tmp_path))

    def fail(tensors: object, path: Path, **_: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(StoreError, match="No space left"):
        patch.setattr(checkpoint, "save_file", fail)
        train(tmp_path)
    after = read_tensors(RunFolder(tmp_path))
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


def test_a_damaged_or_missing_state_is_named(whole: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    with pytest.raises(WeightsError, match="no trained gan"):
        load_modules(run, "gan", {"generator": nn.Linear(2, 2)})
    with pytest.raises(WeightsError, match="other networks"):
        load_modules(whole, "gan", {"generator": nn.Linear(2, 2)})
    folder = run.phase_folder("gan")
    folder.mkdir()
    (folder / "state.safetensors").write_bytes(b"\x80\x04not a state")
    with pytest.raises(WeightsError, match="damaged"):
        read_state(run, "gan")


class Recorder:
    """A family of one phase that learns nothing and remembers what it was given."""

    name = "dcgan"
    packages = ()

    def __init__(self) -> None:
        self.rows: list[list[int]] = []
        self.drawn: list[tuple[float, float]] = []

    def build_phases(self, options, *, images, run, device, settings):
        self.network = nn.Linear(1, 1)
        return [lambda: self._Phase(self, options)]

    class _Phase:
        name = "record"

        def __init__(self, family: Recorder, options) -> None:
            self.family, self.n_images, self.batch_size = family, options.n_images, options.batch_size

        def modules(self) -> dict[str, nn.Module]:
            return {"network": self.family.network}

        def optimizers(self) -> dict[str, torch.optim.Optimizer]:
            return {}

        def step(self, batch, *, generator, accumulate) -> dict[str, float]:
            self.family.rows.append(batch.indices.tolist())
            self.family.drawn.append((float(torch.rand(1, generator=generator)), float(torch.rand(1))))
            return {"loss": 1.0}

        def extra_state(self) -> dict[str, float | int | str]:
            return {}

        def load_extra_state(self, state) -> None:
            pass

        def preview(self, *, noise_seed, labels) -> None:
            return None


def test_every_image_is_seen_and_no_random_number_twice(tmp_path: Path) -> None:
    """What an update is given follows from its number alone, also what layers such as dropout draw."""

    def record(family: Recorder, folder: Path, progress=None) -> Recorder:
        train_generator(
            family,
            TINY,
            images=IMAGES,
            run=RunFolder(folder),
            device=CPU,
            progress=progress or SilentProgress(),
        )
        return family

    whole = record(Recorder(), tmp_path / "whole")
    seen = [row for rows in whole.rows for row in rows]
    assert sorted(seen[:24]) == sorted(seen[24:48]) == list(range(24))
    assert len({value for pair in whole.drawn for value in pair}) == 2 * 8
    first, second = Recorder(), Recorder()
    with pytest.raises(CancelledError):
        record(first, tmp_path / "parts", StopAfter(2))
    record(second, tmp_path / "parts")
    assert first.rows + second.rows == whole.rows
    assert first.drawn + second.drawn == whole.drawn


def make_problem() -> tuple[nn.Linear, torch.optim.SGD, torch.Tensor]:
    torch.manual_seed(0)
    network = nn.Linear(3, 1)
    return network, torch.optim.SGD(network.parameters(), 0.1), torch.randn(10, 3)


def test_parts_of_a_batch_add_up_to_its_update() -> None:
    weights = []
    for parts in (1, 3, 10):
        network, optimizer, inputs = make_problem()

        def losses(rows: slice, network=network, inputs=inputs):
            loss = network(inputs[rows]).square().mean()
            return loss, {"loss": loss}

        reported = Update(parts, "fp32", CPU)(optimizer, losses, n=10)
        weights.append((network.weight.detach(), reported["loss"]))
    for weight, loss in weights[1:]:
        torch.testing.assert_close(weight, weights[0][0])
        assert loss == pytest.approx(weights[0][1])


def test_a_loss_that_is_no_number_never_reaches_the_weights() -> None:
    network, optimizer, inputs = make_problem()
    before = network.weight.detach().clone()

    def losses(rows: slice):
        return (network(inputs[rows]) / 0).mean(), {}

    with pytest.raises(InputError, match="lower learning rates"):
        Update(1, "fp32", CPU)(optimizer, losses, n=10)
    assert torch.equal(network.weight, before)


def test_gradients_are_clipped_as_a_whole() -> None:
    network, optimizer, inputs = make_problem()
    before = torch.cat([one.detach().flatten().clone() for one in network.parameters()])

    def losses(rows: slice):
        return 1e3 * network(inputs[rows]).square().mean(), {}

    Update(2, "fp32", CPU)(optimizer, losses, n=10, clip_norm=0.5)
    after = torch.cat([one.detach().flatten() for one in network.parameters()])
    assert float((after - before).norm()) == pytest.approx(0.1 * 0.5, rel=1e-3)


def test_memory_that_does_not_suffice_is_a_sentence() -> None:
    with pytest.raises(InputError, match="smaller batch_size"), explain_memory("choose a smaller batch_size"):
        torch.empty(2**60)
    with pytest.raises(RuntimeError, match=r"inconsistent|shape"), explain_memory(""):
        torch.zeros(2) @ torch.zeros(3)


_TWO = """
import os, sys, torch
sys.path.insert(0, sys.argv[1])
from core.generators.processes import *
from core.generators.update import Update

child = os.fork()
os.environ["RANK"] = os.environ["LOCAL_RANK"] = "0" if child else "1"
device = torch.device("cpu")
with join_processes(device):
    torch.manual_seed(0)
    network = torch.nn.Linear(3, 1)
    inputs = torch.randn(10, 3)[get_rank() * 5 : get_rank() * 5 + 5]
    def losses(rows):
        return network(inputs[rows]).square().mean(), {}
    Update(2, "fp32", device)(torch.optim.SGD(network.parameters(), 0.1), losses, n=5)
    assert share_flag(get_rank() == 1, device)
    # Two processes that print at once may print into each other's lines.
    torch.save(network.weight.detach(), f"{sys.argv[2]}/{get_rank()}.pt")
    wait_for_all()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts its second process by a fork")
def test_two_processes_make_the_update_of_one(tmp_path: Path) -> None:
    """Told of each other as torchrun tells them; one import of torch serves both."""
    script = tmp_path / "two.py"
    script.write_text(_TWO)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = os.environ | {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    done = subprocess.run(
        [sys.executable, script, ROOT, tmp_path],
        env=told,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert torch.equal(first, second)
    network, optimizer, inputs = make_problem()
    Update(1, "fp32", CPU)(optimizer, lambda rows: (network(inputs[rows]).square().mean(), {}), n=10)
    torch.testing.assert_close(first, network.weight.detach())

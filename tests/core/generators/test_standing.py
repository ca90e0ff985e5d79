"""Where a run stands: the phases that families really train, and states that lie in its folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import core.torch_setup  # noqa: F401

# isort: split
from core.config import get_settings
from core.errors import InputError, UnknownNameError
from core.generators.checkpoint import save_phase
from core.generators.diffusion.autoencoder_phase import AUTOENCODER_PHASE
from core.generators.diffusion.phases import DIFFUSION_PHASE
from core.generators.families import FAMILIES
from core.generators.grid_picture import find_real_grid, load_grid
from core.generators.run_folder import RunFolder
from core.generators.sampling_choices import find_run_defaults, list_sampling_choices
from core.generators.sampling_settings import SamplingSettings
from core.generators.standing import Standing, describe_standing
from core.generators.stylegan2.phase import GAN_PHASE
from core.generators.training import describe_run, train_generator
from tests.core.generators.runs import CPU, DCGAN, TINY, make_images
from tests.images import write_png

N = 24


def begin(run: RunFolder, family: str = "dcgan") -> RunFolder:
    """Write the record of a run of a family's smallest preset and nothing else."""
    chosen = FAMILIES[family]
    images = make_images(N)
    run.begin(
        describe_run(
            chosen,
            chosen.presets["smoke"],
            classes=images.classes,
            n_images=images.count_classes(),
            images_digest=images.digest,
            device=CPU,
        )
    )
    return run


@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_first_phase_is_the_one_that_is_trained(family: str, tmp_path: Path) -> None:
    standing = describe_standing(begin(RunFolder(tmp_path), family))
    options = FAMILIES[family].presets["smoke"]
    first = FAMILIES[family].build_phases(
        options, images=make_images(N), run=RunFolder(tmp_path), device=CPU, settings=get_settings()
    )[0]()
    assert (standing.phases[0].name, standing.phases[0].n_images) == (first.name, first.n_images)
    assert not standing.has_begun and not standing.can_draw and standing.share == 0
    assert standing.current == standing.phases[0]


def test_every_phase_is_named_in_the_order_of_training() -> None:
    names = {name: list(FAMILIES[name].presets["smoke"].list_phases(N)) for name in FAMILIES}
    assert names == {
        "dcgan": ["gan"],
        "stylegan2": [GAN_PHASE],
        "ddpm": [DIFFUSION_PHASE],
        "latent-diffusion": [AUTOENCODER_PHASE, DIFFUSION_PHASE],
        "vqvae2": ["autoencoder", "prior-top", "prior-bottom"],
    }
    two_epochs = (
        FAMILIES["vqvae2"]
        .presets["smoke"]
        .model_copy(update={"prior_images": 0, "prior_epochs": 2.0, "prior_batch_size": 16})
    )
    assert two_epochs.list_phases(40)["prior-top"] == 80


def test_a_run_stands_where_its_checkpoints_are(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert describe_standing(run) == Standing(())
    assert not Standing(()).is_complete and Standing(()).current is None
    images = make_images(N)
    train_generator(DCGAN, TINY, images=images, run=run, device=CPU)
    standing = describe_standing(run)
    (phase,) = standing.phases
    assert (phase.name, phase.images_seen, phase.n_images) == ("gan", 64, 64)
    assert standing.is_complete and standing.can_draw and standing.share == 1 and standing.current is None
    assert phase.images_per_second == pytest.approx(64 / phase.seconds)
    # As if it had been stopped at a quarter.
    build = DCGAN.build_phases(TINY, images=images, run=run, device=CPU, settings=get_settings())[0]
    save_phase(build(), run, step=2, images_seen=16, seconds=0.5, timed_images=16)
    standing = describe_standing(run)
    assert standing.current is not None and standing.current.images_per_second == 32
    assert standing.share == 0.25 and standing.can_draw and not standing.is_complete


def test_what_is_damaged_or_strange_is_a_sentence(tmp_path: Path) -> None:
    run = begin(RunFolder(tmp_path))
    run.phase_folder("gan").mkdir()
    (run.phase_folder("gan") / "state.json").write_text("{")
    with pytest.raises(InputError, match="is damaged"):
        describe_standing(run)
    record = (tmp_path / "run.json").read_text()
    (tmp_path / "run.json").write_text(record.replace('"dcgan"', '"gpt"'))
    with pytest.raises(UnknownNameError, match="'gpt'"):
        describe_standing(run)
    (tmp_path / "run.json").write_text(record.replace('"latent"', '"hidden"'))
    with pytest.raises(InputError, match="not a generator's run that this version reads"):
        describe_standing(run)


def test_grids_are_read_as_they_lie_there(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert find_real_grid(run) is None
    path = write_png(run.grids_folder / "real.png", make_images(1).pixels[0, 0, :20])
    assert find_real_grid(run) == path
    grid = load_grid(path)
    assert (grid.width, grid.height, grid.png) == (32, 20, path.read_bytes())
    path.write_bytes(b"GIF89a")
    for broken in (path, tmp_path / "gone.png"):
        with pytest.raises(InputError, match=f"The samples {broken.name} cannot be read"):
            load_grid(broken)


def test_every_setting_of_drawing_is_heeded_by_a_family() -> None:
    heeded = {name: set(list_sampling_choices(name, FAMILIES[name].presets["smoke"])) for name in FAMILIES}
    assert set().union(*heeded.values()) | {"seed"} == set(SamplingSettings.model_fields)
    assert heeded["dcgan"] == {"precision", "batch_size"}
    assert "truncation" in heeded["stylegan2"] and "temperature" in heeded["vqvae2"]
    smoke = FAMILIES["ddpm"].presets["smoke"]
    assert find_run_defaults("ddpm", smoke) == {
        "sampler": smoke.model_dump()["sampler"],
        "steps": smoke.model_dump()["steps"],
        "guidance": smoke.model_dump()["guidance"],
    }
    unguided = smoke.model_copy(update={"is_conditional": False})
    assert "guidance" not in list_sampling_choices("ddpm", unguided)
    with pytest.raises(UnknownNameError, match="'gpt'"):
        list_sampling_choices("gpt", smoke)


def test_pages_learn_where_a_run_stands_without_torch() -> None:
    modules = "core.generators.standing, core.generators.grid_picture, core.jobs.generator_state"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

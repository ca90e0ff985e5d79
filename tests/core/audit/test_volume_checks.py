"""What an audit says of volumes before any number, and how alike it finds them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.audit.alikeness import compute_alikeness_rows
from core.audit.checks import check_study, summarise_set
from core.audit.multiscale import compute_multiscale_rows
from core.audit.plan import plan_extractors
from core.audit.protocol import Execution, Protocol
from core.audit.run import run_audit
from core.audit.study_bias import measure_bias
from core.audit.volume_frame import VolumeFrame, choose_volume_frame
from core.bias.frame import count_montage_slices
from core.bias.options import BiasChoices
from core.config import Settings, get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.item_source import load_volume
from core.datasets.scan import scan_image_set
from core.datasets.study import Study
from core.errors import ImageSetError, InputError
from core.features.volume_view import VolumeView
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import PRESETS, Intensity
from core.metrics.ms_ssim import compute_pair_ms_ssim
from core.progress import SilentProgress
from core.report.cautions import collect_set_cautions
from core.report.safe_sentences import keep_safe_sentences
from tests.core.audit.fixtures import make_row, make_summary
from tests.core.features.volume_sets import write_array, write_nifti
from tests.images import write_images

MM = (1.0, 1.0, 1.0)


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return get_settings()


def make_set(
    folder: Path,
    shapes: list[tuple[int, int, int]],
    spacing: tuple[float, float, float] | None = (1.0, 1.0, 1.0),
    name: str = "real",
    classes: str = "",
) -> ImageSet:
    rng = np.random.default_rng(len(name))
    for at, shape in enumerate(shapes):
        values = rng.integers(0, 256, shape, dtype=np.uint8)
        below = folder / name / (classes[at % len(classes)] if classes else "")
        if spacing is None:
            write_array(below / f"{at:02}.npy", values)
        else:
            write_nifti(below / f"{at:02}.nii", values, spacing)
    role = Role(name) if name in ("real", "heldout") else Role.SYNTHETIC
    return scan_image_set(folder / name, role=role, name=name, progress=SilentProgress())


def warn(real: ImageSet, *others: ImageSet) -> list[str]:
    """Check a study; whatever is said of shapes and voxels must be found again and name nothing else."""
    warnings = check_study([real, *others], ())
    summary = make_summary([make_row("fd", 1.0, synthetic="gan")]).model_copy(
        update={"sets": tuple(map(summarise_set, (real, *others))), "warnings": tuple(warnings)}
    )
    names = [one.name for one in others]
    found = collect_set_cautions(summary, names, class_name=None)
    told = [one for one in warnings if "volumes of" in one or "voxels" in one]
    assert list(found) == told
    kept, n_left_out = keep_safe_sentences(warnings, sets=names, classes=(), extractors=())
    assert list(kept) == list(warnings) and n_left_out == 0
    return told


def test_a_set_of_volumes_is_described_in_three_dimensions(tmp_path: Path) -> None:
    one = summarise_set(make_set(tmp_path, [(5, 8, 9), (6, 7, 9)], (2.0, 1.0, 1.0)))
    assert (one.slices, one.sizes) == ((5, 6), ((9, 7), (9, 8))) and one.noun == "volumes"
    assert one.spacing_mm == ((2.0, 1.0, 1.0), (2.0, 1.0, 1.0))
    flat = summarise_set(make_set(tmp_path / "flat", [(5, 8, 9), (6, 7, 9)], None))
    assert flat.slices == (5, 6) and flat.spacing_mm is None
    pictures = scan_image_set(write_images(tmp_path / "films", 2), role=Role.REAL, name="real")
    assert summarise_set(pictures).slices is None and summarise_set(pictures).noun == "images"


def test_volumes_and_pictures_are_not_compared(tmp_path: Path, settings: Settings) -> None:
    volumes = make_set(tmp_path, [(5, 8, 9), (6, 7, 9)])
    study = Study.from_folders(
        real=volumes.root, synthetic={"gan": write_images(tmp_path / "films", 3, size=16)}
    )
    with pytest.raises(InputError, match="'gan' holds pictures, the real set volumes") as refused:
        run_audit(study, Protocol(extractors=("pixels",)), execution=Execution(workers=0), settings=settings)
    assert "python -m core dataset montage" in str(refused.value)


def test_shapes_and_spacings_that_have_nothing_in_common_are_told(tmp_path: Path) -> None:
    real = make_set(tmp_path, [(5, 8, 9), (7, 8, 10)])
    assert warn(real, make_set(tmp_path, [(6, 8, 9), (6, 9, 10)], name="gan")) == []
    (shapes,) = warn(real, make_set(tmp_path / "a", [(8, 20, 9), (9, 20, 9)], name="gan"))
    assert shapes == (
        "Synthetic set 'gan' has volumes of 8 to 9 slices and 20 rows, the real set of 5 to 7 slices and 8 rows: "
        "resampling alone moves distances."
    )
    (spacing,) = warn(real, make_set(tmp_path / "b", [(6, 8, 9), (6, 8, 9)], (2.5, 1.0, 1.001), "heldout"))
    assert spacing == (
        "The held-out set has voxels of 2.5 x 1 x 1 mm, the real set of 1 x 1 x 1 mm (between slices, rows, "
        "columns): resampling alone moves distances."
    )


def test_unknown_spacing_is_told_of_either_side(tmp_path: Path) -> None:
    known = make_set(tmp_path, [(5, 8, 9), (5, 8, 9)])
    unknown = make_set(tmp_path / "a", [(5, 8, 9), (5, 8, 9)], None)
    gan = replace(unknown, role=Role.SYNTHETIC, name="gan")
    (sentence,) = warn(known, gan)
    assert sentence.startswith("Synthetic set 'gan' does not say how large its voxels are")
    (sentence,) = warn(unknown, replace(known, role=Role.SYNTHETIC, name="gan"))
    assert sentence.startswith("Synthetic set 'gan' says how large its voxels are, the real set does not")
    assert warn(unknown, gan) == []


def test_alikeness_is_the_mean_over_slices_at_the_same_places(tmp_path: Path, settings: Settings) -> None:
    real = make_set(tmp_path, [(20, 12, 13)] * 2)
    pair = make_set(tmp_path, [(20, 12, 13)] * 2, name="gan")
    same = make_set(tmp_path, [(20, 12, 13)] * 2, name="same")
    twin = replace(same.items[0], id="twin")
    same = replace(same, items=(same.items[0], twin))
    sets = [real, pair, same]
    frame = choose_volume_frame(sets, num_channels=None)
    rows, warnings = compute_alikeness_rows(
        sets, frame=frame, seed=0, workers=2, settings=settings, progress=SilentProgress()
    )
    assert not warnings
    found = {row.synthetic: row for row in rows}
    assert found["same"].value == pytest.approx(1.0)
    first, second = (_read(item.path) for item in pair.items)
    # Place s of 16 among 20 slices: floor((s + 1/2) 20 / 16).
    places = [int((s + 0.5) * 20 / 16) for s in range(16)]
    expected = compute_pair_ms_ssim(first=first[places], second=second[places], data_range=255).mean()
    assert found["gan"].value == pytest.approx(float(expected), rel=1e-6)
    assert "16 axial slices, evenly spread over volumes brought to 20 x 12 x 13 voxels" in found["gan"].note


def _read(path: Path) -> np.ndarray:
    import nibabel

    return np.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0).astype(np.float32)


def test_volumes_that_are_too_small_have_no_alikeness(tmp_path: Path, settings: Settings) -> None:
    rows, (warning,) = compute_alikeness_rows(
        [make_set(tmp_path, [(20, 12, 10)] * 2)],
        frame=VolumeFrame((20, 12, 10), 1, None),
        seed=0,
        workers=0,
        settings=settings,
        progress=SilentProgress(),
    )
    assert rows == [] and "at least 11 pixels a side, not 10 x 12" in warning


def test_bias_says_that_it_looks_at_montages(tmp_path: Path, settings: Settings) -> None:
    shapes = [(4, 16, 16)] * 24
    real = make_set(tmp_path, shapes, classes="ab")
    gan = make_set(tmp_path, shapes, name="gan", classes="ab")
    assert count_montage_slices([real, gan]) == 4
    quick = BiasChoices(frame_px=32, patch_px=16, stride_px=16, n_permutations=19, n_folds=2)
    found = measure_bias([real, gan], quick, workers=0, settings=settings, progress=SilentProgress())
    assert found.bias is not None and found.bias.document.summary.settings.montage_slices == 4
    (row,) = found.rows
    assert "montage of 4 axial slices" in row.note


def test_bias_refuses_volumes_without_a_common_montage(tmp_path: Path, settings: Settings) -> None:
    real = make_set(tmp_path, [(4, 8, 8), (16, 8, 8)] * 4, classes="aabb")
    with pytest.raises(ImageSetError, match="as few as 4"):
        count_montage_slices([real])
    found = measure_bias([real], BiasChoices(), settings=settings, progress=SilentProgress())
    assert found.bias is None and found.rows == ()
    assert found.warnings[0].startswith("Bias was not analysed: Volumes are looked at as montages")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (VolumeView.TRI_PLANAR, "averaged over three planes"),
        (VolumeView.MONTAGE, "montages of up to 16 axial"),
    ],
)
def test_multiscale_numbers_say_what_their_resolutions_are_of(
    tmp_path: Path, settings: Settings, view: VolumeView, words: str
) -> None:
    sets = [make_set(tmp_path, [(4, 8, 8)] * 5), make_set(tmp_path, [(4, 8, 8)] * 4, name="gan")]
    protocol = Protocol(extractors=("pixels",), multiscale_resolutions=(8, 16), volume_view=view)
    execution, progress = Execution(workers=0), SilentProgress()
    plan = plan_extractors(protocol, execution, settings=settings, progress=progress)
    rows, warnings = compute_multiscale_rows(
        sets, plan, protocol=protocol, execution=execution, settings=settings, progress=progress
    )
    assert not warnings and {row.metric for row in rows} == {"mm_fid", "mm_std"}
    assert all(words in row.note for row in rows)


@pytest.mark.parametrize(
    ("factor", "offset", "differs"),
    [
        (1.0, 0.0, False),
        (1.9, 0.0, False),
        (2.1, 0.0, True),
        (1 / 2100, 0.0, True),
        (1.0, 600.0, True),
        (-1.0, 0.0, True),
    ],
)
def test_values_on_another_scale_are_warned_of(
    settings: Settings, tmp_path: Path, factor: float, offset: float, differs: bool
) -> None:
    rng = np.random.default_rng(0)
    for name, scale, start in (("real", 1.0, 0.0), ("gan", factor, offset)):
        for at in range(3):
            values = rng.integers(-1000, 101, (4, 8, 9)).astype(np.float32)
            values[0, 0, :2] = -1000, 100
            write_nifti(tmp_path / name / f"{at}.nii", values * np.float32(scale) + np.float32(start), MM)
    real = scan_image_set(tmp_path / "real", role=Role.REAL, name="real")
    gan = scan_image_set(tmp_path / "gan", role=Role.SYNTHETIC, name="gan")
    assert real.values == (-1000, 100)
    # What was kept of the first scan says the same.
    assert scan_image_set(tmp_path / "real", role=Role.REAL, name="real").values == real.values
    told = [one for one in check_study([real, gan], ()) if "range of their values" in one]
    assert bool(told) == differs
    kept, n_left_out = keep_safe_sentences(told, sets=("gan",), classes=(), extractors=())
    assert list(kept) == told and n_left_out == 0


def test_a_policy_that_was_asked_for_holds_for_volumes_of_8_bits(settings: Settings, tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 120, (5, 8, 9))
    for name, dtype in (("real", "uint8"), ("gan", "float32")):
        for at in range(2):
            write_nifti(tmp_path / name / f"{at}.nii", (deep + at).astype(dtype), MM)

    def scan(name: str, role: Role, policy: Intensity) -> ImageSet:
        return scan_image_set(tmp_path / name, role=role, name=name, intensity=policy)

    def load(image_set: ImageSet) -> np.ndarray:
        item = image_set.items[0]
        return load_volume(item.source, settings).to_levels(item.intensity)

    both = [scan("real", Role.REAL, PRESETS["mr"]), scan("gan", Role.SYNTHETIC, PRESETS["mr"])]
    np.testing.assert_array_equal(load(both[0]), load(both[1]))
    assert load(both[0]).max() == 255
    assert not any("bit depth" in one for one in check_study(both, ()))
    # By default, 8 bits stay as they are, and what that does is said.
    both = [scan("real", Role.REAL, DEFAULT_INTENSITY), scan("gan", Role.SYNTHETIC, DEFAULT_INTENSITY)]
    assert (load(both[0]).max(), load(both[1]).max()) == (deep.max(), 255)
    assert any("bit depth" in one for one in check_study(both, ()))

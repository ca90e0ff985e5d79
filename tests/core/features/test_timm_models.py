"""timm models with random weights from files; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import huggingface_hub
import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from numpy.testing import assert_allclose, assert_array_equal
from timm.data.config import resolve_model_data_config

from core.config import get_settings
from core.errors import InputError, UnknownNameError, WeightsError
from core.features import _timm_weights
from core.features.base import Device, ExtractorOptions, Precision, ResizeMode
from core.features.timm_models import INFO, TimmModel, load

# A network with foldable batch norms, a transformer with a fixed grid of patches, one of each other kind of norm.
MODELS = ["test_resnet", "test_vit", "test_convnext", "test_efficientnet", "resnet18"]
CPU = ExtractorOptions(device=Device.CPU)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A state dict of each model, with its classifier, and with batch norms that do something."""
    folder = tmp_path_factory.mktemp("timm")
    made = {}
    for index, name in enumerate(MODELS):
        torch.manual_seed(index)
        model = timm.create_model(name)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
                torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
        made[name] = folder / f"{name}.pth"
        torch.save(model.state_dict(), made[name])
    return made


def images(side: int, n: int = 11) -> np.ndarray:
    return (np.random.default_rng(0).random((n, 3, side, side)) * 255).astype(np.float32)


def by_timm(name: str, path: Path, batch: np.ndarray, **size: int) -> np.ndarray:
    """Features as a user of timm computes them."""
    model = timm.create_model(name, num_classes=0, **size).eval()
    model.load_state_dict(torch.load(path, weights_only=True), strict=False)
    config = resolve_model_data_config(model)
    mean, std = (torch.tensor(config[key]).reshape(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        features: np.ndarray = model((torch.from_numpy(batch) / 255 - mean) / std).numpy()
    return features


def assert_close(ours: np.ndarray, reference: np.ndarray, tolerance: float = 1e-5) -> None:
    assert_allclose(ours, reference, rtol=0, atol=tolerance * np.abs(reference).max())


@pytest.mark.parametrize("name", MODELS)
class TestFeatures:
    def test_are_timms_pooled_features(self, name: str, files: dict[str, Path]) -> None:
        extractor = load(f"timm:{name}?weights={files[name]}", CPU)
        batch = images(extractor.info.resolution, n=3)
        ours = extractor.extract(batch)
        assert ours.features.shape == (3, extractor.dimension)
        assert ours.features.dtype == np.float32
        assert ours.logits is None
        assert_close(ours.features, by_timm(name, files[name], batch))

    def test_do_not_depend_on_batch_and_order(self, name: str, files: dict[str, Path]) -> None:
        extractor = load(f"timm:{name}?weights={files[name]}", CPU)
        batch = images(extractor.info.resolution)
        together = extractor.extract(batch).features
        order = np.random.default_rng(1).permutation(len(batch))
        apart = np.concatenate([extractor.extract(batch[i : i + 1]).features for i in order])
        assert_close(apart, together[order])

    def test_bf16_is_near(self, name: str, files: dict[str, Path]) -> None:
        spec = f"timm:{name}?weights={files[name]}"
        batch = images(load(spec, CPU).info.resolution, n=3)
        exact, rounded = (
            load(spec, ExtractorOptions(device=Device.CPU, precision=precision)).extract(batch).features
            for precision in (Precision.FP32, Precision.BF16)
        )
        assert rounded.dtype == np.float32
        assert_close(rounded, exact, 0.05)
        assert not np.array_equal(rounded, exact)


class TestPreparation:
    def test_grey_equals_its_three_channel_copy(self, files: dict[str, Path]) -> None:
        extractor = load(f"timm:test_resnet?weights={files['test_resnet']}", CPU)
        grey = (np.random.default_rng(0).random((60, 130, 1)) * 255).astype(np.float32)
        side = extractor.info.resolution
        assert extractor.prepare(grey).shape == (3, side, side)
        assert_array_equal(extractor.prepare(grey), extractor.prepare(np.repeat(grey, 3, axis=2)))

    @pytest.mark.parametrize("name", ["test_vit", "resnet18"])
    def test_resolution(self, name: str, files: dict[str, Path]) -> None:
        options = ExtractorOptions(device=Device.CPU, resolution=96)
        extractor = load(f"timm:{name}?weights={files[name]}", options)
        assert extractor.prepare(np.zeros((10, 10, 1), np.float32)).shape == (3, 96, 96)
        batch = images(96, n=2)
        features = extractor.extract(batch).features
        if name == "resnet18":
            assert_close(features, by_timm(name, files[name], batch))
        assert features.shape == (2, extractor.dimension)
        assert features.std(axis=0).mean() > 0

    def test_a_transformer_keeps_its_positions_at_its_own_size(self, files: dict[str, Path]) -> None:
        own = load(f"timm:test_vit?weights={files['test_vit']}", CPU)
        batch = images(own.info.resolution, n=2)
        named = ExtractorOptions(device=Device.CPU, resolution=own.info.resolution)
        same = load(f"timm:test_vit?weights={files['test_vit']}", named)
        assert_array_equal(own.extract(batch).features, same.extract(batch).features)
        assert own.identity == same.identity

    @pytest.mark.parametrize(("name", "resolution"), [("test_vit", 100), ("resnet18", 0), ("test_vit", -16)])
    def test_resolutions_that_cannot_be(self, name: str, resolution: int, files: dict[str, Path]) -> None:
        options = ExtractorOptions(device=Device.CPU, resolution=resolution)
        with pytest.raises(InputError, match=rf"{name} cannot give features .* its own resolution is \d+\."):
            load(f"timm:{name}?weights={files[name]}", options)


class TestIdentity:
    def test_names_all_that_decides(self, files: dict[str, Path], tmp_path: Path) -> None:
        spec = f"timm:test_resnet?weights={files['test_resnet']}"
        state = torch.load(files["test_resnet"], weights_only=True)
        state["stem.0.conv.weight" if "stem.0.conv.weight" in state else next(iter(state))] += 1
        torch.save(state, tmp_path / "changed.pth")
        extractors: list[TimmModel] = [
            load(spec, CPU),
            load(spec, ExtractorOptions(device=Device.CPU, resize=ResizeMode.PYTORCH_FID)),
            load(spec, ExtractorOptions(device=Device.CPU, resolution=64)),
            load(spec, ExtractorOptions(device=Device.CPU, precision=Precision.BF16)),
            load(f"timm:test_resnet?weights={tmp_path / 'changed.pth'}", CPU),
        ]
        identities = [extractor.identity for extractor in extractors]
        assert len(set(identities)) == len(identities)
        assert identities[0].startswith("timm:test_resnet v1 | resize=clean | ")
        assert not any(str(tmp_path.parent) in identity for identity in identities)
        assert extractors[0].name == spec

    def test_the_container_does_not_matter(self, files: dict[str, Path], tmp_path: Path) -> None:
        """Weights count, not the file that they came in, nor the classifier beside them."""
        state = torch.load(files["test_resnet"], weights_only=True)
        state = {key: value for key, value in state.items() if not key.startswith("fc.")}
        path = tmp_path / "net a+b&c=%20.safetensors"
        safetensors.torch.save_file(state, path)
        ours = load(f"timm:test_resnet?weights={path}", CPU)
        assert ours.identity == load(f"timm:test_resnet?weights={files['test_resnet']}", CPU).identity


class TestErrors:
    @pytest.mark.parametrize("name", ["timm", "timm:", "timm:?weights=x"])
    def test_no_model(self, name: str) -> None:
        with pytest.raises(UnknownNameError, match="timm:<name>"):
            load(name, CPU)

    @pytest.mark.parametrize(
        ("name", "close"), [("resnet81", "resnet18"), ("resnet18.nope", "resnet18"), ("qqqq", "list_models")]
    )
    def test_unknown_models_list_close_ones(self, name: str, close: str) -> None:
        with pytest.raises(UnknownNameError, match=rf"no timm model '{name}'.*{close}"):
            load(f"timm:{name}", CPU)

    @pytest.mark.parametrize("query", ["weights=", "weight=x", "x"])
    def test_other_questions(self, query: str) -> None:
        with pytest.raises(InputError, match=r"only weights=<path> may follow"):
            load(f"timm:resnet18?{query}", CPU)

    def test_another_models_weights(self, files: dict[str, Path]) -> None:
        with pytest.raises(WeightsError, match=r"not of the layout of resnet18: conv1\.weight is missing"):
            load(f"timm:resnet18?weights={files['test_vit']}", CPU)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match="does not exist"):
            load(f"timm:resnet18?weights={tmp_path / 'none.pth'}", CPU)

    def test_a_model_without_published_weights(self) -> None:
        assert not timm.get_pretrained_cfg("botnet50ts_256").has_weights
        with pytest.raises(WeightsError, match=r"no pretrained weights for botnet50ts_256; .*\?weights="):
            load("timm:botnet50ts_256", CPU)


class TestHub:
    """What is said and done around timm's own weights, with the hub replaced."""

    @pytest.fixture(autouse=True)
    def empty_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(_timm_weights, "_is_cached", lambda repository: False)

    @pytest.fixture
    def online(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MEDSYN_OFFLINE", raising=False)
        get_settings.cache_clear()

    def test_offline(self, workspace: Path, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match=r"MEDSYN_OFFLINE.*timm:resnet18\?weights=") as caught:
            load("timm:resnet18", CPU)
        assert str(tmp_path / "hub") in str(caught.value)

    def test_unreachable(self, workspace: Path, online: None, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*address: object, **options: object) -> None:
            raise TimeoutError

        monkeypatch.setattr(_timm_weights.urllib.request, "getproxies", dict)
        monkeypatch.setattr(_timm_weights.socket, "create_connection", refuse)
        with pytest.raises(WeightsError, match="cannot be reached; give a file as"):
            load("timm:resnet18", CPU)

    def test_failing(self, workspace: Path, online: None, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*names: object, **options: object) -> None:
            raise ConnectionResetError("header text")

        monkeypatch.setattr(_timm_weights, "_is_reachable", lambda url: True)
        monkeypatch.setattr(_timm_weights.timm, "create_model", fail)
        with pytest.raises(WeightsError, match=r"could not be loaded .*: ConnectionResetError; give a file"):
            load("timm:resnet18", CPU)

    def test_cached_weights_are_read_without_the_network(
        self, workspace: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create = timm.create_model
        seen: list[bool] = []

        def from_cache(name: str, *, pretrained: bool, num_classes: int) -> torch.nn.Module:
            seen.append(pretrained and huggingface_hub.constants.HF_HUB_OFFLINE)
            model: torch.nn.Module = create(name, num_classes=num_classes)
            return model

        before = huggingface_hub.constants.HF_HUB_OFFLINE
        monkeypatch.setattr(_timm_weights, "_is_cached", lambda repository: True)
        monkeypatch.setattr(_timm_weights.timm, "create_model", from_cache)
        assert load("timm:test_resnet", CPU).dimension == create("test_resnet", num_classes=0).num_features
        assert seen == [True]
        assert before == huggingface_hub.constants.HF_HUB_OFFLINE


def test_the_hubs_cache_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout of the hub's cache, written by hand."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    assert not _timm_weights._is_cached("timm/resnet18.a1_in1k")
    repository = tmp_path / "models--timm--resnet18.a1_in1k"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    (repository / "snapshots" / ("0" * 40)).mkdir(parents=True)
    (repository / "snapshots" / ("0" * 40) / "model.safetensors").touch()
    assert _timm_weights._is_cached("timm/resnet18.a1_in1k")
    assert not _timm_weights._is_cached("timm/resnet18.a1_in1k@other")


def test_info_tells_that_weights_are_needed() -> None:
    assert INFO.id == "timm"
    assert INFO.needs_weights
    assert not INFO.has_logits

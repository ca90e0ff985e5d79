"""The training loop learns, repeats itself, chooses its epoch by validation, and can be stopped."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import core.torch_setup  # noqa: F401

# isort: split
import safetensors.torch
import timm
import torch
from torch import nn

from core.config import get_settings
from core.errors import CancelledError, InputError, WeightsError
from core.progress import SilentProgress
from core.utility.augmentation import Augmentation
from core.utility.classifiers import Classifier, build_classifier, hash_weights
from core.utility.pools import Pool
from core.utility.presets import CLASSIFIERS, PRESETS, UtilityProtocol
from core.utility.training import Trained, TrainingOptions, extract_pooled, predict, train_network

CPU = torch.device("cpu")
OPTIONS = TrainingOptions(
    epochs=4,
    steps=5,
    batch_size=8,
    optimiser="adamw",
    learning_rate=3e-3,
    weight_decay=0.0,
    schedule="cosine",
    class_weights=False,
)


def build(seed: int = 0, n_channels: int = 1, **choices: object) -> Classifier:
    protocol = UtilityProtocol.model_validate({"resolution": 32} | choices)
    return build_classifier(protocol, n_channels=n_channels, n_classes=2, seed=seed, settings=get_settings())


def draw_pool(n: int, *, seed: int, shift: float = 80) -> Pool:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    pixels = rng.normal(100, 25, (n, 1, 32, 32))
    pixels[labels == 1, :, 4:16, 4:16] += shift
    rows = np.arange(n)
    return Pool((np.clip(pixels, 0, 255).astype(np.uint8),), labels, np.zeros_like(rows), rows, 255.0)


def train(
    network: nn.Module, pool: Pool, validation: Pool, options: TrainingOptions = OPTIONS, seed: int = 0
) -> Trained:
    return train_network(
        network,
        pool=pool,
        validation=validation,
        n_classes=2,
        options=options,
        phase="network",
        order=np.random.default_rng(seed),
        changes=np.random.default_rng(seed + 1),
        device=CPU,
        progress=SilentProgress(),
    )


def test_one_batch_is_learnt_by_heart() -> None:
    rng = np.random.default_rng(0)
    # Noise whose labels say nothing: only memory can tell them.
    rows = np.arange(8)
    batch = Pool((rng.integers(0, 256, (8, 1, 32, 32), dtype=np.uint8),), rows % 2, rows * 0, rows, 255.0)
    network = build()
    trained = train(network, batch, batch, replace(OPTIONS, epochs=8, steps=6))
    assert trained.curve[-1].training_loss < 0.1 < trained.curve[0].training_loss
    assert (predict(network, batch, device=CPU).argmax(axis=1) == batch.labels).all()


def test_the_same_seeds_give_the_same_weights_and_others_do_not() -> None:
    pool, validation = draw_pool(24, seed=0), draw_pool(12, seed=1)
    changes = replace(OPTIONS, epochs=2, augmentation=Augmentation(0.5, 10, 0.2))

    def answers(seed: int) -> np.ndarray:
        torch.manual_seed(np.random.default_rng().integers(1000))  # what others drew is of no account
        network = build(seed=5)
        train(network, pool, validation, changes, seed)
        return predict(network, validation, device=CPU)

    np.testing.assert_array_equal(answers(0), answers(0))
    assert not np.array_equal(answers(0), answers(9))


def test_initial_weights_are_the_seeds() -> None:
    first, again, other = (build(seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_the_best_epoch_is_that_of_the_validation_images() -> None:
    pool = draw_pool(24, seed=0)
    # What is right in validation is wrong in training: the better it is learnt, the worse.
    turned = replace(draw_pool(12, seed=1), labels=1 - draw_pool(12, seed=1).labels)
    network = build()
    trained = train(network, pool, turned)
    ranks = [(one.validation_balanced_accuracy, -one.validation_loss) for one in trained.curve]
    assert trained.best_epoch == 1 + ranks.index(max(ranks))
    assert trained.best_epoch < len(ranks)
    right = predict(network, turned, device=CPU).argmax(axis=1) == turned.labels
    assert right.mean() == pytest.approx(max(ranks)[0])


def test_rare_classes_can_weigh_more() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0] * 18 + [1] * 2)
    features = rng.normal(0, 1, (20, 3)).astype(np.float32) * 1e-3
    pool = Pool.from_features(features, labels)

    def share(weighted: bool) -> float:
        torch.manual_seed(0)
        layer = nn.Linear(3, 2)
        options = replace(
            OPTIONS, epochs=30, batch_size=20, learning_rate=0.1, class_weights=weighted, schedule="constant"
        )
        balanced = Pool.from_features(features[[0, 18]], labels[[0, 18]])
        train(layer, pool, balanced, options)
        return float(predict(layer, pool, device=CPU)[:, 1].mean())

    assert share(True) - share(False) > 0.1


def test_a_loss_that_is_not_finite_is_told() -> None:
    pool = draw_pool(16, seed=0)
    options = replace(OPTIONS, optimiser="sgd", learning_rate=1e30, schedule="constant")
    with pytest.raises(InputError, match="diverged in epoch 1; choose a learning rate below"):
        train(build(), pool, pool, options)


def test_training_stops_when_it_is_cancelled() -> None:
    class Stop(SilentProgress):
        steps = 0

        def advance(self, steps: int = 1) -> None:
            self.steps += steps
            if self.steps == 3:
                raise CancelledError("Stopped.")

    progress, pool = Stop(), draw_pool(16, seed=0)
    with pytest.raises(CancelledError):
        train_network(
            build(),
            pool=pool,
            validation=pool,
            n_classes=2,
            options=OPTIONS,
            phase="network",
            order=np.random.default_rng(0),
            changes=np.random.default_rng(0),
            device=CPU,
            progress=progress,
        )
    assert progress.steps == 3


def test_augmentation_flips_turns_and_changes_contrast_as_said() -> None:
    images = torch.rand(6, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    torch.testing.assert_close(Augmentation(0, 0, 0).apply(images, rng), images, atol=1e-5, rtol=0)
    torch.testing.assert_close(Augmentation(1, 0, 0).apply(images, rng), images.flip(3), atol=1e-5, rtol=0)
    dull = images * 0.2 + 0.4
    gained = Augmentation(0, 0, 0.5).apply(dull, rng)
    ratios = gained.std(dim=(1, 2, 3)) / dull.std(dim=(1, 2, 3))
    torch.testing.assert_close(gained.mean(dim=(1, 2, 3)), dull.mean(dim=(1, 2, 3)))
    assert ratios.min() >= 0.5 and ratios.max() <= 1.5 and ratios.std() > 0.1
    # What is round about the centre turns into itself, a corner does not.
    grid = torch.linspace(-1, 1, 33)
    disc = torch.exp(-4 * (grid[:, None] ** 2 + grid[None, :] ** 2))[None, None]
    turned = Augmentation(0, 180, 0).apply(disc, np.random.default_rng(3))
    assert (turned - disc).abs().mean() < 0.005
    corner = torch.zeros(1, 1, 33, 33)
    corner[..., :8, :8] = 1
    assert (Augmentation(0, 180, 0).apply(corner, np.random.default_rng(3)) - corner).abs().mean() > 0.02


def test_pools_join_arrays_and_shuffle_in_whole_passes() -> None:
    pool = draw_pool(10, seed=0)
    rows = list(islice(pool.shuffled(4, np.random.default_rng(0)), 5))
    assert sorted(np.concatenate(rows).tolist()) == sorted([*range(10), *range(10)])
    assert sorted(np.concatenate(rows).tolist()[:10]) == list(range(10))
    np.testing.assert_allclose(pool.take(np.array([3]))[0], pool.arrays[0][3] / 255, rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in CLASSIFIERS if name != "test_resnet"])
def test_every_classifier_can_be_built_and_gives_one_answer_a_class(name: str) -> None:
    side = CLASSIFIERS[name].smallest_px
    network = build(classifier=name, resolution=side)
    images = torch.rand(2, 1, side, side)
    for training in (True, False):
        with torch.no_grad():
            assert network.train(training)(images).shape == (2, 2)


def test_weights_of_a_file_are_taken_and_grey_is_repeated(tmp_path: Path, workspace: Path) -> None:
    torch.manual_seed(3)
    source = timm.create_model("test_resnet", pretrained=False, num_classes=7)
    path = tmp_path / "given.safetensors"
    safetensors.torch.save_file(source.state_dict(), path)
    network = build(weights_file=path)
    assert network.n_channels == 3
    stem = network.body.state_dict()["conv1.0.weight"]
    torch.testing.assert_close(stem, source.state_dict()["conv1.0.weight"])
    grey = torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(network.eval()(grey), network(grey.expand(-1, 3, -1, -1)))
    before = hash_weights(UtilityProtocol(weights_file=path))
    safetensors.torch.save_file({"conv1.weight": torch.zeros(1)}, path)
    assert hash_weights(UtilityProtocol(weights_file=path)) != before
    with pytest.raises(WeightsError, match="not of the layout"):
        build(weights_file=path)
    with pytest.raises(WeightsError, match="cannot be read"):
        hash_weights(UtilityProtocol(weights_file=tmp_path / "missing.pth"))


def test_published_weights_offline_say_what_to_do(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(WeightsError, match="give a file, or start from scratch"):
        build(classifier="resnet18", weights="imagenet")


def test_features_are_what_the_head_sees() -> None:
    pool, network = draw_pool(6, seed=0), build()
    features = extract_pooled(network, pool, device=CPU)
    logits = network.head(torch.from_numpy(features)).detach().numpy()
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predict(network, pool, device=CPU), expected, rtol=1e-5)


def test_presets_are_protocols_and_wrong_choices_are_refused() -> None:
    assert PRESETS["paper"].classifier == "inception_v3"
    assert (PRESETS["paper"].feature_fraction, PRESETS["paper"].feature_epochs) == (0.5, 20)
    for wrong, reason in {
        "classifier": ("vgg", "There is no classifier 'vgg'"),
        "ratios": ((1.0, 1.0), "each named once"),
        "label_fractions": ((1.5,), "between 0 and 1"),
    }.items():
        with pytest.raises(ValueError, match=reason[1]):
            UtilityProtocol.model_validate({wrong: reason[0]})
    with pytest.raises(ValueError, match="at least 75 pixels a side"):
        UtilityProtocol(classifier="inception_v3", resolution=64)
    with pytest.raises(ValueError, match="not from both"):
        UtilityProtocol(weights="imagenet", weights_file=Path("a.pth"))

"""Augmentation: what is exact is exact, what is drawn has the paper's odds, and p follows overfitting."""

from __future__ import annotations

import math

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import pytest
import torch
from torch import Tensor

from core.generators.stylegan2.adaptive import AdaptiveProbability
from core.generators.stylegan2.augmentation import draw_augmentation
from core.generators.stylegan2.colour import ColourChange, change_colours, colour_maps
from core.generators.stylegan2.geometry import move_pixels, warp, warp_matrices
from core.generators.stylegan2.options import StyleGAN2Options

OPTIONS = StyleGAN2Options(size_px=16)
NONE = torch.zeros(3, dtype=torch.int64)
STILL = torch.zeros(3, 2, dtype=torch.int64)


@pytest.fixture
def images() -> Tensor:
    return torch.randn(3, 2, 16, 16, generator=torch.Generator().manual_seed(0))


def test_flipping_twice_changes_nothing(images: Tensor) -> None:
    def flip(x: Tensor) -> Tensor:
        return move_pixels(x, flips=NONE == 0, turns=NONE, shifts=STILL)

    assert torch.equal(flip(images), images.flip(3))
    assert torch.equal(flip(flip(images)), images)


def test_pixels_move_as_torch_moves_them(images: Tensor) -> None:
    turns = torch.tensor([1, 2, 3])
    moved = move_pixels(images, flips=torch.tensor([False, True, True]), turns=turns, shifts=STILL)
    for number, (image, turn) in enumerate(zip(images, turns.tolist(), strict=True)):
        expected = torch.rot90(image.flip(2) if number else image, turn, dims=(1, 2))
        assert torch.equal(moved[number], expected)


def test_shifts_mirror_in_what_they_uncover(images: Tensor) -> None:
    shifts = torch.tensor([[2, 0], [0, -3], [0, 0]])
    moved = move_pixels(images, flips=NONE > 0, turns=NONE, shifts=shifts)
    assert torch.equal(moved[0, :, 2:], images[0, :, :-2])
    assert torch.equal(moved[0, :, :2], images[0, :, 1:3].flip(1))
    assert torch.equal(moved[1, :, :, :-3], images[1, :, :, 3:])
    assert torch.equal(moved[1, :, :, -3:], images[1, :, :, -4:-1].flip(2))
    assert torch.equal(moved[2], images[2])


def smooth(n: int = 1, side: int = 32) -> Tensor:
    """A soft spot above and left of the centre."""
    places = torch.arange(side) - (side - 1) / 2
    spot = torch.exp(-((places[:, None] + 3) ** 2 + (places[None, :] + 5) ** 2) / 8)
    return spot.expand(n, 1, side, side).clone()


def matrices(**changes: float | tuple[float, float]) -> Tensor:
    values = {"scale": 1.0, "turn": 0.0, "stretch": 1.0, "turn_back": 0.0, "shift": (0.0, 0.0)} | changes
    return warp_matrices(**{name: torch.tensor([value]) for name, value in values.items()})


def test_a_warp_by_nothing_blurs_little() -> None:
    assert (warp(smooth(), matrices()) - smooth()).abs().max() < 0.08


def centre(image: Tensor) -> tuple[float, float]:
    """Centre of mass, right and down of the middle, in pixels."""
    places = torch.arange(image.shape[-1]) - (image.shape[-1] - 1) / 2
    weight = image[0, 0] / image.sum()
    return (weight.sum(dim=0) * places).sum().item(), (weight.sum(dim=1) * places).sum().item()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"shift": (0.125, 0.0625)}, (-1, -1)),
        ({"turn": math.pi / 2}, (3, -5)),
        ({"turn_back": math.pi}, (5, 3)),
        ({"scale": 1.25}, (-6.25, -3.75)),
        ({"stretch": 1.2}, (-6, -2.5)),
        # Turned, then stretched, then turned back: it was the height that was stretched.
        ({"turn": math.pi / 2, "stretch": 1.2, "turn_back": -math.pi / 2}, (-5 / 1.2, -3.6)),
    ],
)
def test_warps_carry_a_spot_where_the_matrix_says(
    changes: dict[str, float], expected: tuple[float, float]
) -> None:
    assert centre(warp(smooth(), matrices(**changes))) == pytest.approx(expected, abs=0.15)


def change(**changes: float) -> ColourChange:
    values = {"brightness": 0.0, "contrast": 1.0, "luma_flip": 0.0, "hue": 0.0, "saturation": 1.0} | changes
    made = {name: torch.tensor([value]) for name, value in values.items()}
    return ColourChange(**made | {"luma_flip": made["luma_flip"] > 0})  # type: ignore[arg-type]


def test_colours_change_as_named() -> None:
    x = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))

    def changed(**changes: float) -> Tensor:
        return change_colours(x, *colour_maps(change(**changes), channels=3))

    assert torch.allclose(changed(), x, atol=1e-6)
    assert torch.allclose(changed(brightness=0.1, contrast=2.0), 2 * (x + 0.1), atol=1e-6)
    grey = x.mean(dim=1, keepdim=True)
    assert torch.allclose(changed(saturation=0.0), grey.expand_as(x), atol=1e-6)
    assert torch.allclose(changed(luma_flip=1.0), x - 2 * grey, atol=1e-6)
    # A third of a turn hands each channel on to the next.
    assert torch.allclose(changed(hue=2 * math.pi / 3), x.roll(1, dims=1), atol=1e-5)
    single = change_colours(x[:, :1], *colour_maps(change(brightness=0.1, contrast=2.0), channels=1))
    assert torch.allclose(single, 2 * (x[:, :1] + 0.1), atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_nothing_happens_at_probability_zero(channels: int) -> None:
    options = OPTIONS.model_copy(update={"channels": channels})
    x = torch.randn(8, channels, 16, 16, generator=torch.Generator().manual_seed(0))
    plan = draw_augmentation(8, p=0.0, options=options, generator=torch.Generator().manual_seed(1))
    assert torch.equal(plan.apply(x), x)


def test_draws_do_not_depend_on_what_happens() -> None:
    after = []
    for p, augment_warp in ((0.0, True), (1.0, True), (0.5, False)):
        generator = torch.Generator().manual_seed(0)
        options = OPTIONS.model_copy(update={"augment_warp": augment_warp})
        draw_augmentation(8, p=p, options=options, generator=generator)
        after.append(torch.rand(3, generator=generator).tolist())
    assert after[0] == after[1] == after[2]


def test_changes_happen_as_often_as_the_paper_has_them() -> None:
    n, p = 20_000, 0.4
    options = OPTIONS.model_copy(update={"channels": 3})
    plan = draw_augmentation(n, p=p, options=options, generator=torch.Generator().manual_seed(0))
    assert plan.flips.float().mean().item() == pytest.approx(p / 2, abs=0.01)
    assert (plan.turns != 0).float().mean().item() == pytest.approx(p * 3 / 4, abs=0.01)
    # Scaled, stretched, shifted by fractions: p each; the two rotations p together.
    assert plan.is_warped.float().mean().item() == pytest.approx(1 - (1 - p) ** 4, abs=0.01)
    assert plan.is_coloured.float().mean().item() == pytest.approx(1 - (1 - p) ** 4 * (1 - p / 2), abs=0.01)
    assert plan.shifts.abs().max().item() == 2
    alone = draw_augmentation(
        64,
        p=1.0,
        options=OPTIONS.model_copy(
            update={"augment_turn": False, "augment_warp": False, "augment_colour": False}
        ),
        generator=torch.Generator().manual_seed(0),
    )
    assert not alone.turns.any()
    assert not alone.is_warped.any()
    assert not alone.is_coloured.any()
    assert alone.flips.any()


def test_parts_of_a_batch_are_changed_as_in_the_whole_and_gradients_pass() -> None:
    x = torch.randn(6, 1, 16, 16, generator=torch.Generator().manual_seed(0)).requires_grad_()
    plan = draw_augmentation(6, p=0.8, options=OPTIONS, generator=torch.Generator().manual_seed(0))
    whole = plan.apply(x)
    parts = torch.cat([plan.apply(x[rows], rows=rows) for rows in (slice(0, 2), slice(2, 6))])
    assert torch.allclose(whole, parts, atol=1e-6)
    assert not torch.allclose(whole, x)
    (gradient,) = torch.autograd.grad(whole.square().sum(), x)
    assert (gradient.abs().sum(dim=(1, 2, 3)) > 0).all()


def test_probability_rises_while_real_images_are_known_by_heart() -> None:
    adaptive = AdaptiveProbability(value=0.1, target=0.6, images=1000, most=0.8)
    for _ in range(3):
        adaptive.add(1.0, n=10)
    assert adaptive.value == 0.1
    adaptive.add(1.0, n=10)
    assert adaptive.value == pytest.approx(0.14)
    assert adaptive.sign == 1.0
    for _ in range(4):
        adaptive.add(0.2, n=10)
    assert adaptive.value == pytest.approx(0.1)
    for _ in range(200):
        adaptive.add(1.0, n=10)
    assert adaptive.value == 0.8
    for _ in range(400):
        adaptive.add(0.0, n=10)
    assert adaptive.value == 0.0


def test_a_resumed_run_adjusts_at_the_same_step() -> None:
    whole = AdaptiveProbability(value=0.1, target=0.6, images=1000, most=0.8)
    whole.add(0.9, n=10)
    other = AdaptiveProbability(value=0.0, target=0.6, images=1000, most=0.8)
    other.load_state(whole.state())
    for _ in range(3):
        whole.add(0.7, n=10)
        other.add(0.7, n=10)
    assert other.state() == whole.state()
    assert other.value > 0.1

"""PixelSNAIL: who sees whom, and drawing place by place."""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from core.generators.vqvae2.causal import CausalConv2d, PlaceByPlace, WholeMap
from core.generators.vqvae2.code_drawing import draw_codes, draw_uniforms
from core.generators.vqvae2.pixelsnail import PixelSnail
from core.generators.vqvae2.prior_phase import Level, build_prior
from tests.core.generators.vqvae2.tiny import TINY, fresh_prior

SIDE = {"top": 4, "bottom": 6}
LEVELS: tuple[Level, ...] = ("top", "bottom")


def inputs(level: Level, n: int) -> tuple[Tensor, Tensor, Tensor | None]:
    torch.manual_seed(1)
    side = SIDE[level]
    above = torch.randint(12, (n, side // 2, side // 2)) if level == "bottom" else None
    return torch.randint(12, (n, side, side)), torch.arange(n) % 2, above


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kernel", [3, 5])
def test_each_code_reaches_all_later_places_and_no_other(level: Level, kernel: int) -> None:
    """For all places: a change leaves the logits there and before as they are, and moves all behind."""
    prior = fresh_prior(level, TINY.model_copy(update={"prior_kernel": kernel}))
    codes, labels, above = inputs(level, 1)
    places = SIDE[level] ** 2
    changed = codes.flatten(1).repeat(places, 1)
    changed[torch.arange(places), torch.arange(places)] = (codes.flatten() + 1) % 12
    repeated = None if above is None else above.expand(places, -1, -1)
    with torch.no_grad():
        before = prior(codes, labels, above)
        after = prior(changed.view(places, *codes.shape[1:]), labels.expand(places), repeated)
    # (changed place, place)
    moved = (after - before).abs().amax(dim=1).flatten(1)
    later = torch.ones(places, places).triu(diagonal=1).bool()
    assert moved[~later].max() < 1e-12
    assert moved[later].min() > 1e-12


def test_class_and_level_above_reach_every_place() -> None:
    for level in LEVELS:
        prior = fresh_prior(level)
        codes, labels, above = inputs(level, 1)
        with torch.no_grad():
            before = prior(codes, labels, above)
            assert (prior(codes, 1 - labels, above) - before).abs().amax(dim=1).min() > 1e-9
            if above is not None:
                other = prior(codes, labels, (above + 1) % 12)
                assert (other - before).abs().amax(dim=1).min() > 1e-9


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("sees_own", [True, False])
def test_a_causal_convolution_is_a_convolution_with_its_later_half_cut_off(
    kernel: int, sees_own: bool
) -> None:
    if kernel == 1 and not sees_own:
        return
    torch.manual_seed(0)
    layer, x = CausalConv2d(3, 5, kernel, sees_own=sees_own), torch.randn(2, 3, 6, 7)
    full = torch.zeros(5, 3, kernel * kernel)
    n_seen = kernel * kernel // 2 + int(sees_own)
    full[:, :, :n_seen] = layer.weight.flatten(2)[:, :, :n_seen]
    expected = functional.conv2d(x, full.view(5, 3, kernel, kernel), layer.bias, padding=kernel // 2)
    with torch.no_grad():
        assert torch.allclose(layer(x), expected, atol=1e-6)


def test_attention_is_the_same_either_way_and_as_written_out() -> None:
    torch.manual_seed(0)
    query, key = torch.randn(2, 2, 3, 3, 4).double(), torch.randn(2, 2, 3, 3, 4).double()
    value = torch.randn(2, 2, 5, 3, 4).double()
    whole = WholeMap().attend(torch.nn.Identity(), query=query, key=key, value=value)
    view, layer = PlaceByPlace(3, 4), torch.nn.Identity()
    for place in range(12):
        row, column = divmod(place, 4)
        view.move_to(row, column)
        cut = (..., slice(row, row + 1), slice(column, column + 1))
        one = view.attend(layer, query=query[cut], key=key[cut], value=value[cut])
        assert torch.allclose(one[..., 0, 0], whole[:, :, row, column])
        for head in range(2):
            seen = key.flatten(3)[0, head, :, : place + 1]
            weights = torch.softmax(query[0, head, :, row, column] @ seen / 3**0.5, dim=0)
            by_hand = value.flatten(3)[0, head, :, : place + 1] @ weights
            assert torch.allclose(whole[0, head * 5 : head * 5 + 5, row, column], by_hand)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_drawing_place_by_place_follows_the_whole_maps_probabilities(
    level: Level, temperature: float
) -> None:
    """Each drawn code is the one that the network, run on the whole drawn map, gives to the uniform."""
    prior, side = fresh_prior(level), SIDE[level]
    _, labels, above = inputs(level, 5)
    uniforms, _ = draw_uniforms([3, 1, 4, 1, 5], n_top=side**2, n_bottom=0)
    drawn = draw_codes(
        prior, uniforms=uniforms, side=side, labels=labels, above=above, temperature=temperature
    )
    with torch.no_grad():
        heights = torch.softmax(prior(drawn, labels, above) / temperature, dim=1).cumsum(dim=1)
    # (n, codes, places): the first code whose cumulative probability exceeds the uniform
    expected = (heights.flatten(2) > uniforms[:, None]).int().argmax(dim=1)
    assert torch.equal(drawn.flatten(1), expected)
    # The same seed: the same codes only where class (and level above) are the same.
    assert not torch.equal(drawn[1], drawn[2])
    alone = draw_codes(
        prior,
        uniforms=uniforms[3:4],
        side=side,
        labels=labels[3:4],
        above=None if above is None else above[3:4],
        temperature=temperature,
    )
    assert torch.equal(alone[0], drawn[3])


def test_codes_come_as_often_as_their_probabilities() -> None:
    """A prior of constant logits: shares of drawn codes against the softmax."""
    prior = build_prior("top", TINY, n_classes=2).double().eval()
    with torch.no_grad():
        prior.logits.weight.zero_()
        prior.logits.bias.copy_(torch.linspace(-2, 1, 12))
    uniforms, _ = draw_uniforms(range(800), n_top=4, n_bottom=0)
    drawn = draw_codes(prior, uniforms=uniforms, side=2, labels=torch.zeros(800, dtype=torch.int64))
    shares = torch.bincount(drawn.flatten(), minlength=12) / drawn.numel()
    assert (shares - torch.softmax(prior.logits.bias, dim=0)).abs().max() < 0.03


@pytest.mark.parametrize("level", LEVELS)
def test_one_batch_is_learnt(level: Level) -> None:
    torch.manual_seed(0)
    prior: PixelSnail = build_prior(level, TINY.model_copy(update={"dropout": 0.0}), n_classes=2)
    codes, labels, above = inputs(level, 4)
    optimizer = torch.optim.Adam(prior.parameters(), 1e-2)
    for _ in range(100):
        loss = functional.cross_entropy(prior(codes, labels, above), codes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # All but each image's first code can be known; chance is log 12 = 2.48.
    assert float(loss.detach()) < 0.2

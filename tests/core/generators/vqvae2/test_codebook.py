"""Codebooks: nearest vectors, the straight-through gradient, running averages, and dead codes."""

from __future__ import annotations

import math

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import pytest
import torch
from torch import Tensor

from core.features.vqvae_encoder import Codebook
from core.generators.random_streams import make_generator
from core.generators.vqvae2.codebook import CodebookAverages, compute_perplexity


def filled(vectors: Tensor) -> Codebook:
    codebook = Codebook(*vectors.shape)
    codebook.vectors.copy_(vectors)
    return codebook


def test_each_place_takes_its_nearest_vector() -> None:
    torch.manual_seed(0)
    codebook = filled(torch.randn(7, 3))
    latents = torch.randn(2, 3, 4, 5)
    codes = codebook.find_codes(latents)
    for n in range(2):
        for row in range(4):
            for column in range(5):
                distances = [math.dist(latents[n, :, row, column], vector) for vector in codebook.vectors]
                assert codes[n, row, column] == distances.index(min(distances))
    assert torch.equal(codebook.look_up(codes)[1, :, 2, 3], codebook.vectors[codes[1, 2, 3]])


def test_gradients_pass_as_if_nothing_had_been_replaced() -> None:
    torch.manual_seed(0)
    codebook = filled(torch.randn(7, 3))
    latents, weights = torch.randn(2, 3, 4, 4, requires_grad=True), torch.randn(2, 3, 4, 4)
    vectors, codes = codebook(latents)
    assert torch.allclose(vectors, codebook.look_up(codes), atol=1e-6)
    (vectors.square() * weights).sum().backward()
    # d/dz of f(e(z)) taken as f'(e).
    assert latents.grad is not None
    assert torch.allclose(latents.grad, 2 * vectors.detach() * weights, atol=1e-6)
    assert list(codebook.parameters()) == []


def test_running_averages_are_the_papers() -> None:
    """Against eq. 6 to 8 of van den Oord et al. 2017, written out code by code."""
    torch.manual_seed(0)
    codebook, gamma = filled(torch.randn(4, 2)), 0.9
    averages = CodebookAverages(4, 2, decay=gamma, revive_below=0.0)
    averages.update(codebook, torch.randn(40, 2), torch.arange(40) % 4, generator=make_generator(0))
    counts, sums = averages.counts.tolist(), [one.clone() for one in averages.sums]
    for step in range(20):
        latents = torch.randn(30, 2) + 3
        codes = codebook.find_codes(latents.T[None, :, :, None]).flatten()
        averages.update(codebook, latents, codes, generator=make_generator(step))
        for code in range(4):
            chosen = [latent for latent, own in zip(latents, codes, strict=True) if own == code]
            counts[code] = gamma * counts[code] + (1 - gamma) * len(chosen)
            sums[code] = gamma * sums[code] + (1 - gamma) * sum(chosen, torch.zeros(2))
            assert torch.allclose(codebook.vectors[code], sums[code] / counts[code], atol=1e-4)


def test_with_the_same_latents_vectors_come_to_the_means_of_their_cells() -> None:
    """Lloyd's algorithm in closed form: two clouds, and a codebook of two that ends in their middles."""
    torch.manual_seed(0)
    clouds = torch.cat([torch.randn(50, 2) * 0.1 + 5, torch.randn(70, 2) * 0.1 - 5])
    codebook = filled(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    averages = CodebookAverages(2, 2, decay=0.5, revive_below=0.0)
    averages.counts.fill_(1)
    averages.sums.copy_(codebook.vectors)
    for step in range(60):
        codes = codebook.find_codes(clouds.T[None, :, :, None]).flatten()
        averages.update(codebook, clouds, codes, generator=make_generator(step))
    assert torch.allclose(codebook.vectors[0], clouds[:50].mean(dim=0), atol=1e-4)
    assert torch.allclose(codebook.vectors[1], clouds[50:].mean(dim=0), atol=1e-4)
    assert averages.counts.tolist() == pytest.approx([50, 70])


def test_the_first_update_places_all_codes_on_latents() -> None:
    codebook, latents = Codebook(6, 3), torch.randn(20, 3)
    averages = CodebookAverages(6, 3, decay=0.99, revive_below=0.0)
    codes = torch.zeros(20, dtype=torch.int64)
    assert averages.update(codebook, latents, codes, generator=make_generator(0)) == 6
    for vector in codebook.vectors:
        assert torch.isclose(latents, vector, atol=1e-6).all(dim=1).any()


@pytest.mark.parametrize("revive_below", [0.0, 0.1])
def test_dead_codes_come_back_to_life_if_they_may(revive_below: float) -> None:
    torch.manual_seed(0)
    codebook = filled(torch.full((8, 2), 100.0))
    codebook.vectors[0] = 0
    averages = CodebookAverages(8, 2, decay=0.9, revive_below=revive_below)
    averages.counts.fill_(10)
    averages.sums.copy_(codebook.vectors * 10)
    used = []
    for step in range(120):
        latents = torch.randn(80, 2)
        codes = codebook.find_codes(latents.T[None, :, :, None]).flatten()
        used.append(float(compute_perplexity(codes, 8)))
        averages.update(codebook, latents, codes, generator=make_generator(step))
    assert used[0] == pytest.approx(1)
    assert used[-1] == pytest.approx(1) if revive_below == 0 else used[-1] > 5
    assert torch.isfinite(codebook.vectors).all()


def test_perplexity_counts_codes_in_use() -> None:
    assert float(compute_perplexity(torch.zeros(50, dtype=torch.int64), 9)) == pytest.approx(1)
    assert float(compute_perplexity(torch.arange(36) % 9, 9)) == pytest.approx(9)

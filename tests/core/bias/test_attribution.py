"""Attribution finds the spot that a classifier was built to look at."""

from __future__ import annotations

import pytest
import torch

import core.torch_setup  # noqa: F401
from core.bias.attribution import average_by_class, compute_grad_cam, compute_occlusion
from core.errors import InputError


class SpotNet(torch.nn.Module):
    """Logit of class 1: mean of the upper left quarter; of class 0: of the lower right one."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Conv2d(1, 2, 1, bias=False)
        self.features.weight.data = torch.ones(2, 1, 1, 1)
        self.unused = torch.nn.Conv2d(1, 1, 1)
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        planes = self.drop(self.features(images))
        half = images.shape[2] // 2
        return torch.stack(
            [planes[:, 0, half:, half:].mean(dim=(1, 2)), planes[:, 1, :half, :half].mean(dim=(1, 2))], dim=1
        )


def spots(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Class 1 has its spot in the upper left quarter, class 0 in the lower right one."""
    codes = torch.arange(n) % 2
    images = torch.zeros(n, 1, 16, 16)
    images[codes == 1, :, 2:6, 2:6] = 1
    images[codes == 0, :, 9:13, 10:14] = 1
    return images, codes


@pytest.mark.parametrize("way", ["cam", "occlusion"])
def test_each_class_is_told_by_its_own_spot(way: str) -> None:
    model, (images, codes) = SpotNet().train(), spots()
    maps = (
        compute_grad_cam(model, model.features, images, codes)
        if way == "cam"
        else compute_occlusion(model, images, codes, patch_px=4, stride_px=2)
    )
    assert maps.shape == (6, 16, 16)
    zero, one = average_by_class([(maps[:3], codes[:3]), (maps[3:], codes[3:])], n_classes=2)
    assert (zero.code, zero.n, one.code, one.n, one.n_empty) == (0, 3, 1, 3, 0)
    assert one.mean[3:5, 3:5].min() > 0.5 > 1e-6 + one.mean[8:, 8:].max()
    assert zero.mean[10:12, 11:13].min() > 0.5 > 1e-6 + zero.mean[:8, :8].max()
    assert one.mean.max() == pytest.approx(1)


def test_occlusion_is_the_fall_of_the_logit() -> None:
    model, (images, codes) = SpotNet().eval(), spots(2)
    maps = compute_occlusion(model, images, codes, patch_px=4, stride_px=4)
    # Cover at rows and columns 0 to 3 hides 2 x 2 of the 16 bright pixels of class 1's spot.
    assert maps[1, 0, 0].item() == pytest.approx(4 / 64)
    assert maps[1, 4, 4].item() == pytest.approx(4 / 64)
    assert maps[1, 8:, 8:].abs().max().item() == pytest.approx(0, abs=1e-7)
    raised = compute_occlusion(model, images, codes, patch_px=4, stride_px=4, fill=2.0)
    assert raised[1, 0, 0].item() == pytest.approx((4 - 2 * 16) / 64)


def test_grad_cam_follows_its_equation() -> None:
    torch.manual_seed(0)
    first, head = torch.nn.Conv2d(1, 3, 3), torch.nn.Linear(3, 2)
    model = torch.nn.Sequential(
        first, torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), head
    ).requires_grad_(False)
    images, codes = torch.randn(4, 1, 12, 12), torch.tensor([0, 1, 1, 0])
    maps = compute_grad_cam(model, model[1], images, codes)
    planes = torch.relu(first(images))
    # Behind a global mean, a channel's weight is the head's weight over the number of positions.
    by_hand = torch.relu(torch.einsum("nc,ncyx->nyx", head.weight[codes] / 100, planes))
    grown = torch.nn.functional.interpolate(by_hand[:, None], size=(12, 12), mode="bilinear")[:, 0]
    assert torch.allclose(maps, grown, atol=1e-6)


def test_the_model_is_left_as_it_was() -> None:
    model, (images, codes) = SpotNet().train(), spots()
    model.drop.eval()
    compute_grad_cam(model, model.features, images, codes)
    compute_occlusion(model, images, codes, patch_px=8, stride_px=8)
    assert model.training
    assert not model.drop.training
    assert not model.features._forward_hooks
    assert model.features.weight.grad is None


def test_images_without_evidence_count_as_empty() -> None:
    model = SpotNet().eval()
    maps = compute_grad_cam(model, model.features, torch.zeros(2, 1, 16, 16), torch.tensor([1, 1]))
    (only,) = average_by_class([(maps, torch.tensor([1, 1]))], n_classes=2)
    assert (only.code, only.n, only.n_empty, only.mean.max()) == (1, 2, 2, 0.0)


def test_layers_and_covers_that_do_not_fit_are_refused() -> None:
    model, (images, codes) = SpotNet(), spots()
    with pytest.raises(InputError, match="layer"):
        compute_grad_cam(model, model.unused, images, codes)
    for patch_px, stride_px in ((17, 4), (4, 5), (4, 0)):
        with pytest.raises(InputError, match="cover"):
            compute_occlusion(model, images, codes, patch_px=patch_px, stride_px=stride_px)

"""The layout of a denoising network as data: from options, or from a diffusers checkpoint's config.json."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.generators.diffusion.options import DiffusionOptions

__all__ = ["UnetLayout"]

_Down = Literal["DownBlock2D", "AttnDownBlock2D"]
_Up = Literal["UpBlock2D", "AttnUpBlock2D"]
_MOST_GROUPS = 32
# Far above any published network of this kind; a config that asks for more is refused before it is built.
_MOST_WIDTH = 8192


class UnetLayout(BaseModel):
    """What diffusers' `UNet2DModel` is built from, each field under its name there.

    A field that is not here would change the network without notice, so a config that has one is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_channels: int = Field(ge=1, le=64)
    out_channels: int = Field(ge=1, le=64)
    block_out_channels: tuple[int, ...] = Field(min_length=1, max_length=8)
    down_block_types: tuple[_Down, ...]
    up_block_types: tuple[_Up, ...]
    layers_per_block: int = Field(default=2, ge=1, le=8)
    center_input_sample: Literal[False] = False
    time_embedding_type: Literal["positional"] = "positional"
    time_embedding_dim: int | None = Field(default=None, ge=1, le=_MOST_WIDTH)
    freq_shift: int = Field(default=0, ge=0, le=1)
    flip_sin_to_cos: bool = True
    mid_block_type: Literal["UNetMidBlock2D"] | None = "UNetMidBlock2D"
    mid_block_scale_factor: float = Field(default=1, gt=0, le=100)
    downsample_padding: int = Field(default=1, ge=0, le=1)
    downsample_type: Literal["conv", "resnet"] = "conv"
    upsample_type: Literal["conv", "resnet"] = "conv"
    dropout: float = Field(default=0.0, ge=0, lt=1)
    act_fn: Literal["silu", "swish", "mish", "gelu", "relu"] = "silu"
    attention_head_dim: int | None = Field(default=8, ge=1, le=_MOST_WIDTH)
    norm_num_groups: int = Field(default=32, ge=1, le=1024)
    attn_norm_num_groups: int | None = Field(default=None, ge=1, le=1024)
    norm_eps: float = Field(default=1e-5, gt=0, le=1)
    resnet_time_scale_shift: Literal["default", "scale_shift"] = "default"
    add_attention: bool = True
    class_embed_type: None = None
    num_class_embeds: int | None = Field(default=None, ge=1, le=100_000)
    num_train_timesteps: int | None = None

    @model_validator(mode="after")
    def _check_blocks(self) -> Self:
        n = len(self.block_out_channels)
        if len(self.down_block_types) != n or len(self.up_block_types) != n:
            raise ValueError("There is one down block and one up block for each of block_out_channels.")
        if any(not 1 <= width <= _MOST_WIDTH for width in self.block_out_channels):
            raise ValueError(f"Every one of block_out_channels is from 1 to {_MOST_WIDTH}.")
        if any(width % self.norm_num_groups for width in self.block_out_channels):
            raise ValueError("norm_num_groups divides every one of block_out_channels.")
        return self

    @classmethod
    def from_options(cls, options: DiffusionOptions, *, n_labels: int) -> Self:
        """Lay out the network that options ask for.

        Args:
            options: sizes.
            n_labels: labels that it is told, the one for no class included; 0 trains without.

        References:
            Ho et al. 2020, appendix B: residual blocks with group norms, attention at some resolutions, the
            step as a sinusoid; freq_shift 1 and sines first are those of their code, as in diffusers' copy.
        """
        attends = [
            options.grid_side // 2**level in options.attention_sides
            for level in range(len(options.width_factors))
        ]
        return cls(
            in_channels=options.grid_channels,
            out_channels=options.grid_channels,
            block_out_channels=tuple(options.width * factor for factor in options.width_factors),
            down_block_types=tuple("AttnDownBlock2D" if one else "DownBlock2D" for one in attends),
            up_block_types=tuple("AttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)),
            layers_per_block=options.blocks,
            freq_shift=1,
            flip_sin_to_cos=False,
            dropout=options.dropout,
            attention_head_dim=options.head_channels or None,
            # Groups of four channels at least: a norm over one alone would hide its mean.
            norm_num_groups=math.gcd(options.width, min(_MOST_GROUPS, options.width // 4)),
            norm_eps=1e-6,
            num_class_embeds=n_labels or None,
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Read a diffusers config; its private fields and the image's side say nothing of the network.

        Raises:
            pydantic.ValidationError: if it is of another kind of network.
        """
        return cls.model_validate(
            {
                name: value
                for name, value in config.items()
                if not name.startswith("_") and name != "sample_size"
            }
        )

    @property
    def n_halvings(self) -> int:
        """Times that the side of an image is halved."""
        return len(self.block_out_channels) - 1

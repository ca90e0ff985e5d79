"""The mask that follows an image whose time is up, so that its afterimage cannot be looked at any longer."""

from __future__ import annotations

import numpy as np

from core.rating.stimulus_png import StimulusMode, encode_stimulus

__all__ = ["make_mask"]

_MEAN, _SPREAD = 127.5, 50.0


def make_mask(side_px: int, mode: StimulusMode, seed: int) -> bytes:
    """Make a square of noise as a PNG file of the same number of bytes as a session's images.

    Its amplitudes fall with frequency as those of natural images do, so that it covers coarse and fine
    detail alike.

    Args:
        side_px: side of the square.
        mode: mode of the session's images; the noise is grey in both.
        seed: the same seed gives the same mask.

    References:
        Field 1987, Relations between the statistics of natural images and the response properties of
        cortical cells: amplitude proportional to 1/f.
    """
    rng = np.random.default_rng([seed, side_px])
    spectrum = np.fft.rfft2(rng.standard_normal((side_px, side_px)))
    rows, columns = np.fft.fftfreq(side_px)[:, np.newaxis], np.fft.rfftfreq(side_px)
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf  # no mean
    noise = np.fft.irfft2(spectrum / frequency, s=(side_px, side_px))
    grey = np.rint(np.clip(_MEAN + _SPREAD * noise / noise.std(), 0, 255)).astype(np.uint8)
    return encode_stimulus(grey if mode == "L" else np.repeat(grey[..., np.newaxis], 3, axis=2))

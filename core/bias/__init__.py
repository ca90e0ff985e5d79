"""Bias: what gives an image's class away, place by place, and what synthetic sets inherit of it."""

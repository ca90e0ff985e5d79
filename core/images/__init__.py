"""Pixels in and out: one file per format, limits before decoding, one scale for everything that follows."""

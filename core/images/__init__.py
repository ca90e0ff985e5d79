"""Pixels in and out: one file per format, limits, intensity handling."""

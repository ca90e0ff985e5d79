"""Finds the real image that an image repeats: turned, shifted, cropped, brightened, compressed or blurred."""

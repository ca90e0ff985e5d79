"""The crop experiment: what synthetic sets are worth once a region is cropped from every set."""

"""Whether metrics of synthetic images foretell what the images do to a classifier."""

"""Image sets, labels, and the phantom generator."""

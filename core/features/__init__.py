"""Extractors, the batching engine and the feature store."""

"""Alembic's folder: each file in versions/ takes the tables one step on."""

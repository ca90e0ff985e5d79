"""Blinded rating sessions, in which people say which images are fake, and their statistics."""

"""`python -m core extractors`: what is there, what needs weights, and where they are looked for."""

from __future__ import annotations

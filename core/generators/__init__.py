"""Generators: five families of models behind one training loop, their samples, and what they cost."""

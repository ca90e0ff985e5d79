"""VQ-VAE-2: a two-level autoencoder of discrete codes, and autoregressive priors that draw codes.

References:
    Razavi et al., Generating Diverse High-Fidelity Images with VQ-VAE-2, NeurIPS 2019.
    van den Oord et al., Neural Discrete Representation Learning, NeurIPS 2017 (codebooks).
    Dhariwal et al., Jukebox: A Generative Model for Music, 2020 (dead codes).
    Chen et al., PixelSNAIL: An Improved Autoregressive Generative Model, ICML 2018 (priors).
"""

"""Diffusion models on diffusers' networks and schedulers: DDPM on pixels, latent diffusion on codes.

References:
    Ho et al., Denoising Diffusion Probabilistic Models, NeurIPS 2020.
    Nichol and Dhariwal, Improved Denoising Diffusion Probabilistic Models, ICML 2021 (cosine schedule).
    Song et al., Denoising Diffusion Implicit Models, ICLR 2021; Lu et al., DPM-Solver++, 2022 (sampling).
    Ho and Salimans, Classifier-Free Diffusion Guidance, 2022.
    Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models, CVPR 2022.
"""

"""StyleGAN2 with adaptive discriminator augmentation, written from its papers.

References:
    Karras et al., A Style-Based Generator Architecture for GANs, CVPR 2019 (mapping, mixing, truncation).
    Karras et al., Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020 (networks, penalties).
    Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020 (augmentation).
"""

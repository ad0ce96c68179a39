r"""
The article's GAN
=================

The smallest GAN worth drawing: two perceptrons with one hidden layer each, 100
Gaussian latents to 256 ReLU to 784 sigmoid pixels, and 784 pixels to 256 ReLU to one
logit; Adam with a learning rate of 0.0002 and :math:`\beta_1 = 0.5`; batches of 128
images, pixels in [0, 1].

The article's own listing cannot run; three things were put right:

1. Its noise is never defined; here each step draws it from a standard Gaussian.
2. Its labels are swapped; here real images are 1 and generated ones 0.
3. Its discriminator is never trained; here it takes its step first, then the generator.
"""

# %%
# MNIST, from the folder that the environment variable ``SKGAN_DATA`` names; where it
# is not at hand, scikit-learn's digits, enlarged to the same 28 by 28 pixels.
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skgan import GANSampler
from skgan.datasets import load_digit_images, load_mnist
from skgan.encoding import ImageEncoder
from skgan.plotting import SamplesDisplay

if (Path(os.environ.get("SKGAN_DATA", "")) / "mnist.npz").is_file():
    images = load_mnist().data
else:
    images = np.kron(load_digit_images().data, np.ones((1, 3, 3), dtype=np.uint8))
    images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
images.shape

# %%
# Minimax is the value of the paper, :math:`\min_G \max_D \mathbb E_x[\log D(x)] +
# \mathbb E_z[\log(1 - D(G(z)))]`. In the non-saturating form the generator maximises
# :math:`\mathbb E_z[\log D(G(z))]` instead, which has the same fixed point and
# steeper gradients where the generator loses. The article trains for 31 000 updates;
# fewer show the digits already.
N_UPDATES = 2500

figure, axes = plt.subplots(1, 2, figsize=(8.5, 4.5), layout="constrained")
for loss, ax in zip(("minimax", "nonsaturating"), axes, strict=True):
    sampler = GANSampler(
        latent_dim=100,
        hidden_dims=(256,),
        generator="mlp",
        discriminator="mlp",
        loss=loss,
        penalty=None,
        learning_rate=2e-4,
        batch_size=128,
        max_iter=N_UPDATES,
        average_halflife=None,
        schedule="constant",
        encoder=ImageEncoder(value_range=(0, 1)),
        # Pixels in [0, 1] make the generator end in a sigmoid.
        net_params={
            "optimizer_generator__betas": (0.5, 0.999),
            "optimizer_discriminator__betas": (0.5, 0.999),
        },
        random_state=0,
    ).fit(images)
    SamplesDisplay.from_estimator(sampler, ax=ax)
    ax.set_title(loss)
plt.show()

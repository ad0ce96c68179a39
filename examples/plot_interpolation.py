"""
From one digit to another
=========================

A generator makes images of latents, normal vectors. An encoder goes the other way: it
finds the latents of images, so that one can walk from one image to another through
the images that lie between them.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from skgan import GANSampler
from skgan.datasets import load_digit_images

images, y = load_digit_images(return_X_y=True)
sampler = GANSampler(max_iter=1200, random_state=0).fit(images)
sampler.fit_inverter(images, max_iter=500)

# %%
# Each image has a latent and an error: 0 is the image itself, 1 would be no better than
# the mean of all images.
latents, errors = sampler.invert(images[:6])
print(latents.shape, errors.round(2))

# %%
# Each row goes from one reconstruction to another, in steps of the same angle. The
# images at its ends are the digits it was asked to connect.
pairs = [(0, 9), (1, 4), (3, 8), (2, 6)]
walks = []
for start, end in pairs:
    first, last = (images[np.flatnonzero(y == digit)[1]] for digit in (start, end))
    walks.append([first, *sampler.interpolate(first, last, 8), last])
tiles = np.pad(np.array(walks), [(0, 0), (0, 0), (1, 1), (1, 1)])
sheet = tiles.transpose(0, 2, 1, 3).reshape(10 * len(pairs), -1)
figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
axis.imshow(sheet, cmap="gray_r")
axis.axvline(9.5, color="#D55E00")
axis.axvline(89.5, color="#D55E00")
axis.set(xticks=[], yticks=[])
plt.show()

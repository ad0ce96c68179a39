"""
Beside the nearest that it has seen
===================================

The oldest check by eye: below each digit that was drawn, the training image it is
nearest to. Not a digit should be one of them over again, and if one looks much like it,
ask whether digits held out do, too.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from skgan import GANSampler
from skgan.datasets import load_digit_images

train, held_out = train_test_split(load_digit_images().data, random_state=0)
sampler = GANSampler(max_iter=1200, random_state=0).fit(train)
drawn = sampler.sample(len(held_out), random_state=0)

# %%
# Distances between images as vectors of pixels, each from 0 to 255.
flat = train.reshape(len(train), -1)
nearest = NearestNeighbors(n_neighbors=1).fit(flat)
distance, index = nearest.kneighbors(drawn.reshape(len(drawn), -1))
usual = nearest.kneighbors(held_out.reshape(len(held_out), -1))[0]
print(f"exact copies among {len(drawn)}: {(distance == 0).sum()}")
print(f"median distance: {np.median(distance):.1f}; held out: {np.median(usual):.1f}")

# %%
# The six on the left are those that come closest to a training image, the rest are at
# random.
order = np.r_[np.argsort(distance[:, 0])[:6], np.arange(10)]
pairs = np.stack([drawn[order], train[index[order, 0]]])
tiles = np.pad(pairs, [(0, 0), (0, 0), (1, 1), (1, 1)]).transpose(0, 2, 1, 3)
figure, ax = plt.subplots(figsize=(9, 1.6), layout="constrained")
ax.imshow(tiles.reshape(20, -1), cmap="gray_r")
ax.axvline(59.5, color="#D55E00")
ax.set(xticks=[], yticks=[4.5, 14.5], yticklabels=["drawn", "nearest seen"])
ax.tick_params(length=0)
plt.show()

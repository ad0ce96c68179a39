"""
Eight modes on a ring
=====================

The oldest test of a GAN: eight narrow Gaussians on a circle. A generator that
collapses finds a few of them; this one should find all eight, about equally often.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from skgan import GANSampler
from skgan.datasets import make_ring

X, _, centers = make_ring(20_000, scale=0.05, return_centers=True, random_state=0)
# Fewer updates than it would choose itself, which leaves a few rows astray.
sampler = GANSampler(prior="normal", max_iter=1200, random_state=0).fit(X)
synthetic = sampler.sample(2000, random_state=0)

# %%
# How many of the samples are within three standard deviations of a mode, and how they
# spread over the modes.
distances = np.linalg.norm(synthetic[:, None] - centers, axis=2)
print(f"near a mode: {(distances.min(axis=1) < 3 * 0.05).mean():.1%}")
print("at each mode:", np.bincount(distances.argmin(axis=1), minlength=8))

# %%
figure, axes = plt.subplots(
    1, 2, figsize=(8, 4), sharex=True, sharey=True, layout="constrained"
)
for ax, rows, title in zip(
    axes, (X[:2000], synthetic), ("real", "synthetic"), strict=True
):
    ax.scatter(*rows.T, s=2, color="#0072B2" if title == "real" else "#D55E00")
    ax.set(title=title, aspect="equal")
plt.show()

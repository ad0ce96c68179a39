"""
Copies that no plot shows
=========================

Three sets of synthetic tumours. One of them is planted: training rows with a little
noise. It looks better than either of the others, and by how far its rows are from the
training rows, beside rows that nobody has trained on, it gives itself away.
"""

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from skgan import GANSampler
from skgan.metrics import CopyingWarning, diagnose, energy_distance

X = StandardScaler().fit_transform(load_breast_cancer().data[:, :10])
train, held_out = train_test_split(X, test_size=0.5, random_state=0)

rng = np.random.default_rng(0)
drawn = {
    "GANSampler": GANSampler(prior="normal", random_state=0).fit(train).sample(284),
    "GaussianMixture": GaussianMixture(2, random_state=0).fit(train).sample(284)[0],
    "planted copies": train + rng.normal(scale=0.05, size=train.shape),
}

# %%
# `diagnose` looks for copies, and warns where it finds them.
diagnoses = {}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", CopyingWarning)
    for name, rows in drawn.items():
        diagnoses[name] = diagnose(held_out, rows, train, random_state=0)
        distance = energy_distance(held_out, rows)
        closer = diagnoses[name].dcr_share
        print(
            f"{name}: energy distance {distance:.3f}; closer to a training row than to "
            f"one held out: {closer.value:.0%}, {closer.verdict}"
        )

# %%
print(diagnoses["planted copies"])

# %%
# How far rows are from the nearest training row. Rows held out say how far is normal.
nearest = NearestNeighbors(n_neighbors=1).fit(train)
figure, ax = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
bins = np.linspace(0, 4, 50)
reference = nearest.kneighbors(held_out)[0][:, 0]
ax.hist(reference, bins, color="0.75", label="real rows, held out")
colors = ("#D55E00", "#009E73", "#0072B2")
for (name, rows), color in zip(drawn.items(), colors, strict=True):
    distances = nearest.kneighbors(rows)[0][:, 0]
    ax.hist(distances, bins, color=color, label=name, histtype="step", linewidth=2)
ax.set(xlabel="distance to the nearest training row", ylabel="rows", ylim=(0, 60))
ax.legend(frameon=False)
plt.show()

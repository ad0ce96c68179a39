"""
What SMOTE draws, and what a GAN draws
======================================

SMOTE puts a new row on the line between two neighbours. In many columns that is nearer
the middle than either of them, and the new rows fill a smaller ball than the class
does. :class:`~skgan.imblearn.GANOverSampler` draws from what it has learnt of the
class.
"""

# %%
# A rare class of a hundred rows in ten correlated columns; the truth is known, so that
# any number of fresh rows can be drawn to compare with.
import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import SMOTE

from skgan.imblearn import GANOverSampler
from skgan.metrics import c2st

rng = np.random.default_rng(0)
mixing = rng.normal(size=(10, 10)) / 3 + np.eye(10)
common = rng.normal(size=(1000, 10))
rare = 2 + rng.normal(size=(100, 10)) @ mixing
fresh = 2 + rng.normal(size=(900, 10)) @ mixing
X, y = np.vstack([common, rare]), np.repeat(["common", "rare"], [1000, 100])

# %%
# Both fill the class up to the size of the other; their rows come last.
samplers = {
    "SMOTE": SMOTE(random_state=0),
    "GANOverSampler": GANOverSampler(random_state=0),
}
drawn = {name: s.fit_resample(X, y)[0][len(X) :] for name, s in samplers.items()}
for name, rows in drawn.items():
    told = c2st(fresh, rows, random_state=0)
    print(f"{name}: {len(rows)} rows, C2ST {told:.2f}")

# %%
# How far rows are from the middle of their class, in units of its own spread. SMOTE's
# are too near. The others are spread nearly as the class is, but are a little too far,
# with a tail that is too long: a hundred rows do not say where it ends.
figure, ax = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
bins = np.linspace(0, 6.5, 40)
unmix = np.linalg.inv(mixing)
for (name, rows), color in zip(drawn.items(), ("#009E73", "#D55E00"), strict=True):
    radius = np.linalg.norm((rows - 2) @ unmix, axis=1)
    ax.hist(radius, bins, color=color, label=name, histtype="step", linewidth=2)
radius = np.linalg.norm((fresh - 2) @ unmix, axis=1)
ax.hist(radius, bins, color="#0072B2", alpha=0.35, label="fresh rows of the class")
ax.set(xlabel="distance from the middle of the class", ylabel="rows", yticks=[])
ax.legend(loc="upper left", frameon=False)
plt.show()
